"""What a book asks of its columns, and what it uses that columns do not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from leadline.batch.columns.arrays import span
from leadline.batch.columns.tally import Window
from leadline.rules.deciding import Engine
from leadline.rules.deciding.conditions import Node
from leadline.rules.fieldops import TEXT_OPS
from leadline.rules.model import ActivityTest, Book, Condition, DealsTest, DealTest, FieldTest, NoActivityFor


@dataclass(frozen=True, slots=True)
class Asks:
    """What the rules read of people. ``edges`` are the numbers that a field is compared with, in order.

    ``dated`` are the fields of which more than the value counts: signals and looked-up ones. ``first`` tells whether
    anything asks when a person's first fact was, ``windows`` what is only counted, ``fast``
    whether by compiled loops.
    """

    fields: frozenset[str]
    edges: Mapping[str, tuple[Decimal, ...]]
    dated: frozenset[str]
    deals: bool
    deals_one_by_one: bool
    local_days: bool
    first: bool
    windows: frozenset[Window]
    fast: bool | None


def unknown_features(book: Book) -> tuple[str, ...]:
    """Return what the book uses that only the one-person evaluator decides; nothing for most books."""
    found = []
    if book.accounts:
        found.append("account facts")
    if book.capacity:
        found.append("stages with a capacity")
    if any(field.table is not None and field.signal for field in book.fields.values()):
        found.append("signals that are looked up in a table")
    for score in book.scores.values():
        for line in score.criteria:
            if line.decay is not None and (line.counted or line.match in ("count", "distinct_days")):
                found.append("decay of what is counted")
    return tuple(dict.fromkeys(found))


def nodes_of(engine: Engine) -> Iterator[Node]:
    """Yield every compiled condition of a book, and the parts of each."""
    settling = engine.settling
    tops = [
        line.node for score in settling.scoring.scores.values() for line in score.criteria if line.node is not None
    ]
    for ways in settling.lifecycle.ways.values():
        for way in ways:
            tops += [node for node in (way.when, way.lift) if node is not None]
    tops += [stay for name in engine.book.stages if (stay := settling.lifecycle.stays.get(name)) is not None]
    while tops:
        node = tops.pop()
        yield node
        tops += node.parts


def asks_of(book: Book, engine: Engine, *, fast: bool | None) -> Asks:
    """Return what a book's compiled rules read."""
    nodes = list(nodes_of(engine))
    tests = [node.condition for node in nodes]
    read = {name for node in nodes for name in node.fields if name in book.fields}
    lines = [line for score in book.scores.values() for line in score.criteria]
    read |= {line.bands.field for line in lines if line.bands is not None and line.bands.field in book.fields}
    read |= {name for stage in book.stages.values() for name in stage.require if name in book.fields}
    by = {field.table.by for field in book.fields.values() if field.table is not None}
    while more := {table.by for name in read if (table := book.fields[name].table) is not None} - read:
        read |= more
    return Asks(
        frozenset(read),
        _edges(book, [test for test in tests if isinstance(test, FieldTest)], by),
        frozenset(name for name, field in book.fields.items() if field.signal or field.table is not None),
        any(isinstance(test, DealTest | DealsTest) for test in tests),
        any(isinstance(test, DealsTest) for test in tests),
        book.zone != "UTC"
        and (
            any(isinstance(test, ActivityTest) and test.days for test in tests)
            or any(line.match == "distinct_days" for line in lines)
        ),
        any(isinstance(test, NoActivityFor) for test in tests),
        frozenset(_windows(tests, engine)),
        fast,
    )


def _windows(tests: list[Condition], engine: Engine) -> Iterator[Window]:
    for test in tests:
        if isinstance(test, ActivityTest) and not test.days:
            yield test.activity, None if test.within is None else span(test.within)
    for score in engine.settling.scoring.scores.values():
        for line in score.criteria:
            one = line.criterion
            if one.activity is not None and line.ladder is None and one.match != "distinct_days":
                yield one.activity, None if one.within is None else span(one.within)


def _edges(book: Book, tests: list[FieldTest], by: set[str]) -> dict[str, tuple[Decimal, ...]]:
    """Return the numbers that each number field is compared with; not for one of which each value counts."""
    exact = {test.field for test in tests if test.currency is not None or test.op in TEXT_OPS} | by
    found: dict[str, set[Decimal]] = {
        name: set()
        for name, field in book.fields.items()
        if field.type in ("integer", "decimal", "money") and field.table is None and name not in exact
    }
    for test in tests:
        if test.field in found:
            found[test.field] |= {Decimal(item) for item in test.operands if isinstance(item, int | Decimal)}
    for score in book.scores.values():
        for line in score.criteria:
            if line.bands is not None and line.bands.field in found:
                ends = [end for band in line.bands.bands for end in (band.lowest, band.highest) if end is not None]
                found[line.bands.field] |= set(ends)
    return {name: tuple(sorted(edges)) for name, edges in found.items()}
