"""The fewest calls that a cycle can take, as facts.md's formulas say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.values import CRMS, Crm
from leadline.sync.bounds import Bound, Work, lower_bounds


@pytest.mark.parametrize(
    ("crm", "work", "expected"),
    [
        ("salesforce", Work(), Bound(0, 0, 0)),
        ("salesforce", Work(objects={"Lead": 0, "Contact": 2000, "Account": 2001}), Bound(1 + 1 + 2, 0, 0)),
        ("salesforce", Work(written={"Lead": 900, "Contact": 101}), Bound(0, 2, 2)),
        ("salesforce", Work(sources={"task": 4001}), Bound(3, 0, 0)),
        (
            "salesforce",
            Work(objects={"Lead": 6001}, sources={"task": 120_000}),
            Bound((1 + 1 + 1) + (1 + 1 + 3), 0, 0),
        ),
        ("salesforce", Work(listed={"Lead": 2001}, confirmed={"Lead": 3}, past={"Lead": 0}), Bound(2 + 1, 0, 1)),
        ("hubspot", Work(listed={"contact": 201}, archives=2, past={"contact": 51}), Bound(2 + 2 + 2, 0, 0)),
        ("hubspot", Work(objects={"contact": 201, "deal": 0}), Bound(2 + 1, 0, 0)),
        ("hubspot", Work(objects={"contact": 1}, linked={"contact company": 1001}), Bound(1 + 2, 0, 0)),
        ("hubspot", Work(sources={"form": 51, "event": 1001, "call": 0}, forms=3), Bound(3 + 2 + 1, 0, 0)),
        ("hubspot", Work(written={"contact": 250}, cleared=101), Bound(0, 3 + 2, 3)),
    ],
)
def test_bounds_follow_the_vendors_pages_and_batches(crm: Crm, work: Work, expected: Bound) -> None:
    """Each object and source is at least one call; writes and reading back are counted by their own sizes."""
    assert lower_bounds(crm, work) == expected


@given(
    rows=st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 10_000)),
    written=st.integers(0, 10_000),
    more=st.integers(0, 10_000),
)
def test_more_work_never_takes_fewer_calls(rows: dict[str, int], written: int, more: int) -> None:
    """Bounds grow with the work."""
    for crm in CRMS:
        less = lower_bounds(crm, Work(objects=rows, written={"x": written}))
        most = lower_bounds(
            crm, Work(objects={name: n + more for name, n in rows.items()}, written={"x": written + more})
        )
        assert (less.read, less.write, less.read_back) <= (most.read, most.write, most.read_back)
        assert less.total <= most.total
