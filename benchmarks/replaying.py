"""A year of everybody's lives: all at once by columns, beside one instant by columns and the one-person evaluator.

The one-person evaluator is asked in both ways: folded forward over its breakpoints, and anew from all facts at each.
Decisions are checked equal before a line is printed. The decisions are counted, not given ids.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow

from benchmarks.peers.ours import PLAIN, over
from benchmarks.targets import Target
from benchmarks.work import show, timed
from benchmarks.workload import AT, book_of, leads, rules
from leadline.batch.columns import Columns
from leadline.batch.columns.arrays import instant, micros
from leadline.history.columns import Lived, Steps, Told, Walker, by_columns
from leadline.history.living import OnePerson
from leadline.rules.state import Fact

YEAR = timedelta(days=365)
PART = 1 << 16
FEW = 200
"""So many people are enough for what lives one after the other."""


def run(count: int, seed: int) -> list[Target]:
    """Live ``count`` people with ten activities each through a year; print times beside one columnar evaluation."""
    book = book_of(rules(seed))
    people, activities = leads(count, seed)
    columns = Columns(book, fast=False)
    over(columns, people.slice(0, 100), None, PLAIN)
    at_once = min(timed(lambda: over(columns, people, activities, PLAIN))[0] for _ in range(3))
    one = OnePerson(book, identify=False)
    seconds, parts = min((timed(lambda: walked(one, people, activities)) for _ in range(3)), key=lambda run: run[0])
    rows = [("a year by columns (ours)", seconds, count), ("one instant by columns (ours)", at_once, count)]
    few = [facts_of(people, activities, number) for number in range(min(FEW, count))]
    folded, logs = timed(lambda: [fold(one, facts) for facts in few])
    assert [log for _, log in logs] == _log(one, parts[0], len(few))
    rows.append(("a year, one person after the other (ours)", folded, len(few)))
    instants = [list(_breakpoints(one, facts)) for facts in few]
    asked: Callable[[], object] = lambda: [  # noqa: E731
        one.engine.begin("p", [fact for fact in facts if fact.at <= at], at)
        for facts, turns in zip(few, instants, strict=True)
        for at in turns
    ]
    anew, _ = timed(asked)
    rows.append(("one person asked anew at each breakpoint (ours)", anew, len(few)))
    decided = sum(part.decided.size for part in parts)
    show(
        f"lives of a year ({count:,} people, {activities.num_rows:,} activities, {decided:,} decisions)",
        "lives",
        rows,
    )
    return [
        Target(f"replay of a year, {count:,} people, beside one instant", seconds / at_once, 40, at_most=True),
        Target("replay, against one person asked at each breakpoint", anew / len(few) / (seconds / count), 20),
    ]


def walked(one: OnePerson, people: Any, activities: Any) -> list[Lived]:
    """Walk everybody through the year, in parts; the activities stand in order of person."""
    walker, person = by_columns(one), activities["person_id"].to_numpy()
    assert walker is not None
    found = []
    for low in range(0, people.num_rows, PART):
        start, end = np.searchsorted(person, (low, low + PART))
        found.append(walker.walk(_told(walker, people.slice(low, PART), activities.slice(start, end - start), low)))
    return found


def facts_of(people: Any, activities: Any, number: int) -> tuple[Fact, ...]:
    """Return one person as facts: fields since a year ago, activities at their instants.

    Instants are in ``datetime.UTC``, as every reader of the product makes them: comparing them with Arrow's own zone
    is six times as slow.
    """
    born = AT - YEAR
    low, high = np.searchsorted(activities["person_id"].to_numpy(), (number, number + 1))
    own = activities.slice(low, high - low).to_pylist()
    fields = people.slice(number, 1).drop_columns(["person_id"]).to_pylist()[0]
    return (
        *(Fact("field", name, value, born, "files", "person", born) for name, value in fields.items()),
        *(Fact("activity", row["activity"], True, at, "files", f"a{place}", at)
          for place, row in enumerate(own) if (at := row["at"].astimezone(UTC))),
    )  # fmt: skip


def fold(one: OnePerson, facts: tuple[Fact, ...]) -> tuple[object, list[tuple[datetime, str]]]:
    """Live one person through the year; return also when what was decided, and the stage then."""
    begun = one.engine.begin("p", (), AT - YEAR - timedelta(microseconds=1))
    lived = one.engine.advance(begun.state, facts, AT)
    decisions = (*begun.decisions, *lived.decisions)
    return lived, [(made.at, made.after.stage) for made in decisions]


def _told(walker: Walker, people: Any, activities: Any, low: int) -> Told:
    born = np.full(people.num_rows, micros(AT - YEAR), np.int64)
    who = np.arange(people.num_rows)
    fields = {}
    for name in walker.engine.book.fields:
        column = people[name].combine_chunks()
        coded = column if pyarrow.types.is_dictionary(column.type) else column.dictionary_encode()
        values = [*coded.dictionary.to_pylist(), None]
        codes = coded.indices.fill_null(len(values) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
        fields[name] = Steps(values, who, born, codes)
    kinds = activities["activity"].combine_chunks()
    return Told(
        born,
        micros(AT),
        kinds.dictionary.to_pylist(),
        kinds.indices.to_numpy(),
        activities["person_id"].to_numpy() - low,
        activities["at"].cast(pyarrow.int64()).to_numpy(),
        fields,
    )


def _log(one: OnePerson, lived: Lived, count: int) -> list[list[tuple[datetime, str]]]:
    """Return when the first people were decided about, and the stage then."""
    names = list(one.book.stages)
    found: list[list[tuple[datetime, str]]] = [[] for _ in range(count)]
    ways = [one.engine.settling.lifecycle.ways[name] for name in names]
    moves = zip(lived.moved.tolist(), lived.source.tolist(), lived.way.tolist(), strict=True)
    target = {row: ways[source][way].target for row, source, way in moves}
    stage = one.book.start_stage
    last = -1
    for row in lived.decided[lived.rows.person[lived.decided] < count].tolist():
        person = int(lived.rows.person[row])
        stage = one.book.start_stage if person != last else stage
        last, stage = person, target.get(row, stage)
        found[person].append((instant(int(lived.rows.instants(np.array([row]))[0])), stage))
    return found


def _breakpoints(one: OnePerson, facts: tuple[Fact, ...]) -> list[datetime]:
    return [at for at, _ in fold(one, facts)[1]]
