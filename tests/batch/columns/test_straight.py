"""Where people come to by one vector of answers, against moving them step by step."""

from __future__ import annotations

import pyarrow

from leadline.batch.columns import Columns
from leadline.batch.columns.result import CODED, WANTED
from leadline.rules.reading import read_book
from tests.rules.deciding.books import day

BOOK = """
leadline: 1
name: Straight
fields:
  size: {type: integer, hubspot: contact.size}
  city: {type: text, hubspot: contact.city}
stages:
  one: {kind: inventory, start: true}
  two: {kind: inventory, enter: {size: {at_least: 10}}}
  three: {kind: gate, require: [city], enter: {size: {at_least: 20}}}
  away: {kind: detour, reasons: [left]}
paths:
  - one -> two -> three
  - {from: two, to: away, when: {city: {equals: Rome}}, reason: left}
  - {from: three, to: away, when: {city: {equals: Paris}}, reason: left}
  - {from: away, to: two, when: {city: {equals: Paris}}}
"""
SIZES = [None, 5, 10, 15, 20, 25]
CITIES = [None, "Rome", "Paris", "Oslo"]


def test_straight_is_step_by_step() -> None:
    """Whether a vector tells where people end, or leads to a new pass and so to a stage twice: both ways agree."""
    book = read_book({"rules.yml": BOOK.encode()})
    cells = [(size, city) for size in SIZES for city in CITIES]
    people = pyarrow.table(
        {
            "person_id": pyarrow.array(range(len(cells))),
            "size": pyarrow.array([size for size, _ in cells], pyarrow.int64()),
            "city": pyarrow.array([city for _, city in cells]),
        }
    )
    columns = Columns(book)
    told = columns.evaluate(None, people, None, None, day(30), WANTED)
    for _ in range(2):
        less = columns.evaluate(None, people, None, None, day(30), frozenset({CODED}))
        for name in less.table.column_names:
            assert less.table[name].to_pylist() == told.table[name].to_pylist(), name
        assert less.one_by_one == told.one_by_one
    assert set(told.table["stage"].to_pylist()) == {"one", "two", "three", "away"}
    assert told.one_by_one
