"""The funnel report: stock, conversion, time in stage, source, and where it narrows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from leadline.sync.reports.funnel import Conversion, WaitLine, funnel_of, narrowest
from tests.sync.reports.living import PATH, STAGES, basis, life, turn


def test_an_empty_organisation_gives_zeros() -> None:
    """Nobody and nothing is a report of zeros, not an error."""
    report = funnel_of(basis(None), [], with_source=True)
    assert report.people == 0
    assert [(line.stage, line.stock, line.entered, line.median_stay) for line in report.stages] == [
        (stage, 0, 0, None) for stage in STAGES
    ]
    assert all(step.share.share is None and step.entered == 0 for step in report.conversions)
    assert (report.by_source, report.narrowest, report.slowest) == ((), None, None)


def test_conversion_counts_entries_in_person() -> None:
    """A skipped stage is left out of the steps on both its sides; who is still there may go on yet."""
    people = [
        life("a", "sal", 3, entered={"inquiry": 1, "mql": 2, "sal": 3}),
        life("b", "inquiry", 1, entered={"inquiry": 1}),
        life("c", "sal", 4, entered={"inquiry": 1, "mql": 4, "sal": 4}, implied=("mql",)),
        life("d", "disqualified", 5, entered={"inquiry": 1, "disqualified": 5}),
    ]
    report = funnel_of(basis(9), people)
    steps = {(step.source, step.target): step for step in report.conversions}
    first, second = steps["inquiry", "mql"], steps["mql", "sal"]
    assert (first.entered, first.converted, first.open) == (3, 1, 1)
    assert (first.share.share, first.decided.share) == (Decimal("0.3333"), Decimal("0.5000"))
    assert (second.entered, second.converted, second.median_time) == (1, 1, timedelta(days=1))
    mql = report.stages[1]
    assert (mql.entered, mql.implied) == (1, 1)


def test_who_is_past_a_stage_without_its_date_did_not_leave() -> None:
    """A customer of whom the CRMs know no MQL date says nothing about how many inquiries become MQLs."""
    people = [
        life("a", "mql", 3, entered={"inquiry": 1, "mql": 3}),
        life("b", "customer", 9, entered={"inquiry": 1, "customer": 9}),
        life("c", "recycled", 9, entered={"inquiry": 1, "sal": 5, "recycled": 9}),
    ]
    first, second, third = funnel_of(basis(60), people).conversions
    assert (first.entered, first.converted, first.decided.share) == (1, 1, 1)
    assert (second.entered, second.open) == (1, 1)
    assert (third.entered, third.converted) == (1, 0)


def test_what_the_taking_over_dated_has_no_time() -> None:
    """A stage entered at the instant of taking over counts as entered, but nothing is measured from or to it."""
    (step, *_) = funnel_of(basis(9), [life("a", "mql", 3, entered={"inquiry": 0, "mql": 3})]).conversions
    assert (step.entered, step.converted, step.median_time) == (1, 1, None)


def test_who_waits_for_a_place_is_told_by_stage() -> None:
    """How many and for how long, for stages that anybody waits for; the others are left out."""
    waits = [life(str(days), "mql", 1, waits=("sal", days)) for days in (1, 2, 9)]
    report = funnel_of(basis(10), [*waits, life("a", "inquiry", 1)])
    assert report.waiting == (WaitLine("sal", 3, timedelta(days=8), timedelta(days=9)),)
    assert funnel_of(basis(10), [life("a", "mql", 4)]).waiting == ()


def test_times_are_medians_of_finished_stays_and_of_those_still_there() -> None:
    """Finished stays and the age of the present stock are told apart; together they make the estimate."""
    gone = [life(str(days), "sal", days, turn(1 + days, "mql", "sal", since=1)) for days in (1, 2, 9)]
    people = [*gone, life("a", "mql", 4), life("b", "mql", 6), life("c", "mql", 0)]
    mql = funnel_of(basis(10), people).stages[1]
    assert (mql.median_stay, mql.median_age, mql.stock) == (timedelta(days=2), timedelta(days=6), 3)
    assert (mql.stay.count, mql.stay.ended, mql.stay.median) == (5, 3, timedelta(days=9))


def test_sources_come_largest_first_with_the_unknown_named() -> None:
    """People are counted by source, an empty source by its own name."""
    people = [life(str(n), "mql", 0, source=source) for n, source in enumerate(["Web", "Web", None, "Event"])]
    lines = funnel_of(basis(), people, with_source=True).by_source
    assert [(line.source, line.people) for line in lines] == [("Web", 2), ("(unknown)", 1), ("Event", 1)]
    assert lines[0].stock == {"mql": 2}


def test_a_bottleneck_is_named_only_where_the_figures_say_so() -> None:
    """Few passes, steps that do not differ beyond chance, or that nobody had time for, name nobody."""
    found = narrowest(_steps((1000, 100), (400, 200), (200, 120)))
    assert found is not None
    assert (found.source, found.decided.low, found.decided.high) == ("inquiry", Decimal("0.0829"), Decimal("0.1202"))
    assert narrowest(_steps((20, 1), (400, 200), (200, 120))) is not None
    assert narrowest(_steps((40, 18), (40, 20), (40, 22))) is None
    assert narrowest(_steps((1000, 100))) is None
    waiting = Conversion("inquiry", "mql", 1000, 10, 980, None)
    assert narrowest([waiting, *_steps((400, 380), (400, 380))]) is None


def test_the_stage_that_holds_people_longest_is_named() -> None:
    """Forty stays of nine days among forty of two; beginning and end of the path are no bottleneck."""
    people = [
        life(f"{stage}{n}", "customer", 30, turn(1 + days + n / 100, stage, "customer", since=1))
        for stage, days in (("inquiry", 20), ("mql", 2), ("sal", 9))
        for n in range(40)
    ]
    slow = funnel_of(basis(), people).slowest
    assert slow is not None
    assert (slow.stage, slow.stay.count) == ("sal", 40)


def _steps(*shares: tuple[int, int]) -> list[Conversion]:
    return [
        Conversion(PATH[number], PATH[number + 1], entered, went, 0, None)
        for number, (entered, went) in enumerate(shares)
    ]


@given(st.lists(st.dictionaries(st.sampled_from(PATH), st.tuples(st.integers(0, 50), st.booleans())), max_size=8))
def test_no_step_converts_more_than_entered(entries: list[dict[str, tuple[int, bool]]]) -> None:
    """Shares lie between 0 and 1 and entered counts never exceed the passes, whatever the dates."""
    people = [
        life(str(n), "mql", 60, entered={stage: number for stage, (number, _) in entry.items()},
             implied=[stage for stage, (_, implied) in entry.items() if implied])
        for n, entry in enumerate(entries)
    ]  # fmt: skip
    report = funnel_of(basis(), people)
    for step in report.conversions:
        assert 0 <= step.converted <= step.converted + step.open <= step.entered <= len(people)
        assert step.median_time is None or step.median_time >= timedelta(0)
    assert sum(line.entered + line.implied for line in report.stages) == sum(map(len, entries))
