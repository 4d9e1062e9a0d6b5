"""The store: schema, migrations, transactions, leases, books, plans and the journal, on both databases."""

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pretend_crm import START
from pretend_world import make_world

from leadline.common.errors import UnavailableError, UsageError
from leadline.common.values import RecordRef
from leadline.rules.state import UNREADABLE
from leadline.sync.evaluating import evaluate
from leadline.sync.people import find_person
from leadline.sync.pull import pull
from leadline.sync.store import open_store
from leadline.sync.store.applying import Settlement, reopen, settle
from leadline.sync.store.cycles import (
    acquire_lease,
    activate_book,
    active_book,
    book_sources,
    finish_cycle,
    get_cycle,
    get_meta,
    last_cycles,
    lease_holder,
    release_lease,
    remember_book,
    set_meta,
    start_cycle,
)
from leadline.sync.store.journal import (
    Intent,
    PlanRow,
    append_intents,
    claim_intents,
    get_plan,
    journal_counts,
    save_plan,
    set_plan_status,
)
from leadline.sync.store.mirror import Written, load_written, remember_written
from leadline.sync.store.opening import SCHEMA_VERSION
from leadline.sync.store.outcomes import all_lifecycle, set_published, stock
from leadline.sync.store.schema import metadata
from leadline.sync.store.types import dump, from_microseconds, parse, to_microseconds
from leadline.sync.verifying import verify
from tests.sync.looking import decisions_in, intents_of

pytestmark = pytest.mark.usefixtures("by_migrations")
MINUTE = timedelta(minutes=1)


def test_a_new_file_is_its_owner_s_alone(tmp_path):
    """It holds personal data, as the files beside it do; the rights of one that was there are somebody's decision."""
    file = tmp_path / "state.db"
    for mode in (0o600, 0o640):
        with open_store(f"sqlite:///{file}") as store, store.write() as connection:
            set_meta(connection, "a", "b")
            made = [path for path in tmp_path.iterdir() if path.name.startswith("state.db")]
            assert len(made) == 3
            assert {path.stat().st_mode & 0o777 for path in made} == {mode}
        file.chmod(0o640)


def test_migrations_make_exactly_the_schema(any_url):
    """What the migrations build is what the tables say, and the newest one is the version we compare with."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with open_store(any_url) as store, store.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == SCHEMA_VERSION


def test_reading_waits_for_no_writer(any_url, monkeypatch):
    """A report, an export or a health check opens the state while a cycle writes, and sees it as it was."""
    monkeypatch.setattr("leadline.sync.store.opening.BUSY_SECONDS", 0)
    with open_store(any_url) as store, store.write() as writing:
        start_cycle(writing, "sync", START)
        with open_store(any_url) as another, another.read() as connection:
            assert last_cycles(connection) == []


def test_opening_twice_keeps_what_is_there(any_url):
    """A second opening migrates nothing and loses nothing."""
    with open_store(any_url) as store, store.write() as connection:
        start_cycle(connection, "sync", START)
    with open_store(any_url) as store, store.read() as connection:
        assert [cycle.kind for cycle in last_cycles(connection, 5)] == ["sync"]


def test_a_newer_schema_is_refused(any_url):
    """A store of a newer Leadline is left alone."""
    with open_store(any_url) as store, store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UsageError, match=r"has schema 9999.* written by a newer version"):
        open_store(any_url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "not a database URL"),
        ("mysql://me@db/x", "mysql is not supported"),
        ("sqlite://", "a store in memory would forget everything"),
    ],
)
def test_a_url_that_cannot_be_used_says_why(url, said):
    """A usage error, no traceback."""
    with pytest.raises(UsageError, match=said):
        open_store(url)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    """Somebody else's file is not touched."""
    (tmp_path / "x.db").write_text("hello, this is a text file and not a database" * 40)
    with pytest.raises(UsageError, match="not a Leadline state store"):
        open_store(f"sqlite:///{tmp_path}/x.db")
    assert (tmp_path / "x.db").read_text().startswith("hello")


def test_a_server_that_is_down_is_unavailable():
    """Waiting may help, and the message does not show the URL's password."""
    with pytest.raises(UnavailableError) as caught:
        open_store("postgresql://me:hush@127.0.0.1:1/none")
    assert "hush" not in str(caught.value)


def test_a_failed_transaction_leaves_nothing(any_url):
    """Everything or nothing."""
    with open_store(any_url) as store:
        with pytest.raises(RuntimeError), store.write() as connection:
            start_cycle(connection, "sync", START)
            raise RuntimeError
        with store.read() as connection:
            assert last_cycles(connection) == []


def test_sqlite_is_set_up_for_two_processes(store):
    """Write-ahead log, waiting instead of failing, foreign keys."""
    with store.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "busy_timeout": 30_000, "foreign_keys": 1}


