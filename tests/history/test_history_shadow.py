"""Shadow mode: a candidate decides beside the live book, writes nothing, and is compared."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from leadline.common.bookfiles import read_sources
from leadline.common.errors import RefusedError
from leadline.history.beside import compare_shadow
from leadline.rules.reading import read_book
from leadline.sync.cycle import SyncResult, run_sync
from leadline.sync.shadow import Shadow
from leadline.sync.store.outcomes import all_lifecycle
from leadline.sync.store.schema import lifecycle, shadow_lifecycle
from tests.sync.writing.rehearsal import Rehearsal, rehearse


def candidate(made: Rehearsal, old: str, new: str) -> Shadow:
    """Return the live book with an edit, as a candidate."""
    sources = read_sources(made.home / "rules")
    text = sources["rules.yml"].decode()
    assert old in text
    sources["rules.yml"] = text.replace(old, new).encode()
    return Shadow(read_book(sources), sources)


def cycle(made: Rehearsal, shadow: Shadow | None) -> SyncResult:
    """Run a whole cycle with a candidate beside it."""
    made.pass_time(minutes=30)
    with made.at_work() as (setting, writers):
        return run_sync(replace(setting, shadow=shadow), writers)


def test_a_candidate_follows_and_writes_nothing(tmp_path: Path) -> None:
    """A stricter candidate keeps people back; the CRMs and the live states are those of a run without it."""
    with rehearse(tmp_path) as made:
        made.adopt()
        with made.at_work() as (setting, _), pytest.raises(RefusedError, match="no candidate"):
            compare_shadow(setting.store)
        strict = candidate(made, "{A: 60, B: 40, C: 20, D: 0}", "{A: 10, B: 5, C: 2, D: 0}")
        first = cycle(made, strict)
        assert first.exit_code == 0
        assert first.plan.empty
        before = made.shown()
        made.pass_time(days=20)
        assert cycle(made, strict).exit_code == 0
        with made.at_work() as (setting, _):
            found = compare_shadow(setting.store)
            with setting.store.read() as connection:
                live = all_lifecycle(connection)
                shadows = connection.execute(shadow_lifecycle.select()).mappings().all()
        assert before.keys() == made.shown().keys()
    assert found.people == len(live) == len(shadows)
    assert found.other_grade > 0
    assert found.same == sum(line.people for line in found.lines if line.live == line.shadow)
    assert {stage: count for stage, count, _ in found.stages if count} == Counter(row.stage for row in live)
    assert all(line.samples for line in found.lines if line.live != line.shadow)
    assert found.frontier == max(row.frontier for row in live)
    assert {row["book_hash"] for row in shadows} == {strict.book.hash if strict.book else ""}


def test_the_same_book_stands_where_the_live_one_stands(tmp_path: Path) -> None:
    """A candidate that is only named otherwise ends in the same outcomes, cycle after cycle."""
    with rehearse(tmp_path) as made:
        made.adopt()
        name = next(line for line in (made.home / "rules" / "rules.yml").read_text().splitlines() if "name:" in line)
        same = candidate(made, name, "name: another name")
        for days in (1, 15, 40):
            made.pass_time(days=days)
            cycle(made, same)
        with made.at_work() as (setting, _), setting.store.read() as connection:
            live = {row.person_id: row.outcome for row in connection.execute(lifecycle.select())}
            beside = {row.person_id: row.outcome for row in connection.execute(shadow_lifecycle.select())}
    assert len(beside) > 20
    assert beside == live


def test_a_candidate_that_cannot_be_used_stops_nothing(tmp_path: Path) -> None:
    """A candidate that cannot be read, or lacks a stage that people are in, is noted; the live cycle goes on."""
    with rehearse(tmp_path) as made:
        made.adopt()
        good = candidate(made, "{A: 60, B: 40, C: 20, D: 0}", "{A: 61, B: 40, C: 20, D: 0}")
        assert cycle(made, good).exit_code == 0
        assert cycle(made, Shadow(None, {}, "rules.yml:3:1: broken")).exit_code == 0
        with made.at_work() as (setting, _):
            found = compare_shadow(setting.store)
    assert found.problem == "rules.yml:3:1: broken"
    assert found.people > 20
