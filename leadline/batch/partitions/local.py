"""Partitions in processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from leadline.batch.partitions.task import Asked, Done, Task, prepare
from leadline.batch.processes import processes
from leadline.batch.tables import Table
from leadline.rules.model import Book

_LARGE: Final = 1 << 22
"""Bytes of a file of so many people that they make more than one partition, as far as a guess goes."""
_PIECES: Final = 5
"""So many pieces each process reads, about, so that none waits long for the last one."""

Item = TypeVar("Item")
Result = TypeVar("Result")


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

    def begin(self, book: Book, people: Table) -> None:
        """Start the processes, and compile the book in each while this one still reads; not for a small file."""
        if self._workers > 1 and sum(path.stat().st_size for path in people.files) > _LARGE:
            for _ in range(self._workers):
                self._started().submit(prepare, book)

    def run(self, task: Task, asked: Sequence[Asked]) -> Iterable[Done]:
        """See ``Runner``."""
        return self.map(task, asked)

    @property
    def pieces(self) -> int:
        """See ``Readers``."""
        return 1 if self._pool is None else _PIECES * self._workers

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """See ``Readers``."""
        if self._workers <= 1 or (len(items) <= 1 and self._pool is None):
            return map(work, items)
        return self._started().map(work, items)

    def folder(self) -> Path | None:
        """See ``Runner``."""
        return None

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = processes(self._workers)
        return self._pool
