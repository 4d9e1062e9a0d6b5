"""The names that a book defines, gathered before anything is read that may refer to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from leadline.common.yamltree import Entry, MappingNode, Node, Scalar
from leadline.rules.model import Deals, Field
from leadline.rules.model.accounts import PREFIX
from leadline.rules.reading.lists import Lists
from leadline.rules.reading.report import Report

WORDS_OF_STAGES: Final = ("stay", "disqualified")
"""Conditions that are one bare word. A stage may be called ``disqualified``; the sketch does."""
WRITE_WORDS: Final = (
    *("stage", "grade", "temperature", "why", "entered", "pass", "previous", "due", "slas"),
    *("account", "on_conflict"),
)
"""Keys of a CRM under ``write`` that are not names of scores."""


@dataclass(frozen=True, slots=True)
class Names:
    """What rules may refer to. ``scores`` maps a score to its grades; ``cells`` are those of the grid.

    A field or score that could not be read is still a name here, so that one mistake gives one message.
    """

    fields: tuple[str, ...]
    activities: tuple[str, ...]
    scores: Mapping[str, tuple[str, ...]]
    stages: tuple[str, ...]
    temperatures: tuple[str, ...]
    cells: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    rotas: tuple[str, ...] = ()
    slas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What every reader of a section is given. ``fields`` are those read without a problem; ``deals`` are read."""

    report: Report
    lists: Lists
    names: Names
    fields: Mapping[str, Field]
    deals: Deals = dataclasses.field(default_factory=Deals)


def gather(report: Report, sections: Mapping[str, Entry], condition_words: Iterable[str]) -> Names:
    """Return the names defined in a book's sections; names that are words of the language are problems."""
    words = tuple(condition_words)
    scores = _named(sections, "scores")
    grades = {entry.name: _grades(entry.value) for entry in scores}
    _shadowing(report, "field", _named(sections, "fields"), (*words, *WORDS_OF_STAGES))
    _shadowing(report, "activity", _named(sections, "activities"), (*words, *WORDS_OF_STAGES))
    _shadowing(report, "score", scores, (*words, *WORDS_OF_STAGES, *WRITE_WORDS))
    _shadowing(report, "stage", _named(sections, "stages"), (*words, "stay"))
    fields = _keys(sections, "fields")
    for entry in (entry for entry in _named(sections, "accounts") if PREFIX + entry.name in fields):
        message = f"`{PREFIX}{entry.name}` is both a field and an account fact"
        report.add(entry.key.mark, message, "rename one of the two", "shadowing")
    for entry in scores:
        if entry.name in fields:
            message = f"`{entry.name}` is both a field and a score"
            report.add(entry.key.mark, message, "rename one of the two", "shadowing")
    return Names(
        fields=fields,
        activities=_keys(sections, "activities"),
        scores=grades,
        stages=_keys(sections, "stages"),
        temperatures=_keys(sections, "temperature"),
        cells=_cells(sections, grades),
        accounts=tuple(PREFIX + name for name in _keys(sections, "accounts")),
        rotas=_keys(sections, "rotas"),
        slas=_keys(sections, "slas"),
    )


def _named(sections: Mapping[str, Entry], section: str) -> tuple[Entry, ...]:
    node = sections[section].value if section in sections else None
    return node.entries if isinstance(node, MappingNode) else ()


def _keys(sections: Mapping[str, Entry], section: str) -> tuple[str, ...]:
    return tuple(entry.name for entry in _named(sections, section))


_ARTICLE: Final = {"activity": "an"}


def _shadowing(report: Report, kind: str, entries: Iterable[Entry], words: Iterable[str]) -> None:
    taken = frozenset(words)
    for entry in entries:
        if entry.name in taken:
            article = _ARTICLE.get(kind, "a")
            message = f"{article} {kind} cannot be called `{entry.name}`, which is a word of the rule language"
            report.add(entry.key.mark, message, f"rename it, such as `{entry.name} {kind}`", "shadowing")


def _grades(score: Node) -> tuple[str, ...]:
    grades = score.get("grades") if isinstance(score, MappingNode) else None
    return tuple(entry.name for entry in grades.entries) if isinstance(grades, MappingNode) else ()


def _cells(sections: Mapping[str, Entry], grades: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    node = sections["grid"].value if "grid" in sections else None
    if not isinstance(node, MappingNode):
        return ()
    rows, columns = node.get("rows"), node.get("columns")
    if not isinstance(rows, Scalar) or not isinstance(columns, Scalar):
        return ()
    return tuple(row + column for row in grades.get(rows.text, ()) for column in grades.get(columns.text, ()))
