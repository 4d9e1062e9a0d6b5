"""What a comparison of books spells as a condition can be written into a book, and means the same there."""

from __future__ import annotations

import pytest

from leadline.rules.diffing.spelling import spelled
from leadline.rules.model import Condition
from leadline.rules.reading import read_book
from tests.rules.reading.reading_kit import sources

BOOK = """deals: {renewed: {state: won, type: Renewal}}
rates: lists/rates.csv
fields:
  email: {type: text}
  title: {type: text}
  country: {type: text}
  topics: {type: list}
  employees: {type: integer}
  amount: {type: money, currency: USD}
  timeline: {type: date}
stages:
  inquiry: {kind: inventory, start: true}
  mql: {kind: sla, enter: %s, stay: {grade: {in: [A1, A2]}}}
  customer: {kind: final, enter: {deal: won}}
  recycled: {kind: detour, reasons: [cooled, lost]}
slas:
  accept mql: {from: {enters: mql}, target: 30 minutes}
"""
CONDITIONS = [
    "{activity: demo, within: 7d, at_most: 2}",
    "{activity: demo, between: [2, 5], ever: true}",
    "{distinct_days: click, within: 30d, at_least: 1}",
    "{distinct_days: click, at_most: 0}",
    "{country: {is_not: [DE, FR]}}",
    "{title: {ends: engineer}}",
    "{topics: {all_of: [a, b], none_of: c}}",
    "{employees: {between: [10, 50]}}",
    "{amount: {over: 1000 EUR}}",
    "{amount: {between: [1 EUR, 2.5 EUR]}}",
    "{timeline: {on: 2026-01-31, older_than: 6 months}}",
    "{fit: {between: [10, 20]}}",
    "{passes: {between: [2, 3]}}",
    "{passes: {at_most: 3}}",
    "{previous_stage: recycled}",
    "{was_in: [mql, customer]}",
    "{deal: renewed, ever: true}",
    "{sla: {accept mql: breached}}",
    "{sla: {accept mql: [running, paused]}}",
]


def read(condition: str) -> Condition | None:
    """Return a condition as a book reads it."""
    files = sources(BOOK % condition, {"lists/rates.csv": b"currency,rate\nEUR,1\nUSD,0.9\n"})
    return read_book(files).stages["mql"].enter


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_spelled_condition_is_read_back(condition: str) -> None:
    """Spelling and reading again changes nothing."""
    found = read(condition)
    assert found is not None
    assert read(spelled(found)) == found, spelled(found)
