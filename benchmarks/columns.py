"""Whole partitions from raw activities: ours by columns, a hand-written NumPy kernel, DuckDB, Polars, durable_rules.

Peers are written by hand for these very rules; scores and stages are checked equal before a line is printed.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute

from benchmarks.leads import AT, DAY, FLAGS, MICROS, STAGES, Rules, book_of, leads, rules
from benchmarks.work import Result, show, timed
from leadline.batch.columns import Columns
from leadline.rules.deciding import Engine

Answer = tuple[Any, Any, Any]
"""Fit, interest and stage (as a number) of everybody."""
PART = 1 << 16
FEW = 500
"""So many people are enough for what decides one after the other."""


def run(count: int, seed: int) -> None:
    """Evaluate ``count`` leads in every way that is installed; print ratios to ours."""
    chosen = rules(seed)
    people, activities = leads(count, seed)
    columns = Columns(book_of(chosen))
    plain, full = frozenset[str](), frozenset({"bounds", "why", "next_change"})
    ours(columns, people.slice(0, 100), None, plain)
    seconds, answer = best(lambda: ours(columns, people, activities, plain))
    rows = [("columns (ours): scores, grades, stage", seconds, count)]
    for wanted, told in ((full, "with bounds, why and next change"), (plain | {"decision_id"}, "with decision ids")):
        seconds, _ = best(lambda wanted=wanted: ours(columns, people, activities, wanted))  # type: ignore[misc]
        rows.append((f"columns (ours) {told}", seconds, count))
    for name, peer in (("NumPy by hand", numpy_kernel), ("DuckDB SQL by hand", duckdb_sql)):
        try:
            seconds, theirs = best(lambda peer=peer: peer(chosen, people, activities))  # type: ignore[misc]
        except ImportError as error:
            print(f"  {name}: left out, {error.name} is not installed (pip install -e '.[bench]')")
            continue
        assert all(np.array_equal(one, other) for one, other in zip(answer, theirs, strict=True)), name
        rows.append((name, seconds, count))
    seconds, theirs = timed(lambda: durable_as_documented(chosen, people, activities))
    assert all(np.array_equal(one[: theirs[0].size], other) for one, other in zip(answer, theirs, strict=True))
    rows.append(("durable_rules as its documentation shows", seconds, theirs[0].size))
    rows.append(("one person after the other (ours)", *one_by_one(columns.engine, columns, people, activities)))
    show(f"leads from raw activities, 40 criteria and 6 stages ({count:,} people, seed {seed})", "leads", rows)
    workers(count, seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"  peak memory of this process, all tables and peers in it: {peak / 1024:,.0f} MB\n")


def ours(columns: Columns, people: Any, activities: Any, wanted: frozenset[str]) -> Answer:
    """Evaluate partition by partition; the activities stand in order of person."""
    found = []
    person = None if activities is None else activities["person_id"].to_numpy()
    for low in range(0, people.num_rows, PART):
        own = people.slice(low, PART)
        part = None
        if person is not None:
            start, end = np.searchsorted(person, (low, low + PART))
            part = activities.slice(start, end - start)
        found.append(columns.evaluate(None, own, part, None, AT, wanted).table)
    return _answer(pyarrow.concat_tables(found))


def _answer(table: Any) -> Answer:
    stage = pyarrow.compute.index_in(table["stage"], value_set=pyarrow.array(STAGES)).to_numpy()
    scores = [table[name].cast(pyarrow.int64()).to_numpy() for name in ("fit", "interest")]
    return scores[0], scores[1], stage


def numpy_kernel(chosen: Rules, people: Any, activities: Any) -> Answer:
    """Do the same with tables of points by code and counts by person; the lowest fit decides, as in the rule book."""
    found = []
    person = activities["person_id"].to_numpy()
    for low in range(0, people.num_rows, PART):
        start, end = np.searchsorted(person, (low, low + PART))
        found.append(_numpy_part(chosen, people.slice(low, PART), activities.slice(start, end - start), low))
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))  # type: ignore[return-value]


def _numpy_part(chosen: Rules, people: Any, activities: Any, low: int) -> Answer:
    count = people.num_rows
    fit, lowest = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for field in dict.fromkeys(one.field for one in chosen.attributes):
        column = people[field].combine_chunks()
        codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        names = column.dictionary.to_pylist()
        points = np.zeros(len(names) + 1, np.int64)
        least = np.zeros(len(names) + 1, np.int64)
        for one in (one for one in chosen.attributes if one.field == field):
            given = [one.points if name in one.values else 0 for name in names]
            points += [*given, 0]
            least += [*given, min(0, one.points)]
        fit += points[codes]
        lowest += least[codes]
    for edge in chosen.edges:
        given = np.where(people[edge.field].fill_null(-1).to_numpy() >= edge.edge, edge.points, 0)
        fit += given
        lowest += given
    interest = np.zeros(count, np.int64)
    person = activities["person_id"].to_numpy() - low
    at = activities["at"].cast(pyarrow.int64()).to_numpy()
    coded = activities["activity"].combine_chunks()
    kinds, names = coded.indices.to_numpy(), coded.dictionary.to_pylist()
    for activity in dict.fromkeys(one.activity for one in chosen.counted):
        rows = np.flatnonzero(kinds == names.index(activity))
        whose, when = person[rows], at[rows]
        for line in (line for line in chosen.counted if line.activity == activity):
            number = np.bincount(whose[when > MICROS - line.days * DAY], minlength=count)
            interest += np.minimum(number, line.most) * line.points
    for score in (fit, lowest, interest):
        np.clip(score, 0, 100, out=score)
    said = {name: people[name].fill_null(False).to_numpy() for name in FLAGS}
    stage = np.zeros(count, np.int32)
    stage[interest >= 20] = 1
    stage[(lowest >= 20) & (interest >= 30)] = 2
    stage[(lowest >= 30) & (interest >= 30) & said["authority"]] = 3
    ready = (lowest >= 40) & said["authority"] & said["need"]
    stage[ready] = 4
    stage[ready & said["budget"]] = 5
    return fit, interest, stage


def duckdb_sql(chosen: Rules, people: Any, activities: Any) -> Answer:
    """Do the same in one statement on one thread."""
    import duckdb

    def attribute(least: bool) -> str:
        parts = []
        for one in chosen.attributes:
            names = ", ".join(f"'{value}'" for value in one.values)
            missing = min(0, one.points) if least else 0
            parts.append(
                f"case when {one.field} in ({names}) then {one.points}"
                f" when {one.field} is null then {missing} else 0 end"
            )
        parts += [f"case when {one.field} >= {one.edge} then {one.points} else 0 end" for one in chosen.edges]
        return f"greatest(0, least(100, {' + '.join(parts)}))"

    counts = ", ".join(
        f"least({line.most}, count(*) filter (where activity = '{line.activity}'"
        f" and moment > {MICROS - line.days * DAY})) * {line.points} as c{number}"
        for number, line in enumerate(chosen.counted)
    )
    total = " + ".join(f"coalesce(c{number}, 0)" for number in range(len(chosen.counted)))
    happened = activities.set_column(2, "moment", activities["at"].cast(pyarrow.int64()))
    connection = duckdb.connect(config={"threads": 1})
    connection.register("people", people)
    connection.register("happened", happened)
    table = connection.sql(f"""
        with summed as (select person_id, {counts} from happened group by person_id),
        scored as (select person_id, {attribute(False)} as fit, {attribute(True)} as lowest,
                          least(100, {total}) as interest, authority, need, budget
                   from people left join summed using (person_id))
        select fit, interest, case
            when lowest >= 40 and authority and need and budget then 5 when lowest >= 40 and authority and need then 4
            when lowest >= 30 and interest >= 30 and authority then 3 when lowest >= 20 and interest >= 30 then 2
            when interest >= 20 then 1 else 0 end as stage
        from scored order by person_id""").fetchnumpy()
    return table["fit"], table["interest"], table["stage"]


def durable_as_documented(chosen: Rules, people: Any, activities: Any) -> Answer:
    """Let each criterion be a rule of one ruleset, and each lead a session; features are made before."""
    from durable import engine as durable_engine
    from durable import lang

    given = min(FEW, people.num_rows)
    facts = _features(chosen, people.slice(0, given), activities)
    scores: dict[str, dict[str, int]] = {}

    def giving(score: str, points: int) -> Callable[[Any], None]:
        def action(context: Any) -> None:
            scores[context.m.sid][score] += points

        return action

    with lang.ruleset("leads"):
        for number, one in enumerate(chosen.attributes):
            test = getattr(lang.m, f"a{number}") == 1
            lang.when_all(test)(giving("fit", one.points))
            if one.points < 0:
                lang.when_all(getattr(lang.m, f"a{number}") == 2)(giving("open", one.points))
        for number, edge in enumerate(chosen.edges):
            lang.when_all(getattr(lang.m, f"e{number}") == 1)(giving("fit", edge.points))
        for number, line in enumerate(chosen.counted):
            for times in range(1, line.most + 1):
                lang.when_all(getattr(lang.m, f"c{number}") >= times)(giving("interest", line.points))
    stages = []
    for fact in facts:
        scores[fact["sid"]] = {"fit": 0, "open": 0, "interest": 0}
        with suppress(durable_engine.MessageNotHandledException):  # nothing gives this lead points
            lang.assert_fact("leads", fact)
        found = scores[fact["sid"]]
        sums = (found["fit"], found["fit"] + found["open"], found["interest"])
        fit, lowest, interest = (max(0, min(100, value)) for value in sums)
        found |= {"fit": fit, "interest": interest}
        entered = (
            interest >= 20, lowest >= 20 and interest >= 30, lowest >= 30 and interest >= 30 and fact["authority"],
            lowest >= 40 and fact["authority"] and fact["need"],
            lowest >= 40 and fact["authority"] and fact["need"] and fact["budget"],
        )  # fmt: skip
        stages.append(max((number for number, holds in enumerate(entered, 1) if holds), default=0))
    told = list(scores.values())
    return np.array([one["fit"] for one in told]), np.array([one["interest"] for one in told]), np.array(stages)


def _features(chosen: Rules, people: Any, activities: Any) -> list[dict[str, Any]]:
    rows = people.to_pylist()
    end = int(np.searchsorted(activities["person_id"].to_numpy(), len(rows)))
    happened = activities.slice(0, end).to_pylist()
    facts = []
    for row in rows:
        fact: dict[str, Any] = {"sid": str(row["person_id"])} | {name: bool(row[name]) for name in FLAGS}
        for number, one in enumerate(chosen.attributes):
            fact[f"a{number}"] = 2 if row[one.field] is None else int(row[one.field] in one.values)
        for number, edge in enumerate(chosen.edges):
            fact[f"e{number}"] = int((row[edge.field] or 0) >= edge.edge)
        facts.append(fact | {f"c{number}": 0 for number in range(len(chosen.counted))})
    for one in happened:
        age = (AT - one["at"]).total_seconds() / 86_400
        for number, line in enumerate(chosen.counted):
            facts[one["person_id"]][f"c{number}"] += line.activity == one["activity"] and age < line.days
    return facts


def one_by_one(engine: Engine, columns: Columns, people: Any, activities: Any) -> tuple[float, int]:
    """Settle some people with the one-person evaluator; the next change is part of its answer."""
    from leadline.batch.columns.given import Given

    few = min(FEW, people.num_rows)
    given = Given(columns.book, None, people.slice(0, few), activities.slice(0, few * 12), None, AT)
    facts = [given.facts(person) for person in range(few)]
    seconds, _ = timed(lambda: [engine.begin(str(number), known, AT) for number, known in enumerate(facts)])
    return seconds, few


def best(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return the least CPU seconds of three runs, and what the work gave: the first run also finds its memory."""
    runs = [timed(work) for _ in range(3)]
    return min(seconds for seconds, _ in runs), runs[-1][1]


def workers(count: int, seed: int) -> None:
    """Print what a second process gains: the same work in one alone, and in two at once."""
    part = (min(count, 4 * PART), seed)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        alone = min(next(pool.map(_timed_part, [part])) for _ in range(3))
        both = min(max(pool.map(_timed_part, [part] * 2)) for _ in range(3))
    print(f"  two processes over one: {2 * alone / both:.2f}x (wall clock of the work alone; needs two idle cores)")


_made: dict[tuple[int, int], tuple[Columns, Any, Any]] = {}


def _timed_part(part: tuple[int, int]) -> float:
    if part not in _made:
        _made[part] = Columns(book_of(rules(part[1]))), *leads(*part)
    start = time.perf_counter()
    ours(*_made[part], frozenset())
    return time.perf_counter() - start
