"""Partitions in processes of this machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from leadline.batch.partitions.task import Asked, Done, Task


class Processes:
    """A ``Runner`` with so many processes; with one, this one works itself. Use as a context."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def run(self, task: Task, asked: Sequence[Asked]) -> Iterable[Done]:
        """See ``Runner``."""
        if self._workers <= 1 or len(asked) <= 1:
            return map(task, asked)
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._workers, mp_context=get_context("spawn"))
        return self._pool.map(task, asked)

    def folder(self) -> Path | None:
        """See ``Runner``."""
        return None
