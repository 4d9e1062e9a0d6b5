"""Scores as step functions: windows, limits, decay, bands, bounds, grades."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.common.errors import RefusedError
from leadline.rules.decay import decay_ladder
from leadline.rules.deciding.history import History, ordered
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.scores import Card, Scoring
from leadline.rules.model import Band, Criterion, Decay, GradeTest, Score, ScoreTest
from leadline.rules.state import Fact
from tests.rules.deciding.books import bands, day, days, did, said, waterfall, where

TICK = timedelta(microseconds=1)


def card(criteria: list[Criterion], facts: list[Fact], at: float, **more: object) -> Card:
    """Return the card of a book with one score."""
    score = Score("fit", tuple(criteria), **more)  # type: ignore[arg-type]
    book = waterfall(scores={"fit": score}, grid=None, temperatures=None)
    return Scoring(book).card(Moment(History(ordered(facts), book.fields), day(at)))


def points(criteria: list[Criterion], facts: list[Fact], at: float, **more: object) -> Decimal:
    """Return the score's value."""
    return card(criteria, facts, at, **more).score("fit").value


def activity(points: object, match: str = "each", **more: object) -> Criterion:
    """Return a criterion on the webinar."""
    return Criterion("webinars", Decimal(str(points)), activity="webinar", match=match, **more)  # type: ignore[arg-type]


def test_a_window_is_open_at_its_far_end() -> None:
    """(t - w, t]: an activity counts at its own instant and no more exactly w later."""
    line, facts = [activity(5, within=days(10))], [did("webinar", 1)]
    assert [points(line, facts, at) for at in (0.9, 1, 10.9, 11)] == [0, 5, 5, 0]


def test_matches_are_each_first_or_latest() -> None:
    """``at_most`` keeps the latest; ``up_to`` limits the magnitude."""
    facts = [did("webinar", at) for at in (1, 2, 3)]
    ladder = Decay(Decimal("0.5"), days(1))
    assert points([activity(5)], facts, 4) == 15
    assert points([activity(5, at_most=2)], facts, 4) == 10
    assert points([activity(5, up_to=Decimal(12))], facts, 4) == 12
    assert points([activity(-5, up_to=Decimal(12))], facts, 4) == -12
    assert points([activity(8, "first", decay=ladder)], facts, 4) == 1
    assert points([activity(8, "latest", decay=ladder)], facts, 4) == 4
    assert points([activity(8, at_most=2, decay=ladder)], facts, 4) == 6


def counted(*edges: tuple[int | None, int | None, int]) -> tuple[Band, ...]:
    """Return bands of a number of times or days."""
    return bands("", *edges).bands


def test_the_number_of_times_chooses_a_band() -> None:
    """Zero is a number, too; outside every band there are no points; the window moves the number."""
    line = activity(0, "count", within=days(10), counted=counted((0, 0, -5), (1, 2, 5), (4, None, 20)))
    facts = [did("webinar", at) for at in (1, 2, 3, 4)]
    assert [points([line], facts, at) for at in (0, 1, 2, 3, 4, 11, 12, 13, 14)] == [-5, 5, 5, 0, 20, 0, 5, 5, -5]
    limited = activity(0, "count", counted=counted((1, None, 50)), up_to=Decimal(30))
    assert points([limited], facts, 9) == 30


def test_distinct_days_are_those_of_the_book_s_zone() -> None:
    """Two visits on one evening in Berlin are one day there, two days in UTC; each day gives its points once."""
    late = [did("webinar", 1 + hour / 24) for hour in (22.5, 23.5, 24.5)]
    line = activity(4, "distinct_days")
    assert points([line], late, 5) == 8
    score = Score("fit", (line,))
    berlin = waterfall(scores={"fit": score}, grid=None, temperatures=None, zone="Europe/Berlin")
    found = Scoring(berlin).card(Moment(History(ordered(late), berlin.fields), day(5)))
    assert found.score("fit").value == 8
    assert [len(item.matches(found.moment)) for item in found.scoring.scores["fit"].criteria] == [3]
    together = [did("webinar", 1 + hour / 24) for hour in (23.25, 23.5, 24.5)]
    cards = [
        Scoring(book).card(Moment(History(ordered(together), book.fields), day(5)))
        for book in (berlin, waterfall(scores={"fit": score}, grid=None, temperatures=None))
    ]
    assert [item.score("fit").value for item in cards] == [4, 8]


def test_distinct_days_keep_the_latest_and_a_day_alone_is_that_day() -> None:
    """``at_most`` counts days; what is known to the day is on that day in every zone."""
    facts = [did("webinar", at) for at in (1, 1.5, 2, 3)]
    assert points([activity(4, "distinct_days", at_most=2)], facts, 9) == 8
    assert points([activity(0, "distinct_days", counted=counted((3, 3, 7)))], facts, 9) == 7
    book = waterfall(
        scores={"fit": Score("fit", (activity(4, "distinct_days"),))},
        grid=None,
        temperatures=None,
        zone="America/New_York",
    )
    vague = [did("webinar", 1, precision="day"), did("webinar", 1 + 12 / 24)]
    found = Scoring(book).card(Moment(History(ordered(vague), book.fields), day(5)))
    assert found.score("fit").value == 4


def test_decay_is_rounded_once_from_the_original_points() -> None:
    """Half-even to the places of the points: 5 -> 2.5 -> 2, 1.25 -> 1, 0.625 -> 1, then 0."""
    assert decay_ladder(activity(5, decay=Decay(Decimal("0.5"), days(1)))) == (5, 2, 1, 1, 0)
    assert decay_ladder(activity("2.5", decay=Decay(Decimal("0.5"), days(1))))[:3] == (
        Decimal("2.5"),
        Decimal("1.2"),
        Decimal("0.6"),
    )
    assert decay_ladder(activity(-5, decay=Decay(Decimal("0.5"), days(1)))) == (-5, -2, -1, -1, 0)
    assert decay_ladder(activity(5, decay=Decay(Decimal(1), days(1)))) == (5, 0)


