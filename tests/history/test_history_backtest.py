"""A backtest's figures, checked by hand on four people."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from leadline.common.errors import UsageError
from leadline.common.stats import quartiles_of, ratio_of, share_of
from leadline.history.backtest import compare, focus_of
from leadline.history.report import Backtest, LoadLine
from leadline.history.summing import report_of
from leadline.history.sweeping import read_capacity, read_sweeps, run_sweep
from leadline.pages.backtest import backtest_page
from tests.history import tiny


@pytest.fixture
def found(tmp_path: Path) -> Backtest:
    """Return the backtest of a threshold of 40 against one of 20."""
    source, asked = tiny.history(tmp_path), tiny.question()
    return report_of(source, asked, compare(source, asked))


def test_flips(found: Backtest) -> None:
    """Under the stricter book two are no MQL, one of them is SQL at once; each has a reason."""
    flips = {(line.source, line.target): line for line in found.flips}
    counted = {step: (line.both, line.only_old, line.only_new) for step, line in flips.items()}
    assert counted == {
        ("lead", "mql"): (1, 2, 0),
        ("lead", "sql"): (1, 0, 1),
        ("mql", "sql"): (1, 1, 0),
        ("sql", "customer"): (1, 0, 0),
    }
    lost = flips["lead", "mql"].lost
    assert [sample.person for sample in lost] == ["a", "b"]
    assert lost[0].why == "MQL: interest >= 20"
    assert lost[0].other == "in lead; not interest >= 40 (interest is 20 (20 to 25))"
    assert flips["mql", "sql"].lost[0].other == "moves there at the same instant, from lead"


def test_differences_of_points_are_told(tmp_path: Path) -> None:
    """Where the books price a criterion differently, the sample says so."""
    from leadline.rules.reading import read_book

    cheap = {"rules.yml": tiny.BOOK.replace("points: 20, each: form", "points: 9, each: form").encode()}
    asked = replace(tiny.question(), new=read_book(cheap))
    source = tiny.history(tmp_path)
    flip = next(line for line in report_of(source, asked, compare(source, asked)).flips if line.target == "mql")
    told = [(item.score, item.criterion, item.old, item.new) for item in flip.lost[0].differences]
    assert told == [("interest", "form filled", 20, 9), ("interest", "", 20, 9)]


def test_conversion_and_times(found: Backtest) -> None:
    """Stages passed over are left out; intervals are Wilson's."""
    assert found.old is not None
    old = {(line.source, line.target): line for line in found.old.steps}
    new = {(line.source, line.target): line for line in found.new.steps}
    parts = {step: (line.share.part, line.share.whole) for step, line in old.items()}
    assert parts == {
        ("lead", "mql"): (3, 3),
        ("mql", "sql"): (2, 3),
        ("sql", "customer"): (1, 3),
        ("mql", "won"): (1, 3),
    }
    assert {step: (line.share.part, line.share.whole) for step, line in new.items()} == {
        ("lead", "mql"): (1, 2), ("mql", "sql"): (1, 1), ("sql", "customer"): (1, 3), ("mql", "won"): (0, 1),
    }  # fmt: skip
    share = old["mql", "sql"].share
    assert (share.share, share.low, share.high) == (Decimal("0.6667"), Decimal("0.2077"), Decimal("0.9385"))
    assert old["mql", "won"].time.median == timedelta(days=9)
    stays = {line.stage: line for line in found.old.stages}
    assert (stays["mql"].stays.count, stays["mql"].staying) == (2, 1)
    assert stays["mql"].stays.median == timedelta(days=2, hours=12)
    assert stays["mql"].stays.lower == timedelta(days=2, hours=6)


def test_weeks_and_winners(found: Backtest) -> None:
    """Three MQLs in the first full week of March against one; the one who was won is missed."""
    assert found.weeks[:2] == (date(2026, 2, 23), date(2026, 3, 2))
    assert found.old is not None
    counted = [next(line.weeks for line in side.stages if line.stage == "mql") for side in (found.old, found.new)]
    assert counted == [(0, 3, 0, 0, 0, 0), (0, 1, 0, 0, 0, 0)]
    line = found.finding
    assert (line.won, line.both, line.only_old, line.only_new, line.neither) == (1, 0, 1, 0, 0)
    assert [sample.person for sample in line.missed] == ["a"]
    assert found.old.busiest == 2
    assert found.old.a_day == Decimal("0.10")


def test_a_field_without_history_is_named(found: Backtest, tmp_path: Path) -> None:
    """The budget has no changes: it leaks into one criterion. The country has some, so it does not."""
    assert [(leak.field, leak.people, leak.readers) for leak in found.leaking] == [
        ("budget", 4, ("interest: has a budget",))
    ]
    leaky = {line.criterion: line.leaking for line in found.new.criteria}
    assert leaky == {"form filled": (), "has a budget": ("budget",), "far away": ()}
    source, asked = tiny.history(tmp_path, changes=False), tiny.question()
    more = report_of(source, asked, compare(source, asked))
    assert {leak.field for leak in more.leaking} == {"budget", "country"}
    assert "Leaking: fields without a history" in backtest_page(more)


def test_the_sum_of_parts_and_workers(tmp_path: Path) -> None:
    """Any parts and any number of processes come to the same report."""
    source, asked = tiny.history(tmp_path), tiny.question()
    whole = report_of(source, asked, compare(source, asked))
    from leadline.history import backtest, working

    parts = backtest.Compared()
    for count, part in working.in_parts(source, backtest.PartTask(asked), workers=2, size=1):
        parts.add(part)
        parts.people += count
    assert report_of(source, asked, parts) == whole


