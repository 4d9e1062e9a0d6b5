"""What a process that shares the work of a command loads before it begins: each one pays for it anew."""

from __future__ import annotations

import pyarrow
import pytest

from leadline.batch.partitions.task import prepare
from leadline.batch.processes import processes
from leadline.rules.reading import read_book
from tests.batch.columns.test_straight import BOOK


def test_processes_load_neither_pandas_nor_the_reader_of_rule_books() -> None:
    """The first conversion of Arrow would import pandas, and a book comes read."""
    pytest.importorskip("pandas")
    with processes(1) as pool:
        pool.submit(prepare, read_book({"rules.yml": BOOK.encode()})).result()
        assert pool.submit(pyarrow.array, [1, 2]).result().to_pylist() == [1, 2]
        loaded = pool.submit(eval, "sorted(__import__('sys').modules)").result()
    assert "leadline.batch.columns.partition" in loaded
    assert not {"pandas", "leadline.rules.reading.book"} & set(loaded)
