"""The funnel report: stock, conversion, time in stage and source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from leadline.rules.state import StageDate
from leadline.sync.reporting import Lifecycle, Pass, Standing, Stay, WaitLine, summarise

T0 = datetime(2026, 3, 1, tzinfo=UTC)
PATH = ("inquiry", "mql", "sal", "customer")
LIFECYCLE = Lifecycle((*PATH, "recycled"), PATH)


def day(number: int) -> datetime:
    """Return an instant that many days after the start."""
    return T0 + timedelta(days=number)


def a_pass(person: str, implied: str = "", **days: int) -> Pass:
    """Return a pass that entered stages on these days; the stage named ``implied`` was skipped."""
    return Pass(person, 1, {stage: StageDate(day(n), stage == implied) for stage, n in days.items()})


def test_an_empty_organisation_gives_zeros() -> None:
    """Nobody and nothing is a report of zeros, not an error."""
    report = summarise(LIFECYCLE, None, [], [], [], with_source=True)
    assert report.people == 0
    assert [(line.stage, line.stock, line.entered, line.median_stay) for line in report.stages] == [
        (stage, 0, 0, None) for stage in LIFECYCLE.stages
    ]
    assert all(step.share is None and step.entered == 0 for step in report.conversions)
    assert report.by_source == ()


def test_conversion_counts_entries_in_person() -> None:
    """A skipped stage is left out of the steps on both its sides."""
    passes = [
        a_pass("a", inquiry=0, mql=2, sal=3),
        a_pass("b", inquiry=0),
        a_pass("c", implied="mql", inquiry=0, mql=4, sal=4),
    ]
    report = summarise(LIFECYCLE, day(9), [], passes, [])
    steps = {(step.source, step.target): step for step in report.conversions}
    first, second = steps["inquiry", "mql"], steps["mql", "sal"]
    assert (first.entered, first.converted, first.share) == (2, 1, 0.5)
    assert (second.entered, second.converted, second.median_time) == (1, 1, timedelta(days=1))
    mql = report.stages[1]
    assert (mql.entered, mql.implied) == (1, 1)


def test_who_waits_for_a_place_is_told_by_stage() -> None:
    """How many and for how long, for stages that anybody waits for; the others are left out."""
    waits = [Standing(str(days), "mql", day(0), None, "sal", day(days)) for days in (1, 2, 9)]
    report = summarise(LIFECYCLE, day(10), [*waits, Standing("a", "inquiry", day(0))], [], [])
    assert report.waiting == (WaitLine("sal", 3, timedelta(days=8), timedelta(days=9)),)
    assert summarise(LIFECYCLE, day(10), [Standing("a", "mql", day(4))], [], []).waiting == ()


def test_times_are_medians_of_finished_stays_and_of_those_still_there() -> None:
    """Finished stays and the age of the present stock are told apart."""
    stays = [Stay("mql", day(0), day(days)) for days in (1, 2, 9)]
    standings = [Standing("a", "mql", day(4)), Standing("b", "mql", day(6))]
    mql = summarise(LIFECYCLE, day(10), standings, [], stays).stages[1]
    assert mql.median_stay == timedelta(days=2)
    assert mql.median_age == timedelta(days=5)
    assert mql.stock == 2


def test_sources_come_largest_first_with_the_unknown_named() -> None:
    """People are counted by source, an empty source by its own name."""
    standings = [Standing(str(n), "mql", T0, source) for n, source in enumerate(["Web", "Web", None, "Event"])]
    lines = summarise(LIFECYCLE, T0, standings, [], [], with_source=True).by_source
    assert [(line.source, line.people) for line in lines] == [("Web", 2), ("(unknown)", 1), ("Event", 1)]
    assert lines[0].stock == {"mql": 2}


@given(st.lists(st.dictionaries(st.sampled_from(PATH), st.tuples(st.integers(0, 50), st.booleans())), max_size=20))
def test_no_step_converts_more_than_entered(entries: list[dict[str, tuple[int, bool]]]) -> None:
    """Shares lie between 0 and 1 and entered counts never exceed the passes, whatever the dates."""
    passes = [
        Pass(str(n), 1, {stage: StageDate(day(number), implied) for stage, (number, implied) in entry.items()})
        for n, entry in enumerate(entries)
    ]
    report = summarise(LIFECYCLE, day(60), [], passes, [])
    for step in report.conversions:
        assert 0 <= step.converted <= step.entered <= len(passes)
        assert step.median_time is None or step.median_time >= timedelta(0)
    assert sum(line.entered + line.implied for line in report.stages) == sum(map(len, entries))
