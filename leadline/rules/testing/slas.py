"""What rule tests expect of SLAs (``sla``, ``due``), and which of them they reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from leadline.common.yamltree import Entry, Scalar
from leadline.rules.deciding.localdays import day_of
from leadline.rules.deciding.trace import Trace
from leadline.rules.model import Book
from leadline.rules.reading.report import Report
from leadline.rules.reading.slatests import STATUSES
from leadline.rules.state import Decision, Outcome
from leadline.rules.testing.instants import told, when
from leadline.rules.testing.model import Item, Wanted

NONE: Final = "none"
NEVER: Final = "never"


def read_sla(report: Report, book: Book, entry: Entry) -> list[Wanted]:
    """Read ``sla: {accept mql: breached}``; ``none`` is that its timer did not start."""
    found: list[Wanted] = []
    for name, inner in (report.keys(entry.value, book.slas, "`sla`") or {}).items():
        status = report.choice(inner.value, (*STATUSES, NONE), f"states of `{name}`")
        if status is not None:
            found.append(Wanted("sla", None if status == NONE else status, name, mark=inner.key.mark))
    return found


def read_due(report: Report, book: Book, start: datetime, entry: Entry) -> list[Wanted]:
    """Read ``due: {accept mql: 2026-07-13 18:00}``: an instant, a day, or ``never``."""
    found: list[Wanted] = []
    for name, inner in (report.keys(entry.value, book.slas, "`due`") or {}).items():
        if isinstance(inner.value, Scalar) and inner.value.text == NEVER:
            found.append(Wanted("due", None, name, mark=inner.key.mark))
        elif isinstance(inner.value, Scalar):
            at = when(report, inner.value, start, book.zone)
            found += [Wanted("due", (at.at, at.end), name, mark=inner.key.mark)] if at is not None else []
        else:
            report.wrong(inner.value, "`due` is an instant, a day or `never`")
    return found


def compare_sla(outcome: Outcome, wanted: Wanted) -> tuple[str, str] | None:
    """Return both sides in words where the timer's state is not as wanted."""
    state = outcome.slas.get(wanted.name)
    actual = None if state is None else state.status
    return None if actual == wanted.value else (str(wanted.value or NONE), str(actual or NONE))


def compare_due(outcome: Outcome, wanted: Wanted, zone: str) -> tuple[str, str] | None:
    """Return both sides in words where the due instant is not as wanted; ``never`` while it is paused, too."""
    state = outcome.slas.get(wanted.name)
    actual = None if state is None else state.due
    found = NEVER if actual is None else told(actual, zone)
    if wanted.value is None:
        return None if actual is None else (NEVER, found)
    assert isinstance(wanted.value, tuple)
    since, until = wanted.value
    if actual is not None and since <= actual <= until:
        return None
    return (told(since, zone) if since == until else f"{day_of(since, zone)}"), found


def arithmetic(trace: Trace, name: str) -> Iterator[str]:
    """Yield how the time of a timer went."""
    for sla in (sla for sla in trace.slas if sla.name == name):
        by = f" by calendar {sla.calendar}" if sla.calendar else ""
        yield f"{name} is {sla.state.status}: {sla.target}{by}, started {told(sla.state.started, 'UTC')} UTC"
        yield f"{name}: {sla.used} used, {sla.still} paused"


def sla_items(book: Book) -> Iterator[Item]:
    """Yield for each SLA that it is met and that it is breached: what tests of it should reach."""
    for sla in book.slas.values():
        yield from (Item("sla", f"{sla.name}: {status}", sla.mark) for status in ("met", "breached"))


def slas_reached(decisions: Iterable[Decision]) -> Iterator[Item]:
    """Yield the states of SLAs that decisions led to."""
    for made in decisions:
        yield from (Item("sla", f"{name}: {state.status}") for name, state in made.after.slas.items())
