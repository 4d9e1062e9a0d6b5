"""What an explanation says: the tests that stand in the way, with numbers and dates and without addresses."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from leadline.rules.deciding import Engine
from leadline.rules.reading import read_book
from leadline.rules.state import Adopted, Fact
from leadline.sync.explaining import Explained
from leadline.terminal.explain import render_explained

AT = datetime(2026, 6, 30, 16, tzinfo=UTC)

BOOK = b"""\
leadline: 1
name: Explained
fields:
  email: {type: text, salesforce: Lead.Email}
  need: {type: boolean, salesforce: Lead.Need__c}
  amount: {type: money, salesforce: Lead.Amount__c}
  timeline: {type: date, salesforce: Lead.Start__c}
activities:
  demo: {hubspot: {form: demo}}
scores:
  fit: {criteria: {asked: {points: 5, when: {email: {in: [boss@acme.example]}}}}, grades: {A: 5, B: 0}}
stages:
  inquiry: {kind: inventory}
  mql:
    kind: sla
    enter: {all: [{fit: {grade: A}}, {timeline: {before: 2026-01-01}}, {amount: {over: 90000000}}]}
    stay: {any: [{fit: {grade: [A, B]}}, {activity: demo}]}
  sql: {kind: gate, enter: {all: [{need: true}, {activity: demo}]}}
  customer: {kind: final, enter: {need: true}}
  recycled: {kind: detour, reasons: [ask boss@acme.example]}
paths:
  - inquiry -> mql -> sql -> customer
  - {from: mql, to: recycled, when: {not: stay}, reason: ask boss@acme.example}
"""


def explained(stage: str, **values: Any) -> dict[str, str]:
    """Return the line of each way out by its target (and ``all`` lines), white space folded."""
    facts = [Fact("field", name, value, AT, "salesforce", "Lead/1", AT) for name, value in values.items()]
    engine = Engine(read_book({"rules.yml": BOOK}))
    state = engine.begin("p-000001", facts, AT, Adopted(stage)).state
    stream = io.StringIO()
    told = Explained(engine.explain(state), decisions=(), records=(), tried=False, edited=False, evaluated=AT)
    render_explained(Console(file=stream, width=400, highlight=False), told)
    lines = [" ".join(line.split()) for line in stream.getvalue().splitlines()]
    return {
        "all": "\n".join(lines),
        **{line.split()[0]: line for line in lines if " main path " in line or "#" in line},
    }


def test_what_stands_in_the_way_is_told_with_its_value() -> None:
    """Dates and amounts are not mistaken for telephone numbers."""
    lines = explained("inquiry", timeline=AT.date(), amount=25_000_000)
    assert "timeline before 2026-01-01 is false (`timeline` is 2026-06-30)" in lines["mql"]
    assert "amount > 90000000 is false (`amount` is 25000000)" in lines["mql"]


def test_under_not_the_true_test_is_what_stands_in_the_way() -> None:
    """Nobody may be recycled while one of the tests of `stay` is true; the others are no reason."""
    lines = explained("mql")
    assert "fit in A, B is true" in lines["recycled"]
    assert "demo" not in lines["recycled"]


def test_what_is_empty_is_said_once() -> None:
    """An undecided way names the empty fields, and beside them only what is known to be false."""
    lines = explained("inquiry")
    assert lines["customer"].count("`need`") == 1
    assert "would be Customer at need yes" in lines["customer"]


@pytest.mark.parametrize("stage", ["inquiry", "mql"])
def test_no_address_of_the_book_is_shown(stage: str) -> None:
    """A list of values or a reason may hold an address: it is masked."""
    shown = explained(stage, email="boss@acme.example")["all"]
    assert "asked 5" in shown
    assert "boss@acme" not in shown
    assert "b***@***.example" in shown
