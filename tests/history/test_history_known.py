"""Replay as known: the mirror's cycles again, byte for byte what was decided then."""

from pathlib import Path

from sqlalchemy import select

from leadline.history.known import replay_known
from leadline.rules.deciding import decision_to_json
from leadline.rules.reading import read_book
from leadline.sync.cycle import run_sync
from leadline.sync.store.schema import decisions
from tests.sync.writing.rehearsal import Rehearsal, rehearse


def cycle(made: Rehearsal) -> None:
    """Let half an hour pass and run a whole cycle."""
    made.pass_time(minutes=30)
    with made.at_work() as (setting, writers):
        assert run_sync(setting, writers).exit_code == 0


def live_a_month(made: Rehearsal) -> None:
    """Adopt, let weeks pass, move somebody by hand, change the book, and let weeks pass again."""
    made.adopt()
    for days in (2, 9):
        made.pass_time(days=days)
        cycle(made)
    found = sorted(made.shown().items())
    moved = next(ref for ref, shown in found if shown.get("Lifecycle_Stage__c") == "inquiry")
    made.edit("  - leadline@practice.example\n", "")
    cycle(made)
    made.pass_time(minutes=30)
    made.by_hand(moved, {"Lifecycle_Stage__c": "sql"})
    cycle(made)
    made.edit("{A: 60, B: 40, C: 20, D: 0}", "{A: 50, B: 40, C: 20, D: 0}")
    cycle(made)
    made.pass_time(days=30)
    cycle(made)


def test_incremental_is_replay_as_known(tmp_path: Path) -> None:
    """Cycles over both practice CRMs, three books, a move by hand: the stored log again, byte for byte, in order."""
    with rehearse(tmp_path) as made:
        live_a_month(made)
        with made.at_work() as (setting, _):
            again = replay_known(setting.store)
            with setting.store.read() as connection:
                log = select(decisions.c.cycle, decisions.c.body).order_by(decisions.c.number)
                stored = [tuple(row) for row in connection.execute(log)]
            first = read_book({**setting.sources})
            other = replay_known(setting.store, first)
    assert len(stored) > 60
    assert len({number for number, _ in stored}) >= 4
    assert len({known.decision.book for known in again}) == 3
    assert any(move.by == "human" for known in again for move in known.decision.moves)
    assert [(known.cycle, decision_to_json(known.decision)) for known in again] == stored
    assert {known.decision.book for known in other} == {first.hash}


def test_places_are_replayed_too(tmp_path: Path) -> None:
    """Where not all may enter, the places that were given are part of what was known."""
    with rehearse(tmp_path) as made:
        rules = made.home / "rules" / "rules.yml"
        rules.write_text(
            rules.read_text(encoding="utf-8") + "\ncapacity:\n  mql: {most: 1 a day}\n", encoding="utf-8"
        )
        made.adopt()
        made.pass_time(days=1)
        cycle(made)
        with made.at_work() as (setting, _):
            again = replay_known(setting.store)
            with setting.store.read() as connection:
                stored = [tuple(row) for row in connection.execute(select(decisions.c.cycle, decisions.c.body))]
    assert any(known.decision.after.waits_for == "mql" for known in again)
    assert sorted((known.cycle, decision_to_json(known.decision)) for known in again) == sorted(stored)