@settings(max_examples=100, deadline=None)
@given(st.integers(-500, 500), st.integers(0, 2), st.integers(1, 99))
def test_decay_agrees_with_exact_fractions(number: int, places: int, percent: int) -> None:
    """The ladder is points x (1 - by)^k, rounded half-even, whatever the numbers."""
    from fractions import Fraction

    worth, by = Decimal(number).scaleb(-places), Decimal(percent) / 100
    ladder = decay_ladder(activity(worth, decay=Decay(by, days(1))))
    for step, found in enumerate(ladder[:40]):
        exact = Fraction(worth) * (1 - Fraction(by)) ** step
        assert found == Decimal(round(exact * 10**places)).scaleb(-places)
    assert ladder[-1] == 0


def test_a_decay_that_never_ends_is_refused() -> None:
    """Its next change could not be found: the message names the criterion."""
    with pytest.raises(RefusedError, match="webinars"):
        decay_ladder(activity(1000, decay=Decay(Decimal("0.0001"), days(1))))
    with pytest.raises(RefusedError, match="webinars"):
        decay_ladder(activity(1000, decay=Decay(Decimal("0.01"), days(36_000))))


def test_bands_and_unknown_attributes_widen_the_bounds() -> None:
    """Unknown gives 0 to the value, and its least and most points to the bounds."""
    size = Criterion("size", bands=bands("employees", (None, 49, -5), (50, 199, 10), (500, None, 30)))
    vp = Criterion("vp", Decimal(-20), when=where("title", "has_word", "intern"))
    found = card([size, vp], [], 1).score("fit")
    assert (found.lowest, found.value, found.highest) == (-25, 0, 30)
    known = [said("employees", 300), said("title", "Intern")]
    found = card([size, vp], known, 1).score("fit")
    assert (found.lowest, found.value, found.highest) == (-20, -20, -20)
    assert points([size], [said("employees", 49)], 1) == -5
    assert points([size], [said("employees", Decimal("199.0"))], 1) == 10


def test_limits_apply_in_order() -> None:
    """Criterion, then group, then floor and cap: for the value and both bounds."""
    web = [Criterion(str(n), Decimal(10), when=where("authority", "is", True), group="web") for n in range(3)]
    other = Criterion("other", Decimal(50), when=where("need", "is", True))
    facts = [said("authority", True), said("need", True)]
    groups = {"web": Decimal(15)}
    assert points([*web, other], facts, 1, groups=groups) == 65
    assert points([*web, other], facts, 1, groups=groups, cap=Decimal(60)) == 60
    found = card([*web, other], facts[:1], 1, groups=groups, cap=Decimal(60), floor=Decimal(20)).score("fit")
    assert (found.lowest, found.value, found.highest) == (20, 20, 60)


def test_the_grade_is_of_the_value_and_may_be_missing() -> None:
    """Thresholds count from themselves on; below the last one there is no grade."""
    grades = (("A", Decimal(10)), ("B", Decimal(5)))
    line = [activity(5)]
    found = [card(line, [did("webinar", at) for at in range(n)], 9, grades=grades).grades() for n in range(3)]
    assert found == [{"fit": None}, {"fit": "B"}, {"fit": "A"}]


def test_a_comparison_is_unknown_where_the_bounds_disagree() -> None:
    """One missing field neither promotes nor recycles."""
    from leadline.rules.deciding.conditions import compile_condition

    size = Criterion("size", bands=bands("employees", (None, 49, 0), (50, None, 30)))
    vp = Criterion("vp", Decimal(10), when=where("title", "has_word", "vp"))
    grades = (("A", Decimal(40)), ("B", Decimal(20)), ("C", Decimal(10)), ("D", Decimal(0)))
    found = card([size, vp], [said("title", "VP")], 1, grades=grades)
    moment = Moment(found.moment.history, found.moment.t, card=found)
    book = found.scoring.book

    def holds(condition: ScoreTest | GradeTest) -> bool | None:
        return compile_condition(condition, book).holds(moment)

    assert found.possible_grades("fit") == {"A", "B", "C"}
    assert holds(ScoreTest("fit", "at_least", Decimal(10))) is True
    assert holds(ScoreTest("fit", "at_least", Decimal(11))) is None
    assert holds(ScoreTest("fit", "at_least", Decimal(41))) is False
    assert holds(ScoreTest("fit", "under", Decimal(41))) is True
    assert holds(ScoreTest("fit", "equals", Decimal(20))) is None
    assert holds(ScoreTest("fit", "equals", Decimal(5))) is False
    assert holds(GradeTest(("A", "B", "C"), "fit")) is True
    assert holds(GradeTest(("B",), "fit")) is None
    assert holds(GradeTest(("D",), "fit")) is False


def test_a_score_may_test_another_one() -> None:
    """It is computed when first asked for, whatever the order in the book."""
    first = Score("fit", (Criterion("engaged", Decimal(7), when=ScoreTest("interest", "at_least", Decimal(5))),))
    book = waterfall(
        scores={"fit": first, "interest": Score("interest", (activity(5),))}, grid=None, temperatures=None
    )
    found = Scoring(book).card(Moment(History(ordered([did("webinar", 1)]), book.fields), day(2)))
    assert {name: score.value for name, score in found.scores().items()} == {"fit": 7, "interest": 5}
