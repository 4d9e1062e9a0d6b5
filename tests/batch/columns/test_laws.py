"""Bulk is single: columns give exactly what the one-person evaluator gives (design, section 4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.batch.columns import Columns
from leadline.batch.columns.result import WANTED
from leadline.rules.backends.oracle import Oracle
from leadline.rules.deciding import Engine
from leadline.rules.deciding.lifecycle import Lifecycle
from leadline.rules.model import Book
from leadline.rules.state import Adopted, Fact
from tests.batch.columns.tables import tables_of
from tests.rules.deciding.books import day
from tests.rules.deciding.generated import HISTORIES, books_with_slas, generated_books

LAW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
ALL = WANTED | {"decision_id"}
PEOPLE = st.lists(HISTORIES, min_size=1, max_size=6)
BEGUN = st.lists(
    st.builds(
        Adopted,
        st.sampled_from([None, "a", "b", "c", "x", "y"]),
        st.sampled_from([None, day(0), day(20), day(33)]),
        st.sampled_from([1, 1, 2]),
    ),
    max_size=6,
)


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
        row = {
            "person_id": f"p{number}", "stage": outcome.stage, "since": outcome.since, "pass": outcome.pass_number,
            "previous": outcome.previous, "grade": outcome.cell, "temperature": outcome.temperature,
            "disqualified": list(outcome.disqualified), "why": outcome.why, "next_change": result.next_change,
            "decision_id": result.decisions[-1].id,
            "implied": [name for name in engine.book.stages if name in outcome.entered and outcome.entered[name].implied],
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


@LAW
@given(generated_books().map(lambda book: book), PEOPLE, BEGUN, st.integers(20, 140))
def test_bulk_is_single_for_plain_histories(
    book: Book, histories: list[list[Fact]], begun: list[Adopted], half: int
) -> None:
    """The same where nobody needs to be decided one by one for what was done by hand."""
    from dataclasses import replace

    plain = [
        [replace(fact, record=f"e{n}") if fact.kind == "activity" else fact for n, fact in enumerate(history)
         if fact.kind == "activity" or (fact.kind == "field" and fact.name != "status" and fact.at <= day(half / 2))]
        for history in histories
    ]  # fmt: skip
    assert_same(replace(book, capacity={}), plain, begun, half / 2)


@settings(LAW, max_examples=15)
@given(books_with_slas(), PEOPLE, st.integers(20, 140))
def test_bulk_is_single_with_slas(book: Book, histories: list[list[Fact]], half: int) -> None:
    """Books with SLAs give the same next change, too."""
    assert_same(book, histories, [], half / 2)
