"""Work on many people in parts, in one process or in several; the order of the parts is the order of the results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Final, TypeVar

from leadline.batch.processes import processes
from leadline.history.people import HistorySource

PART: Final = 500
"""People whose facts are in memory at a time, in each process."""

Result = TypeVar("Result")


def in_parts(
    source: HistorySource, task: Callable[[HistorySource], Result], workers: int = 1, size: int = PART
) -> Iterator[tuple[int, Result]]:
    """Yield (people, what ``task`` gave) for each part of ``source``, in the order of ``source.parts``.

    With several workers ``task`` runs in fresh processes, so it must be picklable (a dataclass with ``__call__``);
    at most two parts a worker wait in memory.
    """
    if workers <= 1 or source.count <= size:
        for part in source.parts(size):
            yield part.count, task(part)
        return
    with processes(workers) as pool:
        waiting: list[tuple[int, Future[Result]]] = []
        try:
            for part in source.parts(size):
                waiting.append((part.count, pool.submit(task, part)))
                if len(waiting) > 2 * workers:
                    count, future = waiting.pop(0)
                    yield count, future.result()
            for count, future in waiting:
                yield count, future.result()
        finally:
            pool.shutdown(cancel_futures=True)
