"""Ids of any type find the same activities."""

from __future__ import annotations

import pyarrow
import pytest

from leadline.batch.columns import Columns
from leadline.rules.backends.oracle import Oracle
from leadline.rules.deciding.lifecycle import Lifecycle
from tests.rules.deciding.books import day, waterfall


@pytest.mark.parametrize("numbers", [[7, 5, 6], [7, 5, 90_000_000]])
def test_numbers_as_ids_find_what_texts_find(numbers: list[int]) -> None:
    """Close together or far apart, in any order, with activities of strangers on both sides."""
    book = waterfall()
    columns = Columns(book, Oracle(Lifecycle(book).rules))
    whose = [numbers[0], numbers[2], numbers[0], 3, 8, 99_000_000]
    at = pyarrow.array([day(number) for number in range(len(whose))], pyarrow.timestamp("us", "UTC"))
    activity = pyarrow.array(["webinar"] * len(whose))
    found = []
    for kind in (pyarrow.int64(), pyarrow.string()):
        people = pyarrow.table({"person_id": pyarrow.array(numbers).cast(kind)})
        happened = pyarrow.table({"person_id": pyarrow.array(whose).cast(kind), "activity": activity, "at": at})
        found.append(columns.evaluate(None, people, happened, None, day(10)).table)
    assert found[0].drop_columns(["person_id"]) == found[1].drop_columns(["person_id"])
    assert [int(points) for points in found[0]["interest"].to_pylist()] == [30, 0, 15]
