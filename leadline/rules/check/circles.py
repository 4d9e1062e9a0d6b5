"""Circles of moves that one and the same condition drives: at one instant they would go on for ever (design 4.4)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from leadline.common.errors import Problem
from leadline.common.marks import Mark
from leadline.rules.check.finding import error, leaves
from leadline.rules.check.reach import reach
from leadline.rules.model import (
    ActivityTest,
    All,
    Book,
    Condition,
    DealsTest,
    DealTest,
    FieldTest,
    PassTest,
    PreviousStage,
    SlaTest,
    StayTest,
    TimeInStage,
    WasIn,
)

_OF_THE_PLACE: Final = (
    StayTest,
    TimeInStage,
    PreviousStage,
    WasIn,
    PassTest,
    SlaTest,
    ActivityTest,
    DealTest,
    DealsTest,
)
"""What a move itself may answer otherwise: where the person is, for how long, in which pass."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One move that nothing delays or limits. ``when`` is None where its condition is always true."""

    source: str
    target: str
    when: Condition | None
    mark: Mark


def check_circles(book: Book) -> Iterator[Problem]:
    """Yield circles of moves whose conditions are one, or always true; two listed paths are told elsewhere."""
    ways = _ways(book)
    told: set[frozenset[str]] = set()
    for when in dict.fromkeys(way.when for way in ways):
        open_ways = [way for way in ways if way.when is None or way.when == when]
        for way in open_ways:
            back = _shortest(open_ways, way.target, way.source)
            if back is None:
                continue
            circle = [way.source, way.target, *back]
            listed = {(item.source, item.target) for item in book.transitions}
            pairs = set(pairwise(circle))
            if frozenset(circle) in told or (len(pairs) == 2 and pairs <= listed):
                continue
            told.add(frozenset(circle))
            names = " -> ".join(f"`{name}`" for name in circle)
            message = f"{names} go round on the same condition"
            yield error(way.mark, "endless", message, "give one of these moves `after`, or another condition")


def _ways(book: Book) -> list[_Way]:
    known = reach(book)
    found: list[_Way] = []

    def add(source: str, target: str, when: Condition | None, mark: Mark) -> None:
        leave = book.stages[source].exit if book.forward(source, target) else None
        whole = when if leave is None or when is None else All((when, leave))
        always = known.constant(whole, book.stages[source]) if whole is not None else False
        if always is True:
            found.append(_Way(source, target, None, mark))
        elif always is None and whole is not None and not _moves_with(book, whole):
            found.append(_Way(source, target, whole, mark))

    for item in book.transitions:
        if item.after is None and item.at_most is None and not book.stages[item.target].require:
            when = item.when if item.when is not None else book.stages[item.target].enter
            add(item.source, item.target, when, item.mark)
    for number, source in enumerate(book.main_path):
        for target in book.main_path[number + 1 :]:
            stage = book.stages[target]
            if not stage.require and target not in book.capacity:
                add(source, target, stage.enter, stage.mark)
    return found


def _moves_with(book: Book, condition: Condition) -> bool:
    """Tell whether the condition may be answered otherwise only because the person moved."""
    signals = {name for name, item in book.fields.items() if item.signal}
    return any(
        isinstance(leaf, _OF_THE_PLACE) or (isinstance(leaf, FieldTest) and leaf.field in signals)
        for leaf in leaves(condition)
    )


def _shortest(ways: Collection[_Way], start: str, end: str) -> list[str] | None:
    """Return the stages after ``start`` on the shortest way to ``end``."""
    before: dict[str, str | None] = {start: None}
    waiting = [start]
    while waiting and end not in before:
        stage = waiting.pop(0)
        for way in ways:
            if way.source == stage and way.target not in before:
                before[way.target] = stage
                waiting.append(way.target)
    if end not in before:
        return None
    found: list[str] = []
    step: str | None = end
    while step is not None and step != start:
        found.insert(0, step)
        step = before[step]
    return found
