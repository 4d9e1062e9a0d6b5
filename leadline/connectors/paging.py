"""Keeping pages in order when some rows come from elsewhere (deletes, changed links, other forms)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, TypeVar

from leadline.common.chunking import chunks

T = TypeVar("T")


def chunks_together(items: Sequence[T], size: int, of: Callable[[T], str]) -> Iterator[tuple[T, ...]]:
    """Yield ``items`` in order, ``size`` at a time at most; neighbours with the same text ``of`` are not parted.

    Those without one stand alone; those of which there are more than ``size`` are parted after all.
    """
    batch: list[T] = []
    for name, group in groupby(items, key=of):
        for part in ([item] for item in group) if not name else [list(group)]:
            if batch and len(batch) + len(part) > size:
                yield tuple(batch)
                batch = []
            batch += part
            while len(batch) > size:
                yield tuple(batch[:size])
                batch = batch[size:]
    if batch:
        yield tuple(batch)


def halves(items: Sequence[T]) -> Sequence[Sequence[T]]:
    """Return the items in two parts, or one item as the only part."""
    middle = len(items) // 2
    return (items[:middle], items[middle:]) if middle else (items,)


def parted(items: Sequence[T], like: Callable[[T], Hashable]) -> Sequence[Sequence[T]]:
    """Return the items parted by what they are like, in order of the first of each; nothing is in no part."""
    parts: dict[Hashable, list[T]] = {}
    for item in items:
        parts.setdefault(like(item), []).append(item)
    return tuple(parts.values())


def weave(
    pages: Iterable[tuple[T, ...]], extras: Iterable[T], key: Callable[[T], Any], size: int
) -> Iterator[tuple[T, ...]]:
    """Yield ``pages`` (in order of ``key``) with ``extras`` (in any order) put where they belong; none is empty.

    Extras beyond the last page follow, ``size`` at a time.
    """
    waiting = sorted(extras, key=key)
    start = 0
    for page in pages:
        if not page:
            continue
        edge, end = key(page[-1]), start
        while end < len(waiting) and key(waiting[end]) <= edge:
            end += 1
        yield tuple(sorted((*page, *waiting[start:end]), key=key)) if end > start else page
        start = end
    yield from chunks(waiting[start:], size)