def test_a_locked_store_is_unavailable(store, tmp_path, monkeypatch):
    """A writer that never ends makes us say so instead of crashing."""
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with store.read() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 10")
    with pytest.raises(UnavailableError, match="locked"), store.write() as connection:
        start_cycle(connection, "sync", START)
    other.close()


def test_cycles_are_kept(any_url):
    """A cycle ends with its status, and counts are merged."""
    with open_store(any_url) as store, store.write() as connection:
        cycle = start_cycle(connection, "sync", START)
        finish_cycle(connection, cycle, "done", START + MINUTE, {"rows": 5})
        finish_cycle(connection, cycle, "partial", START + MINUTE, {"written": {"done": 1}})
        found = get_cycle(connection, cycle)
    assert (found.status, found.finished, found.counts) == (
        "partial",
        START + MINUTE,
        {"rows": 5, "written": {"done": 1}},
    )


def test_one_lease_one_owner(any_url):
    """Only the holder renews; another one waits for the expiry or for the release."""
    with open_store(any_url) as store, store.write() as connection:
        assert acquire_lease(connection, "writer", "one", START, MINUTE)
        assert not acquire_lease(connection, "writer", "two", START, MINUTE)
        assert acquire_lease(connection, "writer", "one", START + MINUTE / 2, MINUTE)
        assert not acquire_lease(connection, "writer", "two", START + MINUTE, MINUTE)
        release_lease(connection, "writer", "two")
        assert lease_holder(connection, "writer") == ("one", START + MINUTE * 1.5)
        assert acquire_lease(connection, "writer", "two", START + MINUTE * 2, MINUTE)
        release_lease(connection, "writer", "two")
        assert lease_holder(connection, "writer") is None


def test_many_askers_one_lease(any_url):
    """Of many who ask at once, one gets it."""
    with open_store(any_url) as store:

        def ask(number):
            with store.write() as connection:
                return acquire_lease(connection, "writer", f"o{number}", START, MINUTE)

        with ThreadPoolExecutor(6) as pool:
            assert Counter(pool.map(ask, range(12)))[True] == 1


def test_books_are_kept_by_hash(any_url):
    """The files come back byte for byte; the book activated last is the active one."""
    sources = {"rules.yml": "name: Ünï".encode(), "lists/a.txt": b"\xff\x00raw"}
    with open_store(any_url) as store, store.write() as connection:
        assert active_book(connection) is None
        remember_book(connection, "h1", "One", sources)
        remember_book(connection, "h1", "One", {"rules.yml": b"other"})
        remember_book(connection, "h2", "Two", {})
        activate_book(connection, "h1", START, 1)
        activate_book(connection, "h2", START, 2)
        assert book_sources(connection, "h1") == sources
        assert book_sources(connection, "h3") is None
        assert active_book(connection) == "h2"


def intents(count):
    """Return planned intents."""
    return [
        Intent(
            "plan",
            seq,
            RecordRef("hubspot", "contact", str(seq)),
            {"a": [None, Decimal("1.5")]},
            "p-000001",
            None,
            START,
            START,
        )
        for seq in range(count)
    ]


def test_the_journal_claims_each_intent_once(any_url):
    """Claims are compare-and-set; settled ones are found by status, those of the dead go back."""
    with open_store(any_url) as store, store.write() as connection:
        save_plan(connection, PlanRow("plan", 1, "made", START, "{}"))
        save_plan(connection, PlanRow("plan", 2, "other", START, "{}"))
        assert get_plan(connection, "plan").cycle == 1
        assert set_plan_status(connection, "plan", "applying", ["made"])
        assert not set_plan_status(connection, "plan", "applying", ["made"])
        append_intents(connection, intents(4))
        ids = [intent.id for intent in intents_of(connection, "plan")]
        assert claim_intents(connection, ids[:2], "me", START) == ids[:2]
        assert claim_intents(connection, ids, "you", START) == ids[2:]
        results = [Settlement(ids[0], "verified"), Settlement(ids[1], "parked", "TOO_LONG", "too long", ("a",))]
        settle(connection, results, START)
        assert [intent.id for intent in intents_of(connection, "plan", "claimed")] == ids[2:]
        assert reopen(connection, "plan", START) == 2
        assert journal_counts(connection, "plan") == {"verified": 1, "parked": 1, "planned": 2}
        parked = intents_of(connection, "plan", "parked")[0]
    assert (parked.code, parked.writes, parked.attempts) == ("TOO_LONG", {"a": [None, Decimal("1.5")]}, 1)


