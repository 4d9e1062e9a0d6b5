"""The line that tells how the time of an SLA went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from leadline.rules.deciding.trace import SlaTrace
from leadline.rules.state import SlaState
from leadline.sync.slas.editing import TimerEdits
from leadline.terminal.slas import edit_lines, sla_line, span_text

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


@pytest.mark.parametrize(
    ("edits", "lines"),
    [
        (
            TimerEdits(20, earlier=3, later=9, breached=2),
            ["12 open timers of `accept mql` would be due at another time: 3 earlier, 9 later;"
             " 2 would be breached at once"],
        ),
        (TimerEdits(1, earlier=1), ["1 open timer of `accept mql` would be due at another time: 1 earlier"]),
        (TimerEdits(2, healed=1), ["2 open timers of `accept mql`; 1 would no longer be breached"]),
        (
            TimerEdits(5, kept=4, ended=1),
            ["4 open timers of `accept mql` would stay due when they are, under the rules they began with",
             "1 open timer of `accept mql` would end void: nothing is promised any more"],
        ),
    ],
)  # fmt: skip
def test_what_a_changed_book_does_to_open_timers_is_told(edits: TimerEdits, lines: list[str]) -> None:
    """How many are due at another time, how many are breached at once, and which stay."""
    assert list(edit_lines({"accept mql": edits})) == lines
