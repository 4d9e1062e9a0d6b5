"""A state is checked, copied and put back, on SQLite and on PostgreSQL."""

import stat
from datetime import UTC, datetime

import pytest
from pretend_world import make_world
from sqlalchemy import select, text, update

from leadline.common.errors import RefusedError, UsageError
from leadline.sync.drift import drift
from leadline.sync.explaining import explain_person
from leadline.sync.operations.copying import back_up, restore
from leadline.sync.operations.integrity import check_state
from leadline.sync.retelling import story_of
from leadline.sync.store import open_store
from leadline.sync.store.cycles import finish_cycle, start_cycle
from leadline.sync.store.schema import lifecycle, metadata, persons, records

_NOW = datetime(2026, 1, 5, tzinfo=UTC)
CHIEF = {"Email": "ann@acme.example", "Title": "Chief", "NumberOfEmployees": 90}


def contents(store):
    """Return everything in a store but the leases, in a fixed order."""
    with store.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
            if table.name != "leases"
        }


def lived(store):
    """Let two cycles pass over two people."""
    world = make_world(store)
    world.salesforce.put("Lead", "L1", CHIEF)
    world.hubspot.put("contact", "7", {"email": "bob@acme.example", "lifecyclestage": "lead"})
    pulled, _ = world.cycle()
    world.pass_time(minutes=5)
    world.salesforce.put("Lead", "L1", {**CHIEF, "Title": "Head"})
    second, _ = world.cycle()
    with store.write() as connection:
        for cycle in (pulled.cycle, second.cycle):
            finish_cycle(connection, cycle, "done", second.frontier, {})
    return world


def test_a_backup_is_the_state_and_goes_on(any_url, tmp_path):
    """What is restored holds the same rows, and the next cycle numbers its rows after them; nobody else reads it."""
    file = tmp_path / "kept.db"
    with open_store(f"sqlite:///{tmp_path}/first.db") as store:
        lived(store)
        copied = back_up(store, file)
        before = contents(store)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert copied.rows["observations"] == len(before["observations"]) > 0
    assert [path.name for path in tmp_path.glob("kept*")] == ["kept.db"]
    with open_store(any_url) as store:
        restore(file, store)
        assert contents(store) == before
        assert check_state(store, sample=100) == ()
        with store.write() as connection:
            assert start_cycle(connection, "pull", before["cycles"][-1][3]) == len(before["cycles"]) + 1
        again = tmp_path / "again.db"
        back_up(store, again)
        with pytest.raises(RefusedError, match="not empty"):
            restore(file, store)
    with open_store(f"sqlite:///{again}") as store:
        assert len(contents(store)["cycles"]) == len(before["cycles"]) + 1


def test_a_backup_never_overwrites(store, tmp_path):
    """A file that is there stays; one that is not cannot be restored."""
    file = tmp_path / "kept.db"
    file.write_text("precious")
    with pytest.raises(UsageError, match="there is a file already"):
        back_up(store, file)
    assert file.read_text() == "precious"
    with pytest.raises(UsageError, match="no such file"):
        restore(tmp_path / "none.db", store)
    with pytest.raises(UsageError, match="not a Leadline state store"):
        restore(file, store)


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        (lambda connection: connection.execute(persons.delete()), "person-missing"),
        (lambda connection: connection.execute(update(records).values(person_id="p-000009")), "person-differs"),
        (lambda connection: connection.execute(update(lifecycle).values(stage="sql")), "stage-differs"),
        (lambda connection: connection.execute(text("UPDATE decisions SET body = '{'")), "decision-unreadable"),
        (lambda connection: start_cycle(connection, "sync", _NOW), "run-killed"),
        (lambda connection: connection.execute(text("UPDATE decisions SET input_hash = 'x'")), "decision-differs"),
    ],
    ids=["person", "record", "stage", "decision", "killed", "input"],
)
def test_damage_is_found(store, damage, finding):
    """Each kind of damage has a finding of its own; a whole state has none."""
    lived(store)
    assert check_state(store, sample=10) == ()
    with store.write() as connection:
        damage(connection)
    sample = 10 if finding == "decision-differs" else 0
    assert [item.id for item in check_state(store, sample)] == [finding]


def test_runs_that_came_to_nothing_hide_nothing(world):
    """However many runs read or decided nothing since, what was decided and read before is found."""
    world.salesforce.put("Lead", "L1", CHIEF)
    world.cycle()
    world.salesforce.put("Lead", "L2", {**CHIEF, "Email": "bob@acme.example"})
    world.pull()
    with world.store.write() as connection:
        for _ in range(201):
            start_cycle(connection, "pull", _NOW)
    assert drift(world.store, world.book).people == 1
    assert explain_person(world.store, world.book, "bob@acme.example").tried
    assert story_of(world.store, world.book, "bob@acme.example").until == world.salesforce.now
