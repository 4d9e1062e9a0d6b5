"""What fields give together, against adding them up one by one."""

from __future__ import annotations

import numpy as np
import pytest

from leadline.batch.columns.points import Sums, of_fields


@pytest.mark.parametrize("seed", range(6))
def test_fields_together_give_what_each_gives(seed: int) -> None:
    """Whatever the sizes of the fields (a byte, more than one, one value alone), the sums are those of each."""
    chance = np.random.default_rng(seed)
    sizes = [1, 2, 255, 256, 300, 20_000, *chance.integers(1, 12, 30).tolist()]
    fields = []
    for size in sizes:
        kind = np.uint8 if size <= 256 else np.int64
        fields.append((chance.integers(0, size, 500).astype(kind), chance.integers(-9, 9, (3, size))))
    before = [codes.copy() for codes, _ in fields]
    known = Sums()

    for _ in range(2):  # the second time with what the first one found
        found = of_fields(fields, known)
        for row, points in enumerate((found.value, found.lowest, found.highest)):
            assert np.array_equal(points, sum(table[row].take(codes) for codes, table in fields))
    assert known
    assert all(np.array_equal(codes, old) for (codes, _), old in zip(fields, before, strict=True))


def test_byte_full_of_one_field() -> None:
    """A field of 255 values beside one of a single value is numbered without running over."""
    codes = np.arange(255).astype(np.uint8)
    table = np.arange(3 * 255).reshape(3, 255)

    found = of_fields([(np.zeros(255, np.uint8), np.zeros((3, 1), np.int64)), (codes, table)])

    assert np.array_equal(found.highest, table[2])
