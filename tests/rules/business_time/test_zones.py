"""The integer clock agrees with zoneinfo, in every zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.rules.business_time.model import DAY, EPOCH, HOUR, SECOND, instant, micros
from leadline.rules.business_time.zones import Clock, known_zone, zone_names, zone_offsets

ZONES = st.sampled_from(sorted(zone_names()))
INSTANTS = st.integers(micros(datetime(1900, 1, 2, tzinfo=UTC)), micros(datetime(2199, 12, 30, tzinfo=UTC)))
law = settings(deadline=None, max_examples=300)


@law
@given(ZONES, INSTANTS)
def test_wall_time_is_zoneinfos(zone: str, at: int) -> None:
    """At any instant of three centuries, in any zone."""
    shown = instant(at).astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
    assert Clock(zone).wall(at) == micros(shown)


@law
@given(ZONES, INSTANTS)
def test_the_first_instant_of_a_wall_time(zone: str, wall: int) -> None:
    """It shows that time and none before it did; where none does, the clock skips over it there."""
    clock = Clock(zone)
    at = clock.first(wall)
    naive = (EPOCH + timedelta(microseconds=wall)).replace(tzinfo=ZoneInfo(zone), fold=0)
    if clock.wall(at) == wall:
        assert at == micros(naive.astimezone(UTC))
    else:
        assert clock.wall(at - SECOND) < wall < clock.wall(at)


@settings(deadline=None, max_examples=25)
@given(ZONES, st.lists(INSTANTS, min_size=20, max_size=20))
def test_stored_offsets_are_the_zone(zone: str, instants: list[int]) -> None:
    """What a calendar stores of its zone shows the same times."""
    clock, stored = Clock(zone), Clock(zone, zone_offsets(zone))
    assert [stored.wall(at) for at in instants] == [clock.wall(at) for at in instants]


def test_pieces_cover_just_what_is_asked() -> None:
    """They join, change their offset at each border, and begin and end where they should; also far away."""
    start, end = micros(datetime(2025, 1, 1, tzinfo=UTC)), micros(datetime(2027, 1, 1, tzinfo=UTC))
    pieces = Clock("Europe/Berlin").pieces(start, end)
    assert [offset // HOUR for _, _, offset in pieces] == [1, 2, 1, 2, 1]
    assert (pieces[0][0], pieces[-1][1]) == (start, end)
    assert all(a[1] == b[0] for a, b in pairwise(pieces))
    assert Clock("Europe/Berlin").pieces(10**18, 10**18 + DAY) == [(10**18, 10**18 + DAY, HOUR)]


def test_only_names_of_the_iana_data_are_zones() -> None:
    """Not what a machine may have beside them, and not a path."""
    assert known_zone("Europe/Berlin")
    assert not any(known_zone(name) for name in ("localtime", "../etc/passwd", "Europe", "", "berlin"))
