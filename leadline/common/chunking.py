"""Splitting what is many into parts: by a vendor's limits, a database's, or what memory should hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunks(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield ``items`` in order, ``size`` at a time; nothing when there are none. Few are in memory at a time."""
    rest = iter(items)
    while part := tuple(islice(rest, size)):
        yield part


def chunk_count(items: int, size: int) -> int:
    """Return how many chunks of ``size`` hold so many items."""
    return -(-items // size)
