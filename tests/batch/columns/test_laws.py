"""Bulk is single: columns give exactly what the one-person evaluator gives (design, section 4.1)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow
import pyarrow.ipc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.batch.columns import Columns
from leadline.batch.columns.result import WANTED
from leadline.rules.backends.oracle import Oracle
from leadline.rules.deciding import Engine
from leadline.rules.deciding.lifecycle import Lifecycle
from leadline.rules.model import ActivityTest, Book, GradeTest, Known, ScoreTest
from leadline.rules.state import Adopted, Fact
from tests.batch.columns.tables import tables_of
from tests.rules.deciding.books import day, said, where
from tests.rules.deciding.generated import HISTORIES, NAMED, books_with_slas, generated_books

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "40"))
"""LAW_EXAMPLES=2000 looks longer."""
LAW = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
ALL = WANTED | {"decision_id"}
TWICE = "coming to a stage twice at one instant"
ONE_BY_ONE = "conditions about deals one by one"
PEOPLE = st.lists(HISTORIES, min_size=2, max_size=6)
BEGUN = st.lists(
    st.builds(
        Adopted,
        st.sampled_from([None, "a", "b", "c", "x", "y"]),
        st.sampled_from([None, day(0), day(20), day(33)]),
        st.sampled_from([1, 1, 2]),
    ),
    max_size=6,
)

BEGINNINGS = [[], [Adopted("b", day(3), 1)] * 6, [Adopted("a", day(3), 1), Adopted("x", day(4), 2)]]


@st.composite
def plain_books(draw: st.DrawFn) -> Book:
    """Return a book without capacities, whose stages most people can reach."""
    book = draw(generated_books())
    easy = st.sampled_from(
        [where("employees", "at_least", 50), where("status", "in", "Accepted"), ActivityTest("webinar"),
         ScoreTest("one", "at_least", Decimal(5)), GradeTest(("A1", "B1", "A2")), Known("country")]
    )  # fmt: skip
    stages = {
        name: replace(stage, enter=draw(st.one_of(easy, st.just(stage.enter)))) for name, stage in book.stages.items()
    }
    return replace(book, capacity={}, stages=stages)


def state_of(begun: Sequence[Adopted]) -> Any:
    """Return where people begin as a table."""
    return pyarrow.table(
        {
            "person_id": pyarrow.array([f"p{number}" for number in range(len(begun))], pyarrow.string()),
            "stage": pyarrow.array([one.stage for one in begun], pyarrow.string()),
            "stage_since": pyarrow.array([one.since for one in begun], pyarrow.timestamp("us", "UTC")),
            "pass": pyarrow.array([one.pass_number for one in begun], pyarrow.int64()),
        }
    )


def single(engine: Engine, histories: Sequence[Sequence[Fact]], begun: Sequence[Adopted], t: float) -> list[Any]:
    """Return the rows that the one-person evaluator gives."""
    rows = []
    for number, history in enumerate(histories):
        adopted = begun[number] if number < len(begun) else None
        result = engine.begin(f"p{number}", history, day(t), adopted)
        outcome = result.state.outcome
        implied = {name for name, entered in outcome.entered.items() if entered.implied}
        row = {
            "person_id": f"p{number}", "stage": outcome.stage, "since": outcome.since, "pass": outcome.pass_number,
            "previous": outcome.previous, "grade": outcome.cell, "temperature": outcome.temperature,
            "disqualified": list(outcome.disqualified), "why": outcome.why, "next_change": result.next_change,
            "decision_id": result.decisions[-1].id,
            "implied": [name for name in engine.book.stages if name in implied],
        }  # fmt: skip
        for name, score in outcome.scores.items():
            row |= {name: score.value, f"{name}_lowest": score.lowest, f"{name}_highest": score.highest}
        row |= {f"{name}_grade": grade for name, grade in outcome.grades.items()}
        row |= {f"entered_{name}": None for name in engine.book.stages}
        row |= {f"entered_{name}": entered.at for name, entered in outcome.entered.items()}
        rows.append(row)
    return rows


def assert_same(book: Book, histories: Sequence[Sequence[Fact]], begun: Sequence[Adopted], t: float) -> None:
    """Check every column of every person."""
    oracle = Oracle(Lifecycle(book).rules)
    people, activities, changes = tables_of(histories)
    found = Columns(book, oracle).evaluate(state_of(begun), people, activities, changes, day(t), ALL)
    assert found.table.to_pylist() == single(Engine(book, oracle), histories, begun, t)


@LAW
@given(generated_books(), PEOPLE, BEGUN, st.integers(20, 140))
def test_bulk_is_single(book: Book, histories: list[list[Fact]], begun: list[Adopted], half: int) -> None:
    """Stage, dates, scores with bounds, grades, reasons, ids and the next change, on any book and history."""
    assert_same(book, histories, begun, half / 2)


CELLS = st.fixed_dictionaries({}, optional={name: values for name, values in NAMED.items() if name != "timeline"})
TYPES = {
    "employees": pyarrow.int64(), "authority": pyarrow.bool_(), "budget": pyarrow.bool_(),
    "amount": pyarrow.decimal128(10, 2), "topics": pyarrow.list_(pyarrow.string()), "timeline": pyarrow.date32(),
}  # fmt: skip


@LAW
@given(plain_books(), PEOPLE, st.lists(CELLS, min_size=6, max_size=6), BEGUN, st.integers(20, 140))
def test_bulk_is_single_where_all_are_columns(
    book: Book, histories: list[list[Fact]], cells: list[dict[str, Any]], begun: list[Adopted], half: int
) -> None:
    """The same where hardly anybody is decided one by one: cells of now, activities before and after, open deals."""
    t = half / 2
    plain = [
        [replace(fact, record=f"e{n}") if fact.kind == "activity" else fact for n, fact in enumerate(history)
         if fact.kind == "activity" or (fact.kind == "deal" and fact.at <= day(t))]
        for history in histories
    ]  # fmt: skip
    known = [cells[number] | {"timeline": date(2026, 2, 1 + number)} for number in range(len(plain))]
    people, activities, changes = tables_of(plain)
    for name in NAMED:
        column = [one.get(name) for one in known]
        people = people.append_column(name, pyarrow.array(column, TYPES.get(name, pyarrow.string())))
    told = [
        [*history, *(said(name, one.get(name), t, source="files", record="person") for name in NAMED)]
        for history, one in zip(plain, known, strict=True)
    ]
    oracle = Oracle(Lifecycle(book).rules)
    found = Columns(book, oracle).evaluate(state_of(begun), people, activities, changes, day(t), ALL)
    assert set(found.one_by_one) <= {TWICE, ONE_BY_ONE}
    assert found.table.to_pylist() == single(Engine(book, oracle), told, begun, t)


@settings(LAW, max_examples=max(15, EXAMPLES // 4))
@given(plain_books(), PEOPLE, st.lists(CELLS, min_size=6, max_size=6), st.sampled_from(BEGINNINGS))
def test_who_wants_less_is_told_the_same(
    book: Book, histories: list[list[Fact]], cells: list[dict[str, Any]], begun: list[Adopted]
) -> None:
    """Without reasons, dates and ids, where stages may follow from a vector: also when the book knows it already."""
    happened = [[fact for fact in history if fact.kind == "activity"] for history in histories]
    people, activities, _ = tables_of(happened)
    for name in NAMED:
        column = [one.get(name) for one in cells[: len(histories)]]
        people = people.append_column(name, pyarrow.array(column, TYPES.get(name, pyarrow.string())))
    columns = Columns(book, Oracle(Lifecycle(book).rules))
    given_rows = (state_of(begun), people, activities, None, day(30))
    told = columns.evaluate(*given_rows, ALL).table
    for _ in range(2):
        less = columns.evaluate(*given_rows, frozenset()).table
        assert less.to_pylist() == told.select(less.column_names).to_pylist()


@LAW
@given(plain_books(), PEOPLE, BEGUN, st.integers(20, 140), st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_any_partitioning_gives_the_same_bytes(
    book: Book, histories: list[list[Fact]], begun: list[Adopted], half: int, parts: list[int]
) -> None:
    """Sorted by person, the Arrow stream of the parts is that of the whole."""
    people, activities, changes = tables_of(histories)
    columns, state, t = Columns(book, Oracle(Lifecycle(book).rules)), state_of(begun), day(half / 2)
    whole = columns.evaluate(state, people, activities, changes, t, ALL).table
    tables = []
    for part in sorted(set(parts)):
        rows = [number for number in range(people.num_rows) if parts[number] == part]
        tables.append(
            columns.evaluate(
                state, people.take(pyarrow.array(rows, pyarrow.int64())), activities, changes, t, ALL
            ).table
        )
    assert stream(pyarrow.concat_tables(tables)) == stream(whole)


def stream(table: Any) -> bytes:
    """Return a table as the bytes of an Arrow stream, sorted by person."""
    sink = pyarrow.BufferOutputStream()
    ordered = table.sort_by("person_id").combine_chunks()
    with pyarrow.ipc.new_stream(sink, ordered.schema) as writer:
        writer.write_table(ordered)
    return sink.getvalue().to_pybytes()


@settings(LAW, max_examples=max(15, EXAMPLES // 4))
@given(books_with_slas(), PEOPLE, st.integers(20, 140))
def test_bulk_is_single_with_slas(book: Book, histories: list[list[Fact]], half: int) -> None:
    """Books with SLAs give the same next change, too."""
    assert_same(book, histories, [], half / 2)
