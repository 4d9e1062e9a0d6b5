"""What is different between the transitions of two books, whatever positions they stand in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from leadline.common.marks import Mark
from leadline.rules.diffing.parts import changes
from leadline.rules.diffing.spelling import spelled
from leadline.rules.model import Transition
from leadline.rules.reading.hashing import meaning

Pairs = list[tuple[Transition, Transition]]


def path_changes(old: Sequence[Transition], new: Sequence[Transition]) -> Iterator[tuple[str, Mark]]:
    """Yield (sentence, place) for paths that are new, gone, different, or tried in another order."""
    pairs, gone, fresh = _paired(old, new)
    for path in gone:
        yield f"{_title(path)} is gone", path.mark
    for before, after in pairs:
        for text in changes(_title(after), dataclasses.replace(before, id=after.id), after):
            yield text, after.mark
    for path in fresh:
        yield f"{_title(path)} is new{_asked(path)}", path.mark
    yield from _order(pairs, old, new)


def _paired(old: Sequence[Transition], new: Sequence[Transition]) -> tuple[Pairs, list[Transition], list[Transition]]:
    """Pair paths of the same meaning first, then those between the same stages: with the same reason, then any."""
    gone, fresh = list(old), list(new)
    found: dict[int, Transition] = {}
    alike: tuple[Callable[[Transition], Any], ...] = (
        lambda path: repr(meaning(dataclasses.replace(path, id=""))),
        lambda path: (path.source, path.target, path.reason),
        lambda path: (path.source, path.target),
    )
    for key in alike:
        waiting: dict[Any, list[Transition]] = {}
        for path in gone:
            waiting.setdefault(key(path), []).append(path)
        for after in fresh:
            same = waiting.get(key(after))
            if same:
                found[id(after)] = same.pop(0)
        taken = {id(path) for path in found.values()}
        gone = [path for path in gone if id(path) not in taken]
        fresh = [path for path in fresh if id(path) not in found]
    return [(found[id(path)], path) for path in new if id(path) in found], gone, fresh


def _order(pairs: Pairs, old: Sequence[Transition], new: Sequence[Transition]) -> Iterator[tuple[str, Mark]]:
    """Yield a sentence for each stage whose ways out are tried in another order: the first that is true wins."""
    position = {id(path): number for number, path in enumerate(old)}
    for source in dict.fromkeys(path.source for path in new):
        mine = [(before, after) for before, after in pairs if after.source == source]
        places = [position[id(before)] for before, _ in mine]
        if places != sorted(places):
            order = ", ".join(_target(after) for _, after in mine)
            yield f"paths from {source} are tried in another order: {order}", mine[0][1].mark


def _title(path: Transition) -> str:
    return f"path {path.source} -> {_target(path)}"


def _target(path: Transition) -> str:
    return path.target + (f" ({path.reason})" if path.reason else "")


def _asked(path: Transition) -> str:
    parts = [
        f"{item.name.replace('_', ' ')} {spelled(given)}"
        for item in dataclasses.fields(path)
        if item.name not in {"id", "source", "target", "reason", "mark"}
        and (given := getattr(path, item.name)) is not None
    ]
    return f": {'; '.join(parts)}" if parts else ""
