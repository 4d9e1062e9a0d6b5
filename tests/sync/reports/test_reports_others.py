"""Velocity, sources, recycling, rejections and the lifecycle, over lives made for it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from leadline.common.errors import UsageError
from leadline.rules.model import Book
from leadline.rules.model.lifecycle import Stage, Transition
from leadline.sync.reports.flow import flow_of
from leadline.sync.reports.lives import source_field
from leadline.sync.reports.recycle import recycle_of
from leadline.sync.reports.rejections import rejections_of
from leadline.sync.reports.sources import sources_of
from leadline.sync.reports.velocity import velocity_of
from tests.sync.reports.living import PATH, STAGES, basis, day, life, turn

DAY = timedelta(days=1)


def test_who_is_on_the_way_makes_velocity_slower() -> None:
    """Arrivals after 2 and 4 days; two who have waited for 50 days and one who left count, too."""
    people = [
        life("a", "mql", 3, entered={"inquiry": 1, "mql": 3}),
        life("b", "mql", 12, entered={"inquiry": 8, "mql": 12}),
        life("c", "inquiry", 10, entered={"inquiry": 10}),
        life("d", "inquiry", 10, entered={"inquiry": 10}),
        life("e", "disqualified", 9, entered={"inquiry": 1, "disqualified": 9}),
        life("f", "customer", 9, entered={"inquiry": 1, "mql": 9, "customer": 9}, implied=("mql",)),
        life("g", "mql", 9, entered={"inquiry": 0, "mql": 9}),
    ]
    step = velocity_of(basis(), people).steps[0]
    found = step.arrival
    assert (found.count, found.arrived, found.otherwise, found.open) == (5, 2, 1, 2)
    assert (found.lower, found.median, found.upper) == (2 * DAY, 2 * DAY, 4 * DAY)
    assert found.expected == pytest.approx(0.4)
    assert [(week.week.isoformat(), week.arrival.count) for week in step.weeks] == [
        ("2026-03-02", 2),
        ("2026-03-09", 3),
    ]


def test_a_pass_that_began_anew_has_left() -> None:
    """Recycled and back: the first pass left after 4 days, the second one is on the way."""
    moves = (turn(5, "mql", "recycled", since=1), turn(9, "recycled", "mql", since=5))
    step = velocity_of(basis(19), [life("a", "mql", 9, *moves, entered={"mql": 1})]).steps[1]
    assert (step.arrival.otherwise, step.arrival.open) == (1, 1)


def test_reaching_a_stage_is_reaching_those_before_it() -> None:
    """Of thirty people of the web one in three got as far as sal; one is few."""
    people = [
        life(str(n), "sal", 3, entered={"sal" if n % 3 == 0 else "inquiry": 3}, source="Web") for n in range(30)
    ]
    found = sources_of(basis(), "source", [*people, life("x", "inquiry", 1, entered={"inquiry": 1})])
    web, unknown = found.lines
    assert (web.source, web.few, unknown.source, unknown.few) == ("Web", False, "(unknown)", True)
    assert [web.reached[stage].part for stage in PATH] == [30, 10, 10, 0]
    assert web.reached["sal"].share == Decimal("0.3333")
    assert found.everybody.reached["sal"].whole == 31


def test_who_came_back_and_what_became_of_them() -> None:
    """One came back after 4 days and got to sal, one went away again, one is still away, one was away before."""
    people = [
        life("a", "sal", 12, turn(5, "mql", "recycled", "cooled", since=1),
             turn(9, "recycled", "mql", since=5), turn(12, "mql", "sal", since=9)),
        life("b", "recycled", 15, turn(5, "mql", "recycled", "cooled", since=1),
             turn(11, "recycled", "mql", since=5), turn(15, "mql", "recycled", "rejected", since=11)),
        life("c", "mql", 9, turn(9, "recycled", "mql", since=-5)),
        life("d", "disqualified", 9, turn(6, "sal", "recycled", by="human"),
             turn(9, "recycled", "disqualified", since=6)),
    ]  # fmt: skip
    found = recycle_of(basis(), people)
    recycled, disqualified = found.stages
    assert (recycled.stage, recycled.arrival.count, recycled.arrival.arrived) == ("recycled", 4, 2)
    assert (recycled.arrival.otherwise, recycled.arrival.open, recycled.arrival.lower) == (1, 1, 4 * DAY)
    assert (disqualified.stage, disqualified.arrival.open) == ("disqualified", 1)
    assert [(line.reason, line.arrival.count) for line in found.reasons if line.stage == "recycled"] == [
        ("cooled", 2), ("by hand", 1), ("rejected", 1),
    ]  # fmt: skip
    assert [(line.stage, line.returns, line.furthest, line.away) for line in found.returned] == [
        ("recycled", 2, {"mql": 1, "sal": 1}, 1)
    ]
    assert (found.times, found.before) == ({1: 2}, 1)


def test_reasons_of_rejections_by_everything() -> None:
    """Each rejection is counted by stage, team, owner of that instant, source and grade; the share is of stays."""
    people = [
        life("a", "recycled", 5, turn(5, "mql", "recycled", "cooled", since=1), entered={"mql": 1}, source="Web"),
        life("b", "disqualified", 7, turn(7, "mql", "disqualified", "competitor", since=1, band="D4"),
             entered={"mql": 1}),
        life("c", "sal", 7, turn(7, "mql", "sal", since=1), entered={"mql": 1}),
        life("adopted", "sal", 0, entered={"mql": -9, "sal": -1}),
    ]  # fmt: skip
    owned = [(one, lambda at: "Ada" if at < day(6) else "Bo") for one in people]
    found = rejections_of(basis(), {"mql": "marketing"}, owned)
    lines = {(line.by, line.key): line for line in found.lines}
    assert (found.count, found.people, found.reasons) == (2, 2, {"cooled": 1, "competitor": 1})
    assert {key for by, key in lines if by == "owner"} == {"Ada", "Bo"}
    assert {key for by, key in lines if by == "source"} == {"Web", "(unknown)"}
    assert {key for by, key in lines if by == "band"} == {"B2", "D4"}
    assert lines["team", "marketing"].count == 2
    share = lines["stage", "mql"].share
    assert share is not None
    assert (share.part, share.whole) == (2, 3)
    unsourced = rejections_of(basis(), {}, owned, with_source=False)
    assert not [line for line in unsourced.lines if line.by == "source"]


def test_the_graph_has_what_was_made_and_what_was_not() -> None:
    """Moves of the book with and without volume, and one by hand that the book does not list."""
    people = [
        life("a", "mql", 5, turn(3, "inquiry", "mql", since=1), turn(4, "mql", "recycled", "cooled", since=3),
             turn(5, "recycled", "mql", since=4)),
        life("b", "sal", 5, turn(5, "customer", "sal", by="human")),
    ]  # fmt: skip
    book = SimpleNamespace(
        stages={name: Stage(name, "inventory", "sales") for name in STAGES},
        transitions=(Transition("mql->recycled#2", "mql", "recycled"), Transition("x", "sal", "recycled")),
    )
    found = flow_of(basis(), cast(Book, book), people)
    edges = {(edge.source, edge.target): edge for edge in found.edges}
    assert edges["mql", "recycled"].reasons == {"cooled": 1}
    assert (edges["sal", "recycled"].moves, edges["sal", "recycled"].planned) == (0, True)
    assert (edges["customer", "sal"].moves, edges["customer", "sal"].planned) == (1, False)
    assert {node.stage: node.stock for node in found.nodes if node.stock} == {"mql": 1, "sal": 1}


def test_people_are_counted_by_a_field_of_the_book() -> None:
    """Without a field `source` nobody is, unless another one is named; one that is not there is told."""
    book: Any = SimpleNamespace(fields={"region": None})
    assert source_field(book, None) is None
    assert source_field(book, "region") == "region"
    with pytest.raises(UsageError, match="no field sorce; it has region"):
        source_field(book, "sorce")
