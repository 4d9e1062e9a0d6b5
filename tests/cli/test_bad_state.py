"""A state that cannot be used: in a wrong place, of another program, damaged, full, locked, or of another time."""

from __future__ import annotations

import os
import resource
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from leadline.connectors.practice.serving import start_practice
from leadline.sync.lease import Lease
from leadline.sync.schedule import wall_clock
from leadline.sync.store import open_store
from tests.cli.desk import Desk, start


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("leadline.db", 2, "not a database URL; write sqlite:///leadline.db"),
        ("mysql://x/y", 2, "mysql is not supported; use sqlite or postgresql"),
        ("sqlite://", 2, "would forget everything; name a file"),
        ('"sqlite:///:memory:"', 2, "would forget everything; name a file"),
        ("sqlite:///.", 2, "is a directory; name a file in it"),
        ("sqlite:///x.db?mode=ro", 2, "a SQLite file takes no options"),
        ("sqlite:///rules.yml/x.db", 2, "cannot be made"),
        ("sqlite:///rules.yml", 2, "not a Leadline state store"),
        ("sqlite:////proc/leadline.db", 3, "cannot be opened: may this user write there?"),
        ("postgresql://u@127.0.0.1:port/x", 2, "not a database URL"),
        ("postgresql://u:${CANARY}@127.0.0.1:9/x", 3, "check that it is reachable"),
    ],
)
def test_a_place_that_cannot_hold_a_state(
    reading_desk: Desk, monkeypatch: pytest.MonkeyPatch, url: str, code: int, said: str
) -> None:
    """The message says what is wrong with the place; no CRM is asked."""
    monkeypatch.setenv("CANARY", "canary-77")
    rules = Path("rules.yml").read_bytes()
    reading_desk.edit("sqlite:///leadline.db", url, "leadline.yml")
    calls = reading_desk.calls("salesforce")
    told = reading_desk.refused("plan", code=code, said=said)
    assert "canary" not in told.err
    assert reading_desk.calls("salesforce") == calls
    assert Path("rules.yml").read_bytes() == rules


def test_the_database_of_another_program_is_left_alone(reading_desk: Desk) -> None:
    """Not a byte of somebody else's SQLite file changes."""
    connection = sqlite3.connect("leadline.db")
    connection.execute("CREATE TABLE invoices (number INTEGER)")
    connection.commit()
    connection.close()
    before = Path("leadline.db").read_bytes()
    for verb in ("plan", "report"):
        reading_desk.refused(verb, code=2, said="another program's tables; name a file or a database of its own")
    assert Path("leadline.db").read_bytes() == before
    assert not Path("leadline.db-wal").exists()


@pytest.mark.parametrize(
    ("version", "said"),
    [("0999", "written by a newer version; upgrade Leadline"), ("0000", "no version of Leadline")],
)
def test_a_state_of_another_schema(reading_desk: Desk, version: str, said: str) -> None:
    """A newer state is not touched, and neither is one that nobody wrote."""
    assert reading_desk.leadline("pull").code == 0
    connection = sqlite3.connect("leadline.db")
    connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.commit()
    connection.close()
    before = reading_desk.state()
    for arguments in (("plan",), ("report",), ("verify", "d-1")):
        reading_desk.refused(*arguments, code=2, said=said)
    assert reading_desk.state() == before


def cut(file: Path) -> None:
    """Lose the end of a file."""
    os.truncate(file, 20_000)


def spoil(file: Path) -> None:
    """Overwrite the inside of a file."""
    with file.open("r+b") as opened:
        opened.seek(8192)
        opened.write(b"\x55" * 200_000)


@pytest.mark.parametrize("damage", [cut, spoil])
def test_a_damaged_state(reading_desk: Desk, damage: Callable[[Path], None]) -> None:
    """A database that SQLite cannot read is told by name, with what to do."""
    assert reading_desk.leadline("pull").code == 0
    damage(Path("leadline.db"))
    for verb in ("plan", "report", "sync"):
        said = reading_desk.leadline(verb)
        assert said.code == 3
        assert "leadline.db is damaged: put a copy of it back" in said.err


def test_a_disk_that_fills_up(reading_desk: Desk) -> None:
    """A file that may not grow ends the pull with exit code 3; with room again, it goes on from a sound state."""

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    process = start("pull", preexec_fn=small)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (3, "")
    assert "Traceback" not in err
    assert "disk full" in err or "cannot grow" in err
    assert reading_desk.leadline("plan", "--json").json["plan"]["counts"]["people"] == 60


def test_two_runs_at_once(reading_desk: Desk) -> None:
    """The second run changes nothing and says who is at work; looking is always allowed."""
    assert reading_desk.leadline("pull").code == 0
    with open_store(f"sqlite:///{Path('leadline.db').absolute()}") as store:
        with Lease(store, wall_clock, owner="elsewhere:77:x").held():
            for verb in ("pull", "plan", "sync"):
                reading_desk.refused(
                    verb, code=1, said="another run is at work on this state (process 77 on elsewhere)"
                )
            assert reading_desk.leadline("report").code == 0
            assert reading_desk.leadline("explain", "p-1").code == 0
        assert reading_desk.leadline("plan").code == 0


def test_a_run_that_died_elsewhere_is_taken_over_in_time(reading_desk: Desk) -> None:
    """A lease that ran out holds nobody up."""
    assert reading_desk.leadline("pull").code == 0
    with open_store(f"sqlite:///{Path('leadline.db').absolute()}") as store:
        before = Lease(store, lambda: wall_clock() - timedelta(hours=1), owner="elsewhere:77:x")
        with before.held():
            assert reading_desk.leadline("plan").code == 0


def test_another_organisation(reading_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that belongs to other CRMs is not mixed up with these, whatever the verb."""
    assert reading_desk.leadline("plan", "-o", "plan.json").code == 0
    before = reading_desk.state()
    with start_practice(people=5, seed=12, frozen=True) as other:
        for name, value in other.environment().items():
            monkeypatch.setenv(name, value)
        for arguments in (("pull",), ("plan",), ("sync",)):
            reading_desk.refused(*arguments, code=1, said="this state belongs to salesforce organisation")
        reading_desk.refused("apply", "plan.json", code=1, said="is connected; make a new plan")
    after = reading_desk.state()
    # That a run failed is all that is kept of it: `leadline health` tells.
    assert {**after, "meta": [row for row in after["meta"] if not row.startswith("('unrecorded'")]} == before
