"""Replay as it happened: laws of ranges, parts and order, and what files are refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.cli import run
from leadline.common.errors import UsageError
from leadline.history.people import HistorySource
from leadline.history.replaying import Span, replay_happened
from leadline.history.runs import SortedLines
from tests.history import tiny

DAY = timedelta(days=1)


def log(source: HistorySource, span: Span, *, bodies: bool = False, workers: int = 1) -> list[str]:
    """Return the log of a range as lines."""
    with replay_happened(source, tiny.book(), span, bodies=bodies, workers=workers) as done:
        return list(done.texts())


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> HistorySource:
    """Return the four people's history."""
    return tiny.history(tmp_path_factory.mktemp("tiny"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 31 * 24 * 60), max_size=4), bodies=st.booleans())
def test_split_ranges_tell_what_the_whole_tells(source: HistorySource, cuts: Sequence[int], bodies: bool) -> None:
    """Replays of neighbouring ranges, one after the other, are the replay of the whole, byte for byte."""
    start, end = tiny.SPAN.since - DAY, tiny.SPAN.until
    ends = sorted({start, end, *(tiny.SPAN.since + timedelta(minutes=cut) for cut in cuts if cut)})
    parts = [line for first, last in pairwise(ends) for line in log(source, Span(first, last), bodies=bodies)]
    assert parts == log(source, Span(start, end), bodies=bodies)


def test_every_turn_is_told_in_order(source: HistorySource) -> None:
    """One person's month: stages entered and left, grades crossed, with reasons."""
    rows = [json.loads(line) for line in log(source, tiny.SPAN)]
    mine = [(row["at"], row["event"], row["name"], row["from"], row["to"]) for row in rows if row["person_id"] == "a"]
    assert mine == [
        ("2026-03-01T00:00:00Z", "enter", "lead", None, None),
        ("2026-03-01T00:00:00Z", "grade", "interest", None, "3"),
        ("2026-03-02T10:00:00Z", "leave", "lead", None, "mql"),
        ("2026-03-02T10:00:00Z", "enter", "mql", "lead", None),
        ("2026-03-02T10:00:00Z", "grade", "interest", "3", "2"),
        ("2026-03-04T10:00:00Z", "leave", "mql", None, "sql"),
        ("2026-03-04T10:00:00Z", "enter", "sql", "mql", None),
        ("2026-03-11T10:00:00Z", "leave", "sql", None, "customer"),
        ("2026-03-11T10:00:00Z", "enter", "customer", "sql", None),
    ]
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    implied = [row for row in rows if row["by"] == "implied"]
    assert [(row["person_id"], row["name"]) for row in implied] == [("d", "mql")]


def test_any_parts_and_processes_give_the_same_bytes(source: HistorySource, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, one by one, or split by hand: the same log."""
    whole = log(source, tiny.SPAN)
    one_by_one = [line for person in source.ids() for line in log(source.part([person]), tiny.SPAN)]
    assert sorted(one_by_one) == sorted(whole)
    monkeypatch.setattr("leadline.history.working.in_parts.__defaults__", (1, 1))
    assert log(source, tiny.SPAN) == whole


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=5), max_size=4)))
@settings(max_examples=25, deadline=None)
def test_sorted_lines_on_disk_are_sorted_lines(runs: list[list[str]]) -> None:
    """However the lines come, they are read in order."""
    with SortedLines() as lines:
        for some in runs:
            lines.add(some)
        assert list(lines) == sorted(line for some in runs for line in some)


def test_many_runs_are_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    """More runs than may be open at once are merged on the way."""
    monkeypatch.setattr("leadline.history.runs.MOST_RUNS", 3)
    with SortedLines() as lines:
        for number in range(20):
            lines.add([f"{(number * 7) % 20:02}"])
        assert list(lines) == [f"{number:02}" for number in range(20)]


def test_a_range_has_two_ends() -> None:
    """An empty range is a slip of the pen."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(UsageError, match="--from must lie before --to"):
        Span(at, at)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("activities", "a,form", "a,fomr", "did you mean `form`"),
        ("changes", "a,country", "a,contry", "did you mean `country`"),
        ("deals", ",won,", ",wonn,", "did you mean `won`"),
        ("deals", "2026-03-11T10:00:00Z", "soon", "not an ISO 8601 instant"),
        ("people", "b,DE", "a,DE", "stands already in line 2"),
        ("people", "d,DE,7", "d,DE,much", "this is no"),
    ],
)
def test_bad_rows_are_told_with_their_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, said: str
) -> None:
    """Each bad row is told with file and line; nothing is a traceback."""
    tiny.history(tmp_path)
    (tmp_path / "rules.yml").write_bytes(tiny.sources()["rules.yml"])
    path = tmp_path / f"{file}.csv"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert run(command(tmp_path, "replay")) == 2
    told = capsys.readouterr().err
    assert said in told
    assert f"{file}.csv:" in told


def command(folder: Path, verb: str, *more: str) -> list[str]:
    """Return a command line over the four people's files."""
    files = [
        item
        for name in ("people", "activities", "changes", "deals")
        for item in (f"--{name}", str(folder / f"{name}.csv"))
    ]
    return [verb, "--rules", str(folder / "rules.yml"), "--from", "2026-03-01", "--to", "2026-04-01", *files, *more]


def test_the_verbs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Replay as JSON, CSV, JSON lines and Parquet has the same events; backtest writes its page."""
    tiny.history(tmp_path)
    (tmp_path / "rules.yml").write_bytes(tiny.sources()["rules.yml"])
    assert run(command(tmp_path, "replay", "--json")) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["people"] == 4
    out = tmp_path / "log.jsonl"
    assert run(command(tmp_path, "replay", "--out", str(out))) == 0
    assert [json.loads(line) for line in out.read_text().splitlines()] == shown["events"]
    assert run(command(tmp_path, "replay", "--out", str(tmp_path / "log.parquet"))) == 0
    capsys.readouterr()
    assert run(command(tmp_path, "replay", "--csv")) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(shown["events"]) + 1
    assert run(command(tmp_path, "replay")) == 0
    assert "enter  mql  lead -> -  main path  MQL: interest >= 20" in capsys.readouterr().out
    page = tmp_path / "report.html"
    sweep = ["--sweep", "stages.mql.enter.interest.at_least=20..40/20", "--capacity", "1 a day"]
    assert (
        run(command(tmp_path, "backtest", "--against", str(tmp_path / "rules.yml"), "--html", str(page), *sweep)) == 0
    )
    told = capsys.readouterr().out
    assert "leaking: `budget` has no history" in told
    assert "= 20 fits 1 a day" in told
    assert page.read_text().startswith("<!doctype html>")
    assert run(command(tmp_path, "backtest", "--capacity", "1 a day")) == 2
    assert run(command(tmp_path, "backtest", "--html", str(tmp_path / "nowhere" / "report.html"))) == 2
    assert run(command(tmp_path, "backtest", "--json")) == 0
