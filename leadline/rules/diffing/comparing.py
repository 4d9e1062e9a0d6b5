"""Two books side by side: what is new, gone or different, section by section, in the order of a rule book.

Comments, places, the order of what has no order and other spellings of the same make no difference.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from leadline.common.classnames import snake
from leadline.common.marks import Mark
from leadline.rules.diffing.calendars import calendar_changes
from leadline.rules.diffing.parts import changes
from leadline.rules.diffing.paths import path_changes
from leadline.rules.diffing.spelling import shortly, spelled
from leadline.rules.model import Book, Criterion, Score
from leadline.rules.reading.hashing import meaning


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference in words. ``mark`` is its place in the new book, or in the old one for what is gone."""

    section: str
    text: str
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


Found = Iterator[tuple[str, Mark]]


def differences(old: Book, new: Book) -> tuple[Difference, ...]:
    """Return what is different, in the order of the sections; nothing exactly where the hashes are equal."""
    found = [
        Difference(section, text, mark) for section, compare in _SECTIONS.items() for text, mark in compare(old, new)
    ]
    covered = _COVERED | {"hash"}
    for item in (item for item in dataclasses.fields(Book) if item.name not in covered):
        # What a later version of the language adds is told by its name.
        label = item.name.replace("_", " ")
        texts = changes(label, getattr(old, item.name), getattr(new, item.name))
        found += [Difference(item.name, text) for text in texts]
    if not found and old.hash != new.hash:
        found.append(Difference("paths", "paths: the same moves stand in other positions, so they have other ids"))
    return tuple(found)


def _plain(attribute: str, label: str) -> Callable[[Book, Book], Found]:
    def compare(old: Book, new: Book) -> Found:
        for text in changes(label, getattr(old, attribute), getattr(new, attribute)):
            yield text, _mark(getattr(new, attribute), getattr(old, attribute))

    return compare


def _named(attribute: str, kind: str) -> Callable[[Book, Book], Found]:
    def compare(old: Book, new: Book) -> Found:
        yield from _items(kind, getattr(old, attribute), getattr(new, attribute), _changed(kind))

    return compare


def _changed(kind: str) -> Callable[[str, Any, Any], Found]:
    def compare(name: str, before: Any, after: Any) -> Found:
        for text in changes(f"{kind} {name}", before, after):
            yield text, _mark(after, before)

    return compare


def _items(
    kind: str, old: Mapping[str, Any], new: Mapping[str, Any], changed: Callable[[str, Any, Any], Found]
) -> Found:
    """Compare named things: the same under another name is a rename, else new or gone."""
    gone = {name: item for name, item in old.items() if name not in new}
    fresh = {name: item for name, item in new.items() if name not in old}
    renamed: dict[str, str] = {}
    for name, item in fresh.items():
        before = next((was for was, other in gone.items() if _content(other) == _content(item)), None)
        if before is not None:
            renamed[name] = before
            del gone[before]
    for name, item in old.items():
        if name in gone:
            yield f"{kind} {name} is gone", _mark(item)
    for name, item in new.items():
        if name in renamed:
            yield f"{kind} {renamed[name]} is now called {name}", _mark(item)
        elif name in fresh:
            yield f"{kind} {name} is new: {_whole(item)}", _mark(item)
        else:
            yield from changed(name, old[name], item)


def _scores(old: Book, new: Book) -> Found:
    yield from _items("score", old.scores, new.scores, _score)
    before, after = _reasons(old), _reasons(new)
    if before != after and sorted(before) == sorted(after):
        yield f"reasons to disqualify are told in another order: {', '.join(after)}", Mark()


def _reasons(book: Book) -> list[str]:
    criteria = [criterion for score in book.scores.values() for criterion in score.criteria]
    return [criterion.disqualify for criterion in criteria if criterion.disqualify is not None]


def _score(name: str, before: Score, after: Score) -> Found:
    label = f"score {name}"
    one, other = ({item.name: item for item in score.criteria} for score in (before, after))
    for text, mark in _items("criterion", one, other, _criterion):
        yield f"{label}: {text}", mark
    for text in changes(label, dataclasses.replace(before, criteria=()), dataclasses.replace(after, criteria=())):
        yield text, after.mark


def _criterion(name: str, before: Criterion, after: Criterion) -> Found:
    label = f"criterion {name}"
    given = (before.points, after.points)
    forms = ((item.bands is None and not item.counted and item.disqualify is None) for item in (before, after))
    if before.points != after.points and all(forms):
        yield f"{label} gives {spelled(given[1])} instead of {spelled(given[0])} points", after.mark
        before = dataclasses.replace(before, points=after.points)
    for text in changes(label, before, after):
        yield text, after.mark


def _content(item: Any) -> Any:
    return meaning(dataclasses.replace(item, name="")) if hasattr(item, "name") else meaning(item)


def _whole(item: Any) -> str:
    """Spell a new thing without its name, which was said."""
    if isinstance(item, Score):
        return f"{len(item.criteria)} criteria"
    text = shortly(item)
    word = f"{{{snake(type(item).__name__)}: "
    return text.removeprefix(word).removesuffix("}") if text.startswith(word) else text


def _mark(*items: Any) -> Mark:
    return next((item.mark for item in items if getattr(item, "mark", None) is not None), Mark())


def _paths(old: Book, new: Book) -> Found:
    if old.main_path != new.main_path:
        before, after = (" -> ".join(book.main_path) for book in (old, new))
        yield f"main path is {after} instead of {before}", Mark()
    yield from path_changes(old.transitions, new.transitions)


_SECTIONS: Final[Mapping[str, Callable[[Book, Book], Found]]] = {
    "name": _plain("name", "name"),
    "zone": _plain("zone", "zone"),
    "language": _plain("language", "language"),
    "scope": _plain("scope", "scope"),
    "primary": _plain("primary", "primary"),
    "machines": _plain("machines", "machines"),
    "identity": _plain("identity", "identity"),
    "fields": _named("fields", "field"),
    "deals": _plain("deals", "deals"),
    "activities": _named("activities", "activity"),
    "accounts": _named("accounts", "account fact"),
    "scores": _scores,
    "grid": _plain("grid", "grid"),
    "temperature": _plain("temperatures", "temperature"),
    "stages": _named("stages", "stage"),
    "paths": _paths,
    "by_hand": _plain("by_hand", "by hand"),
    "on_enter": _named("on_enter", "on entering"),
    "capacity": _named("capacity", "capacity of"),
    "rotas": _named("rotas", "rota"),
    "calendars": lambda old, new: calendar_changes(old.calendars, new.calendars),
    "slas": _named("slas", "SLA"),
    "write": _plain("write", "write"),
    "publish": _plain("publish", "publish"),
    "guards": _plain("guards", "guards"),
}
_COVERED: Final = frozenset(
    {
        "temperatures",
        "main_path",
        "transitions",
        *(name for name in _SECTIONS if name not in {"temperature", "paths"}),
    }
)
