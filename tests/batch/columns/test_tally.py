"""Counting activities in windows: arrays, the loop as Python and the loop as machine code count alike."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.batch.columns import Columns, compiled, tally
from leadline.batch.columns.tally import Rows, Window, tallies
from leadline.rules.backends.oracle import Oracle
from leadline.rules.deciding.lifecycle import Lifecycle
from tests.rules.deciding.books import day, waterfall

NAMES = ("demo", "webinar", None, "call")
Row = tuple[int, int, int]
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 6), st.integers(0, 12)), max_size=30)
WINDOWS = st.frozensets(
    st.tuples(st.sampled_from(["demo", "webinar", "call", "never"]), st.none() | st.integers(0, 12)), max_size=8
)


def plainly(
    windows: frozenset[Window], rows: list[tuple[int, int, int]], people: int, t: int
) -> dict[Window, list[int]]:
    """Count one row after the other."""
    return {
        (name, within): [
            sum(
                NAMES[kind] == name and who == person and at <= t and (within is None or at > t - within)
                for kind, who, at in rows
            )
            for person in range(people)
        ]
        for name, within in windows
    }


@settings(max_examples=150, deadline=None)
@given(
    ROWS, WINDOWS, st.integers(0, 14), st.integers(1, 5), st.sampled_from([0, 3, 1 << 22]), st.sampled_from([0, 9])
)
def test_every_way_counts_alike(
    rows: list[Row], windows: frozenset[Window], t: int, people: int, at_once: int, first: int
) -> None:
    """With strangers, unknown names and instants still to come; with many and few counters at a time."""
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    given_rows = Rows(NAMES, columns[0].astype(np.int32), columns[1] + first, columns[2].copy(), people, first)
    expected = plainly(windows, rows, people, t)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "_AT_ONCE", at_once)
        patch.setattr(tally, "_COMPARED", 24 if at_once else 1)
        for way in (lambda loop, *_: None, lambda loop, *_: loop):
            patch.setattr(tally, "compiled", way)
            assert {
                window: count.tolist() for window, count in tallies(windows, given_rows, t, fast=True).items()
            } == expected


def test_machine_code_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra ``fast`` and without: one table."""
    assert find_spec("numba"), "pip install -e '.[dev]' brings it"
    book, chance = waterfall(), np.random.default_rng(3)
    ids = pyarrow.array(range(40))
    at = pyarrow.array([day(int(one)) for one in chance.integers(0, 60, 400)], pyarrow.timestamp("us", "UTC"))
    names = pyarrow.array(chance.choice(["webinar", "demo_request", "pricing_page", "unheard"], 400))
    activities = pyarrow.table({"person_id": chance.integers(0, 45, 400), "activity": names, "at": at})
    found = []
    monkeypatch.setattr(compiled, "_WORTH", 0)
    for fast in (False, True, None):
        columns = Columns(book, Oracle(Lifecycle(book).rules), fast=fast)
        found.append(columns.evaluate(None, pyarrow.table({"person_id": ids}), activities, None, day(50)).table)
    assert found[0] == found[1] == found[2]
    assert len(set(found[0]["interest"].to_pylist())) > 3
