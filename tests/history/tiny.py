"""A tiny book and four people whose figures can be checked by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from leadline.history.backtest import Question
from leadline.history.files import FileSource, open_files
from leadline.history.replaying import Span
from leadline.rules.model import Book
from leadline.rules.reading import read_book

BOOK = """
leadline: 1
name: tiny
fields:
  budget: {type: integer}
  country: {type: text}
activities: {form: {}, call: {}}
scores:
  interest:
    between: [0, 100]
    criteria:
      form filled: {points: 20, each: form}
      has a budget: {points: 5, when: {budget: {over: 0}}}
      far away: {points: -1, when: {country: {in: [NZ]}}}
    grades: {1: 40, 2: 20, 3: 0}
stages:
  lead: {kind: inventory, start: true}
  mql: {kind: sla, enter: {interest: {at_least: 20}}}
  sql: {kind: sla, enter: {activity: call}}
  customer: {kind: final, enter: {deal: won}}
paths:
  - lead -> mql -> sql -> customer
"""
SPAN = Span(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))

PEOPLE = "person_id,country,budget,created\na,DE,,2026-03-01\nb,DE,,2026-03-01\nc,US,,2026-03-01\nd,DE,7,2026-03-01\n"
ACTIVITIES = """person_id,activity,at
a,form,2026-03-02T10:00:00Z
a,call,2026-03-04T10:00:00Z
b,form,2026-03-03T10:00:00Z
c,form,2026-03-03T10:00:00Z
c,form,2026-03-05T10:00:00Z
c,call,2026-03-06T10:00:00Z
d,call,2026-03-03T10:00:00Z
"""
CHANGES = "person_id,field,value,at\na,country,AT,2026-03-02\na,country,DE,2026-03-20\nc,country,US,2026-03-01\n"
DEALS = "person_id,deal,state,at\na,1,open,2026-03-05\na,1,won,2026-03-11T10:00:00Z\n"


def book(threshold: int = 20) -> Book:
    """Return the book with another threshold of its MQL."""
    return read_book(sources(threshold))


def sources(threshold: int = 20) -> dict[str, bytes]:
    """Return the book's files."""
    return {"rules.yml": BOOK.replace("at_least: 20", f"at_least: {threshold}").encode()}


def history(folder: Path, *, changes: bool = True) -> FileSource:
    """Return the four people's history as files; without ``changes`` no field has a history."""
    for name, text in (("people", PEOPLE), ("activities", ACTIVITIES), ("changes", CHANGES), ("deals", DEALS)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    told = folder / "changes.csv" if changes else None
    return open_files([book()], folder / "people.csv", folder / "activities.csv", told, folder / "deals.csv")


def question(threshold: int = 40, *, alone: bool = False) -> Question:
    """Ask for a threshold against the one of 20."""
    return Question(book(threshold), None if alone else book(), SPAN, "mql", deals=True)
