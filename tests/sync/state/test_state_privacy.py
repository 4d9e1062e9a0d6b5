"""A person's data is given out whole or erased, and what was erased does not come back."""

import json
import sqlite3
from datetime import UTC, datetime

import pytest
from pretend_world import make_world
from sqlalchemy import select

from leadline.common.errors import RefusedError
from leadline.common.values import RecordRef, SourceActivity
from leadline.sync.people import find_person
from leadline.sync.privacy import Tombstones, export, forget
from leadline.sync.privacy.tombstones import bury
from leadline.sync.store import open_store
from leadline.sync.store.outcomes import decisions_of
from leadline.sync.store.schema import metadata
from leadline.sync.verifying import verify

ANN = {"Email": "ann@acme.example", "Title": "Chief Secret Officer", "NumberOfEmployees": 90}
BOB = {"Email": "bob@acme.example", "Title": "Head of Pipes", "NumberOfEmployees": 90}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def texts(store):
    """Return every row of every table as one text."""
    with store.read() as connection:
        return "\n".join(
            repr(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))
        )


def two_people(store):
    """Let a cycle pass over Ann, in both CRMs, and Bob."""
    world = make_world(store)
    world.salesforce.put("Lead", "L1", ANN)
    world.hubspot.put("contact", "7", {"email": "ann@acme.example", "lifecyclestage": "lead"})
    world.salesforce.put("Lead", "L2", BOB)
    world.cycle()
    return world


def test_an_export_holds_everything(store):
    """Records of both CRMs, observations, decisions and the state itself, and nothing of anybody else."""
    two_people(store)
    found = export(store, find_person(store, "ann@acme.example"))
    text = json.dumps(found)
    assert "Chief Secret Officer" in text
    assert {row["object"] for row in found["records"]} == {"Lead", "contact"}
    assert len(found["decisions"]) == 1
    assert "Pipes" not in text


def test_nothing_of_an_erased_person_is_left(any_url):
    """No table tells of Ann any more, Bob is untouched, and neither a pull nor an evaluation brings her back."""
    with open_store(any_url) as store:
        world = two_people(store)
        person = find_person(store, "ann@acme.example")
        with store.read() as connection:
            decision = decisions_of(connection, person)[0].id
        bob = export(store, find_person(store, "bob@acme.example"))
        erased = forget(store, person, NOW)
        assert erased.rows["decisions"] == 1
        left = texts(store)
        for word in ("ann@acme", "Chief Secret", "'L1'", decision):
            assert word not in left
        with pytest.raises(RefusedError, match="was erased on 2026-03-01"):
            find_person(store, person)
        with pytest.raises(RefusedError, match="erased on 2026-03-01, and the decision with them"):
            verify(store, decision)
        assert export(store, find_person(store, "bob@acme.example")) == bob

        world.pass_time(minutes=5)
        world.salesforce.put("Lead", "L1", {**ANN, "Title": "Chief Secret Keeper"})
        world.cycle()
        assert "Secret" not in texts(store)
        world.salesforce.put("Lead", "L9", ANN)
        world.pass_time(minutes=5)
        world.cycle()
        assert find_person(store, "ann@acme.example") not in {person, bob["person"]}


def test_the_file_itself_forgets(tmp_path):
    """SQLite overwrites what was erased: the bytes are gone from the file and its log."""
    file = tmp_path / "state.db"
    with open_store(f"sqlite:///{file}") as store:
        two_people(store)
        forget(store, find_person(store, "ann@acme.example"), NOW)
        raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Chief Secret" not in raw
    assert b"Head of Pipes" in raw
    with sqlite3.connect(file) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_address_is_let_in_again_for_what_happens_later(store):
    """A form sent before the erasure stays out, one sent afterwards is a new acquaintance."""
    with store.write() as connection:
        bury(connection, ["ann@acme.example", RecordRef("hubspot", "contact", "7")], NOW)
        stones = Tombstones.load(connection)

    def form(at, about=()):
        return SourceActivity("hubspot", "form", "f1", at, at, about=about, email="Ann@acme.example")

    after = NOW.replace(day=2)
    contact = RecordRef("hubspot", "contact", "7")
    assert stones.living_activities([form(NOW)]) == ()
    assert len(stones.living_activities([form(after)])) == 1
    assert stones.living_activities([form(after, (contact,))]) == ()
    assert len(stones.living_activities([form(after, (contact, RecordRef("hubspot", "contact", "8")))])) == 1
