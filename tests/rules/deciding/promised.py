"""Generated SLAs for the laws: several calendars, pauses, targets by condition, ladders, reassignment."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from hypothesis import strategies as st

from leadline.common.canonical import canonical_json
from leadline.rules.business_time.reading import read_calendars
from leadline.rules.business_time.storing import calendar_to_json, pinned
from leadline.rules.model import (
    ActivityTest,
    Any,
    CalendarChoice,
    Calendars,
    Condition,
    GradeTest,
    Known,
    Rung,
    ScoreTest,
    Sla,
    SlaTarget,
    SlaTest,
    Transition,
)
from leadline.rules.state import Fact
from tests.rules.deciding.books import days, said, where

TEXT = b"""
calendars:
  emea: {zone: Europe/Berlin, open: {mon-thu: [09:00-12:30, 13:30-18:00], fri: [09:00-15:00]}, closed: [2026-01-06]}
  nights: {zone: America/New_York, open: {mon-fri: [22:00-06:00]}}
  closes: {zone: UTC, open: {mon-sun: [08:00-20:00]}, until: 2026-02-01}
"""
TARGETS = st.sampled_from(
    ["8 business hours", "30 business hours", "2 business days", "3 calendar days", "36 hours", "0 minutes"]
)
SHARES = st.lists(st.sampled_from(["0.5", "0.3", "1", "2"]).map(Decimal), unique=True, max_size=3)
STATUSES = st.sampled_from(["running", "paused", "met", "breached", "void"])
DURING: st.SearchStrategy[Condition] = st.sampled_from(
    [
        where("status", "in", "Accepted"),
        where("status", "in", "Rejected"),
        where("budget", "is", True),
        where("authority", "is", True),
        Known("country"),
        ActivityTest("webinar", days(3)),
        ActivityTest("demo_request"),
        ScoreTest("one", "at_least", Decimal(10)),
        GradeTest(("A", "B"), "one"),
    ]
)
EASY: st.SearchStrategy[Condition] = st.sampled_from(
    [
        Any((ActivityTest("demo_request", days(10)), ActivityTest("webinar", days(7)))),
        Any((where("employees", "at_least", 50), Known("country"), ActivityTest("demo_request"))),
        Any((where("budget", "is", True), where("status", "in", "Accepted"), Known("email"))),
    ]
)
MAYBE = st.one_of(st.none(), DURING, DURING)


@cache
def calendars() -> Calendars:
    """Return three calendars; people in Germany have the first, those in Peru the second."""
    found = read_calendars("calendars.yml", TEXT)
    resolved = canonical_json({name: calendar_to_json(pinned(item)) for name, item in found.items()})
    return Calendars(tuple(sorted(found)), resolved, {"germany": "emea", "peru": "nights"})


@st.composite
def slas(draw: st.DrawFn, name: str, others: tuple[str, ...] = ()) -> Sla:
    """Return an SLA on the stages of a generated book."""
    asked = st.builds(SlaTest, st.sampled_from(others), st.tuples(STATUSES)) if others else DURING
    targets = [SlaTarget(draw(TARGETS))]
    if draw(st.booleans()):
        targets.insert(0, SlaTarget(draw(TARGETS), draw(DURING)))
    restart = draw(st.booleans())
    return Sla(
        name,
        draw(st.sampled_from([("b",), ("b",), ("b", "c"), ("x",)])),
        tuple(targets),
        draw(st.sampled_from([(), (), ("c",)])),
        draw(MAYBE),
        draw(st.sampled_from([(), ("webinar",)])),
        draw(MAYBE),
        draw(st.one_of(st.none(), st.none(), asked)),
        CalendarChoice(draw(st.sampled_from(["emea", "nights", "closes"])), draw(st.sampled_from([None, "country"]))),
        tuple(Rung(share, ()) for share in sorted(draw(SHARES))),
        draw(st.sampled_from(["email", "status", "country"])) if restart else None,
        draw(st.sampled_from(["keep", "recompute"])),
        on_reassign="restart" if restart else "keep",
        on_reentry=draw(st.sampled_from(["restart", "keep"])),
    )


@st.composite
def busy(draw: st.DrawFn) -> Fact:
    """Return a fact of one record that often changes what SLAs ask for: who owns, what pauses, what keeps."""
    name = draw(st.sampled_from(["email", "country", "status", "budget"]))
    value = draw(st.sampled_from(_BUSY[name]))
    return said(name, value, draw(st.integers(0, 480)) / 8, "lead:1")


_BUSY: dict[str, list[object]] = {
    "email": ["a@free.example", "b@rival.example", "c@acme.example"],
    "country": ["Germany", "Peru", None],
    "status": ["Accepted", "Rejected", "Waiting"],
    "budget": [True, False],
}


@st.composite
def easy_moves(draw: st.DrawFn, number: int) -> Transition:
    """Return a move off the way to the stages in which SLAs run, or back."""
    source, target = draw(st.sampled_from([("b", "x"), ("b", "c"), ("x", "b"), ("c", "x"), ("b", "y"), ("y", "b")]))
    return Transition(f"{source}->{target}#easy {number}", source, target, draw(DURING))


@st.composite
def consequences(draw: st.DrawFn, number: int) -> Transition:
    """Return a move that an SLA causes or forbids."""
    source, target = draw(st.sampled_from([("b", "x"), ("b", "c"), ("c", "y"), ("x", "b"), ("x", "a")]))
    name = draw(st.sampled_from(["first", "second"]))
    test = draw(
        st.one_of(
            st.builds(SlaTest, st.just(name), st.tuples(STATUSES)),
            st.just(SlaTest(name, (), Decimal(2))),
        )
    )
    return Transition(f"{source}->{target}#{name} {number}", source, target, test)