def test_statistics() -> None:
    """Nothing of nothing is nothing; a lift has an interval; quartiles lie between two values where they must."""
    assert share_of(0, 0).share is None
    assert share_of(0, 10).low == 0
    assert share_of(10, 10).high == 1
    assert ratio_of(5, 9, 5, 90) is None
    lift = ratio_of(30, 100, 10, 100)
    assert lift is not None
    assert (lift.ratio, lift.low, lift.high) == (Decimal("3.0000"), Decimal("1.5508"), Decimal("5.8033"))
    assert ratio_of(0, 50, 10, 50) is not None
    assert quartiles_of([]).median is None
    assert quartiles_of([10, 20, 40, 80]).lower == timedelta(seconds=17)


def test_a_sweep_and_the_point_that_fits(tmp_path: Path) -> None:
    """Thresholds from 0 to 60: fewer people the higher it is; the largest volume within capacity is chosen."""
    source, asked, files = tiny.history(tmp_path), tiny.question(20, alone=True), tiny.sources()
    sweeps = read_sweeps(["stages.mql.enter.interest.at_least=15..45/15"], files)
    swept = run_sweep(source, asked, files, sweeps, read_capacity("0.05 a day"))
    assert [(point.values, point.entries) for point in swept.points] == [(("15",), 3), (("30",), 1), (("45",), 0)]
    assert swept.chosen == 1
    assert [point.frontier for point in swept.points] == [True, False, False]
    assert run_sweep(source, asked, files, sweeps).chosen is None
    assert "15 / " not in backtest_page(report_of(source, asked, compare(source, asked)), swept)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stages.mql.entre.interest.at_least=1,2", "did you mean `enter`"),
        ("scores.interest.grades=1,2", "go on with one of `1`, `2`, `3`"),
        ("scores.interest.grades.1.2=1,2", "nothing is inside"),
        ("name=1,2", "holds no number"),
        ("scores.interest.grades.1=7..3/1", "goes nowhere"),
        ("scores.interest.grades.1=0..1000/1", "at most 100"),
        ("scores.interest.grades.1", "write PATH=FROM..TO/STEP"),
        ("scores.interest.grades.1=many", "30..70/5"),
    ],
)
def test_a_sweep_that_leads_nowhere_says_so(text: str, said: str) -> None:
    """A path is resolved with the nearest name, values are bounded."""
    with pytest.raises(UsageError, match=said.replace(".", r"\.").replace("`", ".")):
        read_sweeps([text], tiny.sources())


def test_the_stage_handed_to_sales() -> None:
    """It is the MQL by default; a name that is on no main path is refused with the nearest."""
    assert focus_of(tiny.book(), None, None) == "mql"
    with pytest.raises(UsageError, match="did you mean"):
        focus_of(tiny.book(), None, "mpl")


def test_names_are_escaped_and_addresses_masked(tmp_path: Path) -> None:
    """The page needs no script and shows nobody's address; what looks like markup is text."""
    source, asked = tiny.history(tmp_path), tiny.question()
    people = (tmp_path / "people.csv").read_text().replace("\na,", "\nann@acme.example,").replace("\nb,", "\n<b>x,")
    for name in ("people", "activities", "changes", "deals"):
        path = tmp_path / f"{name}.csv"
        path.write_text(path.read_text().replace("\na,", "\nann@acme.example,").replace("\nb,", "\n<b>x,"))
    assert "ann@acme" in people
    from leadline.history.files import open_files

    paths = [tmp_path / f"{name}.csv" for name in ("people", "activities", "changes", "deals")]
    source = open_files([asked.new], *paths)
    page = backtest_page(report_of(source, asked, compare(source, asked)))
    assert "a***@***.example" in page
    assert "ann@acme" not in page
    assert "&lt;b&gt;x" in page
    assert "<b>x" not in page
    assert "<script" not in page
    assert page.count("<svg") >= 5
    assert "prefers-color-scheme: dark" in page


def test_the_page_begins_with_what_it_comes_to(found: Backtest) -> None:
    """Volume, quality, who moves otherwise, whom it would have found, and what to doubt, before any chart."""
    page = html.unescape(backtest_page(found))
    head = page[: page.index("<svg")]
    assert "people a day become mql under the new book" in head
    assert "are made of other people" in head
    assert "1 person was won. 0 had been mql before that under both books, 1 only under the old book" in head
    assert "1 field has no history (budget)" in head
    assert "What this cannot know stands at the end" in head


def test_owners_beyond_the_first_are_a_click_away(found: Backtest) -> None:
    """Those with the most timers are shown at once, each with the hours in which theirs start."""
    hours = tuple(1 if hour == 9 else 0 for hour in range(24))
    load = tuple(
        LoadLine("answer", f"owner {place}", tuple(n * (place + 1) for n in hours), 1) for place in range(10)
    )
    page = backtest_page(replace(found, new=replace(found.new, load=load)))
    shown, hidden = page.split("<summary>2 more owners</summary>")
    assert "SLA answer: 0 started and 0 breached (old book), 55 started and 10 breached (new book)" in shown
    assert "owner 9" in shown
    assert "owner 1" not in shown
    assert "owner 1" in hidden
    assert page.count('class="spark"') == 10
    assert 'aria-label="timers by hour: 9:00 10"' in shown
