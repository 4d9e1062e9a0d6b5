"""Judging runs and telling of changes: once each, again when it is over, and nothing while too little is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.errors import BookError, Problem, UnavailableError
from leadline.sync.store import Store, open_store
from leadline.sync.store.cycles import Cycle, finish_cycle, start_cycle
from leadline.sync.watching.alerting import Deliver, tell_changes, unresolved
from leadline.sync.watching.judging import FEWEST_RUNS, Condition, judge
from leadline.sync.watching.measuring import Measures, measure
from leadline.sync.watching.settings import AlertSettings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SETTINGS = AlertSettings()
DOWN = Condition("run", "failed", "the last run failed")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty state."""
    with open_store(f"sqlite:///{tmp_path}/state.db") as opened:
        yield opened


def run(number: int, rows: int, *, failed: int = 0, lag: int = 0) -> Cycle:
    """Return one past sync."""
    counts = {"rows": {"salesforce Lead": rows}, "decisions": 5, "written": {"verified": 100, "parked": failed}}
    return Cycle(number, "sync", "done", NOW, NOW, NOW - timedelta(seconds=lag), NOW, "b", counts)


def measures(last: Cycle | None, **more: object) -> Measures:
    """Return measures in which only the last run stands."""
    known = {"good": NOW, "lag": None, "paused": False, "decisions": 0, "runs": {}, "written": {}, "slas": {}}
    return Measures(NOW, last, last, **{**known, "parked": {}, "effects": {}, "people": {}, **more})  # type: ignore[arg-type]


def names(past: Sequence[Cycle]) -> list[tuple[str, str]]:
    """Return what is told of the newest of these runs."""
    return [(item.name, item.state) for item in judge(measures(past[0]), past, SETTINGS)]


USUAL = [run(number, 1000 + number % 3) for number in range(20)]


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        (run(99, 1001), []),
        (run(99, 1700), []),
        (run(99, 5000), [("rows", "high")]),
        (run(99, 0), [("rows", "low")]),
        (run(99, 1000, failed=3), []),
        (run(99, 1000, failed=30), [("failures", "high")]),
        (run(99, 1000, lag=200), []),
        (run(99, 1000, lag=3600), [("lag", "high")]),
    ],
)
def test_a_run_far_from_those_before_it_is_told(odd: Cycle, told: list[tuple[str, str]]) -> None:
    """More rows or none, more failures, more lag; small changes are none."""
    assert names([odd, *USUAL]) == told


def test_too_few_runs_say_nothing_and_a_few_odd_ones_do_not_hide_the_next() -> None:
    """Nothing is compared with fewer than ten runs; a third of odd ones among the past ones does not stretch it."""
    odd = run(99, 50_000)
    assert names([odd, *USUAL[: FEWEST_RUNS - 1]]) == []
    assert names([odd, *USUAL[:FEWEST_RUNS]]) == [("rows", "high")]
    assert names([odd, *[run(n, 50_000) for n in range(9)], *USUAL]) == [("rows", "high")]


@given(st.lists(st.integers(0, 10**7), min_size=FEWEST_RUNS, max_size=31).filter(lambda rows: len(rows) % 2))
def test_the_median_of_the_past_is_never_told(rows: list[int]) -> None:
    """Whatever was, a run in its very middle is nothing new."""
    middle = sorted(rows)[len(rows) // 2]
    assert names([run(99, middle), *(run(n, count) for n, count in enumerate(rows))]) == []


def test_failures_ages_pauses_and_refusals_are_told() -> None:
    """Each has its own name; a failure's own words go without what is nobody's business."""
    error = UnavailableError("https://hooks.example/T0/secret cannot be reached, ask ann@acme.example")
    (told,) = judge(measures(USUAL[0]), [], SETTINGS, error)
    assert (told.name, told.state) == ("run", "failed")
    assert "secret" not in told.text
    assert "ann@acme" not in told.text
    (refused,) = judge(measures(None), [], SETTINGS, BookError([Problem("rules.yml", 3, 1, "no")]))
    assert refused.state == "refused"
    old = AlertSettings.model_validate({"max_age": "1h"})
    late = measures(USUAL[0], good=NOW - timedelta(hours=2), paused=True, parked={("salesforce", "X"): 3})
    assert [item.name for item in judge(late, [], old)] == ["age", "paused", "parked"]


class Inbox:
    """Somebody to be told, who may be away."""

    def __init__(self) -> None:
        self.came: list[tuple[str, str]] = []
        self.away = False

    def __call__(self, key: str, text: str) -> None:
        if self.away:
            raise UnavailableError("nobody answers")
        self.came.append((key, text))

    @property
    def texts(self) -> list[str]:
        """What came, in order."""
        return [text for _, text in self.came]


def test_one_message_a_change_and_one_when_it_is_over(store: Store) -> None:
    """The same condition is told once, however often it is found; another state of it again; then that it is well."""
    inbox = Inbox()

    def tell(*found: Condition) -> None:
        tell_changes(store, found, {"inbox": inbox}, "Acme")

    tell()
    tell(DOWN)
    tell(DOWN)
    tell(Condition("run", "refused", "a guard says no"))
    tell()
    tell()
    tell(DOWN)
    assert inbox.texts == [
        "Acme: the last run failed",
        "Acme: a guard says no",
        "Acme: well again: a guard says no",
        "Acme: the last run failed",
    ]


def test_who_was_away_is_told_later_and_under_the_same_key(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """One target's failure does not keep another's message back; a crash before the note repeats the key."""
    one, other = Inbox(), Inbox()
    targets: dict[str, Deliver] = {"one": one, "other": other}
    one.away = True
    assert list(tell_changes(store, [DOWN], targets, "Acme").failed) == ["one"]
    assert (one.texts, len(other.texts)) == ([], 1)
    one.away = False

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("leadline.sync.watching.alerting._remember", crash)
        tell_changes(store, [DOWN], targets, "Acme")
    tell_changes(store, [DOWN], targets, "Acme")
    assert len(other.texts) == 1
    assert len(one.came) == 2
    assert len(set(one.came)) == 1


def test_a_failure_without_a_record_stands_until_a_later_run(store: Store) -> None:
    """Between runs nobody is told that all is well again only because the failed run left no row."""
    tell_changes(store, [DOWN], {"inbox": Inbox()}, "Acme")
    left = unresolved(store)
    assert left is not None
    assert (left.name, left.state) == ("run", "failed")
    with store.write() as connection:
        number = start_cycle(connection, "sync", NOW)
        finish_cycle(connection, number, "done", NOW, {"rows": {}})
    assert unresolved(store) is None
    found = measure(store, NOW + timedelta(hours=1))
    assert (found.age, found.runs) == (timedelta(hours=1), {("sync", "done"): 1})
