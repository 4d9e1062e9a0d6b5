"""The line that tells how the time of an SLA went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from leadline.rules.deciding.trace import SlaTrace
from leadline.rules.state import SlaState
from leadline.terminal.slas import sla_line, span_text

START = datetime(2026, 7, 13, 8, tzinfo=UTC)
DUE = START + timedelta(hours=8)
HOURS = timedelta(hours=1)


def trace(state: SlaState, **more: object) -> SlaTrace:
    """Return the trace of a promise of eight hours, three of which were used."""
    parts: dict[str, object] = {
        "name": "accept", "state": state, "target": "8 business hours", "calendar": "office", "used": 3 * HOURS,
        "still": timedelta(0), "left": 5 * HOURS, "paused_since": None, "rung_at": None, "rung": None,
    }  # fmt: skip
    return SlaTrace(**{**parts, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (
            trace(SlaState("running", START, DUE), rung_at=START + 4 * HOURS, rung=Decimal("0.5")),
            "accept running: started 2026-07-13 08:00Z, 8 business hours by calendar office, 3h used,"
            " due 2026-07-13 16:00Z, 5h left, 50% at 2026-07-13 12:00Z",
        ),
        (
            trace(SlaState("paused", START, None), left=None, still=90 * HOURS / 60, paused_since=START + HOURS),
            "accept paused: started 2026-07-13 08:00Z, 8 business hours by calendar office, 3h used,"
            " 1h 30min paused, paused since 2026-07-13 09:00Z",
        ),
        (
            trace(SlaState("breached", START, DUE, DUE, DUE + HOURS), left=-HOURS, calendar="", kept=START),
            "accept breached: started 2026-07-13 08:00Z, 8 business hours, 3h used,"
            " due as the book before 2026-07-13 08:00Z said, due 2026-07-13 16:00Z, 1h over, ended 2026-07-13 17:00Z",
        ),
        (
            trace(SlaState("running", START, None, corrected=True), left=None),
            "accept running: started 2026-07-13 08:00Z, 8 business hours by calendar office, 3h used,"
            " never due: the calendar does not open long enough,"
            " a breach was told; by what is known now there was none",
        ),
    ],
)
def test_the_arithmetic_in_one_line(found: SlaTrace, line: str) -> None:
    """What was promised, what passed, what is left, and what comes next."""
    assert sla_line(found) == line


@pytest.mark.parametrize(
    ("span", "text"),
    [(timedelta(seconds=59), "59s"), (timedelta(minutes=61), "1h 1min"), (timedelta(hours=30), "30h")],
)
def test_lengths(span: timedelta, text: str) -> None:
    """Hours and minutes, rounded down; seconds below a minute."""
    assert span_text(span) == text
