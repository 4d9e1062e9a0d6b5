"""Where the time of a promise went: the parts are exact, and each minute has one cause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from leadline.rules.business_time import Calendar, Period, Span, elapsed
from leadline.rules.business_time.model import HOUR, micros
from leadline.sync.slas.attribution import Attribution, attribute, unassigned_between
from leadline.sync.slas.owners import KnownUser, Owning
from leadline.sync.slas.summing import nearest_rank

MONDAY = datetime(2026, 3, 23, tzinfo=UTC)  # Berlin's clocks change on the following Sunday
OPEN = (Span(9 * HOUR, 12 * HOUR), Span(13 * HOUR, 18 * HOUR))
OFFICE = Calendar("office", "Europe/Berlin", (Period((OPEN,) * 5 + ((),) * 2),))
HOURS = 3_600_000_000
USERS = {
    "salesforce/005A": KnownUser("Ada", "", False, None),
    "salesforce/005B": KnownUser("Ben", "", False, MONDAY + timedelta(hours=30)),
    "hubspot/7": KnownUser("Queue", "", True, None),
}


def at(hours: float) -> datetime:
    """Return so many hours after Monday's midnight, UTC (one hour earlier in Berlin's terms)."""
    return MONDAY + timedelta(hours=hours)


def test_each_minute_has_one_cause() -> None:
    """A Monday, 8 to 17 UTC: an hour until it was shown, one that nobody owned, one paused, one for lunch."""
    found = attribute(
        OFFICE,
        at(8),
        at(20),
        shown=at(9),
        pauses=[(at(14), at(15))],
        unassigned=[(at(8.5), at(10))],
    )
    assert found == Attribution(paused=HOURS, outside=4 * HOURS, sync=HOURS, unassigned=HOURS, rep=5 * HOURS)
    never = attribute(OFFICE, at(8), at(20), shown=None)
    assert (never.sync, never.rep) == (8 * HOURS, 0)


def test_whose_it_was() -> None:
    """Nobody, a queue and one who had left are unassigned; what was before the first owner known is that owner's."""
    owned = [Owning(at(10), "hubspot/7"), Owning(at(20), "salesforce/005B"), Owning(at(40), "salesforce/005A"),
             Owning(at(50), None), Owning(at(60), "salesforce/00G1")]  # fmt: skip
    assert list(unassigned_between(owned, USERS, at(0), at(70))) == [
        (at(0), at(10)), (at(10), at(20)), (at(30), at(40)), (at(50), at(60)), (at(60), at(70)),
    ]  # fmt: skip
    assert list(unassigned_between(owned, USERS, at(41), at(45))) == []
    assert list(unassigned_between([], USERS, at(41), at(45))) == [(at(41), at(45))]


INSTANTS = st.integers(0, 14 * 24 * HOURS).map(lambda number: MONDAY + timedelta(microseconds=number))
SPANS = st.lists(st.tuples(INSTANTS, INSTANTS).map(sorted).map(tuple), max_size=4)
OWNINGS = st.lists(
    st.tuples(INSTANTS, st.sampled_from([None, "salesforce/00G9", *USERS])),
    max_size=5,
    unique_by=lambda item: item[0],
)


@given(st.tuples(INSTANTS, INSTANTS).map(sorted), st.none() | INSTANTS, SPANS, OWNINGS)
def test_the_parts_add_up_to_the_microsecond(
    ends: list[datetime],
    shown: datetime | None,
    pauses: list[tuple[datetime, datetime]],
    owned: list[tuple[datetime, str | None]],
) -> None:
    """All parts are start to end on the clock; what was open is the business time outside of pauses."""
    start, end = ends
    nobodys = list(unassigned_between([Owning(*item) for item in sorted(owned)], USERS, start, end))
    found = attribute(OFFICE, start, end, shown=shown, pauses=pauses, unassigned=nobodys)
    assert found.total == micros(end) - micros(start)
    assert timedelta(microseconds=found.open) == elapsed(OFFICE, start, end, pauses)
    assert min(found.paused, found.outside, found.sync, found.unassigned, found.rep) >= 0


@given(st.lists(st.integers(0, 100)), st.sampled_from([50, 90]))
def test_the_nearest_rank(values: list[int], percent: int) -> None:
    """At least so many percent lie at or below it, and fewer below."""
    found = nearest_rank(sorted(values), percent)
    if not values:
        assert found is None
        return
    assert found in values
    assert 100 * sum(value <= found for value in values) >= percent * len(values)
    assert 100 * sum(value < found for value in values) < percent * len(values)