def test_what_we_wrote_is_kept_even_when_it_was_nothing(any_url):
    """A cleared field is remembered as None, the latest value wins."""
    ref = RecordRef("salesforce", "Lead", "L1")
    with open_store(any_url) as store, store.write() as connection:
        remember_written(connection, [Written(ref, "a", 1, "p1", START), Written(ref, "b", None, "p1", START)])
        remember_written(connection, [Written(ref, "a", "2", "p2", START)])
        found = load_written(connection, [ref])[ref]
    assert {name: (entry.value, entry.plan_hash) for name, entry in found.items()} == {
        "a": ("2", "p2"),
        "b": (None, "p1"),
    }


def test_a_whole_round_on_either_database(any_url):
    """Pull, join, evaluate, publish, find and verify give the same on SQLite and PostgreSQL."""
    with open_store(any_url) as store:
        world = make_world(store)
        account = world.salesforce.put("Account", "A1", {"NumberOfEmployees": 80})
        world.salesforce.put(
            "Contact", "C1", {"Email": "ann@acme.example", "Title": "Chief", "AccountId": account.id}
        )
        world.hubspot.put("contact", "7", {"email": "Ann@acme.example", "fit_score": Decimal("0.5")})
        world.hubspot.put("contact", "8", {"email": "ünal@acme.example"})
        world.cycle()
        world.pass_time(hours=1)
        world.hubspot.happen("form", "f1", email="ünal@acme.example", attributes={"form": "demo"})
        world.hubspot.happen("form", "f2", email="ünal@acme.example", attributes={"form": "demo"})
        world.hubspot.put("contact", "8", {"jobtitle": "Chief"})
        world.cycle()
        with store.write() as connection:
            set_published(connection, {"p-000002": {"salesforce": 5}}, START)
            assert stock(connection) == {"mql": 2}
            rows = all_lifecycle(connection)
            ids = [row.id for cycle in (1, 2) for row in decisions_in(connection, cycle)]
        assert [row.published for row in rows] == [None, {"salesforce": 5}]
        assert [row.changed_cycle for row in rows] == [1, 2]
        assert find_person(store, "ÜNAL@acme.example") == "p-000002"
        assert all(verify(store, decision).same for decision in ids)
        assert len(ids) == 3


def test_the_same_input_gives_the_same_bytes_on_both_databases(tmp_path, clean_postgres_url):
    """Decisions do not depend on where they are kept."""
    bodies = []
    for url in (f"sqlite:///{tmp_path}/one.db", f"sqlite:///{tmp_path}/two.db", clean_postgres_url):
        with open_store(url) as store:
            world = make_world(store)
            for number in range(9):
                world.salesforce.put(
                    "Lead",
                    f"L{number}",
                    {"Email": f"{number}@x.example", "Title": "chief", "NumberOfEmployees": 20 * number},
                )
            pulled = pull(store, {"salesforce": world.salesforce, "hubspot": world.hubspot}, world.book)
            evaluate(store, world.book, cycle=pulled.cycle, frontier=pulled.frontier)
            with store.read() as connection:
                bodies.append([row.body for row in decisions_in(connection, pulled.cycle)])
    assert len(bodies[0]) == 9
    assert bodies[0] == bodies[1] == bodies[2]


@given(st.datetimes(timezones=st.just(UTC)))
def test_instants_survive_and_sort(at):
    """Microseconds hold every instant exactly."""
    assert from_microseconds(to_microseconds(at)) == at
    assert (to_microseconds(at) < to_microseconds(datetime(2026, 1, 1, tzinfo=UTC))) == (
        at < datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_a_naive_instant_is_refused():
    """A time without a zone has no place in the store."""
    with pytest.raises(ValueError, match="time zone"):
        to_microseconds(datetime(2026, 1, 1))  # noqa: DTZ001


RAW = st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text()


@given(st.dictionaries(st.text(), RAW))
def test_raw_values_keep_their_type(fields):
    """JSON text gives back what was put in, a Decimal as a Decimal and unreadable as itself."""
    fields["hidden"] = UNREADABLE
    found = parse(dump(fields))
    assert found == fields
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in fields.items()
    }
    assert found["hidden"] is UNREADABLE


def test_who_stands_still_while_writing_keeps_no_other_waiting_for_good(clean_postgres_url, monkeypatch):
    """PostgreSQL ends the transaction of a process that asks nothing more; it is told, and the others go on."""
    monkeypatch.setattr("leadline.sync.store.opening.STILL_SECONDS", 1)
    with open_store(clean_postgres_url) as still, open_store(clean_postgres_url) as other:
        with still.write() as connection:
            set_meta(connection, "place", "here")
        with pytest.raises(UnavailableError, match="stood still"), still.write() as connection:
            set_meta(connection, "place", "never")
            with other.write() as going_on:  # waits for the row until the server has ended the other transaction
                set_meta(going_on, "place", "there")
            set_meta(connection, "place", "never")
        with other.read() as connection:
            assert get_meta(connection, "place") == "there"
