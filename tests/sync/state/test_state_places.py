"""Places in a stage that not all may enter, cycle by cycle: who gets one, who waits; all of it derived again."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pretend_world import World, make_world
from sqlalchemy import select

from leadline.common.canonical import canonical_json
from leadline.rules.deciding import Engine, outcome_to_json, state_to_json
from leadline.sync.evaluating import Before, evaluate, fold_person
from leadline.sync.intake import facts_of_persons
from leadline.sync.reports.funnel import funnel
from leadline.sync.store import open_store
from leadline.sync.store.allocations import (
    AllocationRow,
    add_allocations,
    allocations_of,
    answers,
    places_given,
    turns_taken,
    waiting_parts,
)
from leadline.sync.store.outcomes import all_lifecycle, decisions_of
from leadline.sync.store.schema import allocations
from leadline.sync.verifying import verify
from tests.sync.looking import decisions_in

CAPPED = """
leadline: 1
name: Capped
fields:
  email:  {type: text, salesforce: Lead.Email}
  status: {type: text, salesforce: Lead.Status}
  team:   {type: text, salesforce: Lead.LeadSource}
  size:   {type: integer, salesforce: Lead.NumberOfEmployees}
activities: {demo: {hubspot: {form: demo}}}
scores:
  fit: {criteria: {size: {points: {size: {under 50: 0, 50 to 99: 10, from 100: 20}}}}}
stages:
  inquiry: {kind: inventory, owner: marketing}
  mql: {kind: sla, owner: marketing, enter: {status: {in: [good, great, best]}}}
  sal: {kind: gate, owner: sales, enter: {status: {in: [great, best]}}}
  sql: {kind: gate, owner: sales, enter: {all: [{status: best}, {was_in: sal}]}}
  out: {kind: detour}
paths:
  - inquiry -> mql -> sal -> sql
  - {from: [mql, sal], to: out, when: {status: bad}}
  - {from: out, to: [mql, sal]}
capacity:
  sal: {most: 2 a day, per: team, best: fit}
"""
BOTH = CAPPED + "  sql: {most: 1 a day, best: fit}\n"


def lead(world: World, number: int, status: str = "great", size: int = 10, team: str = "red") -> None:
    """Put a lead into Salesforce."""
    fields = {
        "Email": f"p{number}@b{number}.example",
        "Status": status,
        "NumberOfEmployees": size,
        "LeadSource": team,
    }
    world.salesforce.put("Lead", f"L{number}", fields)


def stages(world: World) -> dict[str, str]:
    """Return each person's stage, and what they wait for after a question mark."""
    with world.store.read() as connection:
        rows = all_lifecycle(connection)
    for row in rows:
        waits_in = row.outcome.get("waits_in", "") if row.waits_for else None
        assert (row.waits_for, row.waits_in) == (row.outcome.get("waits_for"), waits_in)
    return {row.person_id: row.stage + (f"?{row.waits_for}" if row.waits_for else "") for row in rows}


def verify_all(world: World) -> int:
    """Derive every decision again and return how many there were."""
    with world.store.read() as connection:
        ids = [row.id for cycle in range(1, 30) for row in decisions_in(connection, cycle)]
    for decision in ids:
        found = verify(world.store, decision)
        assert found.same, (found.stored, found.derived)
        assert found.same_input
    return len(ids)


def given_places(world: World) -> list[tuple[str, str, str, datetime]]:
    """Return (person, stage, part, instant) of every place."""
    columns = (allocations.c.person_id, allocations.c.name, allocations.c.part, allocations.c.at)
    with world.store.read() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(allocations.c.id))]


def test_the_best_go_first_and_the_others_wait_for_the_next_day(world: World) -> None:
    """Two a day for each team, by score; those who wait are found without news when a new day gives new places."""
    world.use(CAPPED)
    for number, size in enumerate([10, 200, 60, 10], 1):
        lead(world, number, size=size)
    lead(world, 5, team="blue")
    _, result = world.cycle()
    waiting = {"p-000001": "mql?sal", "p-000004": "mql?sal"}
    assert stages(world) == {**waiting, "p-000002": "sal", "p-000003": "sal", "p-000005": "sal"}
    assert (result.evaluated, result.adopted, result.decisions) == (5, 5, 5)
    assert result.moves == {"inquiry->sal": 3, "inquiry->mql": 2}
    world.pass_time(hours=1)
    assert world.cycle()[1].evaluated == 0
    assert [(line.stage, line.people) for line in funnel(world.store, world.book).waiting] == [("sal", 2)]
    world.pass_time(days=1)
    pulled, result = world.cycle()
    assert (result.evaluated, result.changed, result.moves) == (2, ("p-000001", "p-000004"), {"mql->sal": 2})
    assert set(stages(world).values()) == {"sal"}
    with world.store.read() as connection:
        made = decisions_of(connection, "p-000001")[0]
        assert waiting_parts(connection) == []
    assert (made.cause, made.at, made.frontier) == ("facts", pulled.frontier, pulled.frontier)
    assert verify_all(world) == 7


def test_a_place_may_lead_to_the_next_stage_that_not_all_may_enter(world: World) -> None:
    """Rounds go on until nobody gets a place any more, all in one cycle and with one decision each."""
    world.use(BOTH)
    for number in (1, 2, 3):
        lead(world, number, "best", size=number * 40)
    _, result = world.cycle()
    assert stages(world) == {"p-000001": "mql?sal", "p-000002": "sal?sql", "p-000003": "sql"}
    assert (result.evaluated, result.decisions) == (3, 3)
    assert [place[:2] for place in given_places(world)] == [
        ("p-000003", "sal"), ("p-000002", "sal"), ("p-000003", "sql")
    ]  # fmt: skip
    assert verify_all(world) == 3


def test_deciding_a_cycle_again_gives_the_same(world: World) -> None:
    """A trial that was rolled back leaves nothing, and what a later cycle gave is not counted."""
    world.use(BOTH)
    for number in range(1, 7):
        lead(world, number, "best", size=number * 20)
    pulled = world.pull()
    seen = []
    for keep in (False, False, True):
        with world.store.write() as connection:
            trial = connection.begin_nested()
            evaluate(world.store, world.book, cycle=pulled.cycle, frontier=pulled.frontier, connection=connection)
            seen.append([(row.person_id, row.outcome) for row in all_lifecycle(connection)])
            trial.commit() if keep else trial.rollback()
        assert bool(given_places(world)) is keep
    assert seen[0] == seen[1] == seen[2]
    before = given_places(world)
    evaluate(world.store, world.book, cycle=pulled.cycle, frontier=pulled.frontier)
    assert given_places(world) == before


def test_a_capacity_that_comes_with_a_new_book_stops_nobody_who_is_there(world: World) -> None:
    """Who is in the stage stays and took no place; a stage that was renamed goes on counting."""
    world.use(CAPPED.replace("capacity:\n  sal: {most: 2 a day, per: team, best: fit}\n", ""))
    for number in range(1, 5):
        lead(world, number)
    world.cycle()
    assert list(stages(world).values()) == ["sal"] * 4
    world.use(CAPPED)
    lead(world, 5)
    world.cycle()
    assert [place[0] for place in given_places(world)] == ["p-000005"]
    text = CAPPED.replace("sal:", "accepted:").replace("-> sal", "-> accepted").replace("mql, sal", "mql, accepted")
    text = text.replace("was_in: sal", "was_in: accepted").replace("enter: {status: {in: [great", "renamed: sal, \\1")
    world.use(text.replace("\\1", "enter: {status: {in: [great"))
    lead(world, 6)
    lead(world, 7)
    world.cycle()
    assert sorted(stages(world).values()) == ["accepted"] * 6 + ["mql?accepted"]
    assert verify_all(world) >= 7


STEPS = st.lists(
    st.tuples(
        st.integers(1, 6), st.sampled_from(["good", "great", "best", "bad"]), st.integers(0, 2), st.integers(0, 30)
    ),
    min_size=3,
    max_size=10,
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS, st.booleans())
def test_places_are_few_fair_and_derived_again(steps: list[tuple[int, str, int, int]], both: bool) -> None:
    """Never more than n a day in a part, nobody waits while there is room, and a replay gives the same states."""
    with TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/state.db") as store:
        world = make_world(store)
        world.use(BOTH if both else CAPPED)
        frontiers: list[tuple[int, datetime]] = []
        for number, status, grown, hours in steps:
            lead(world, number, status, size=grown * 60, team="red" if number % 2 else "blue")
            world.pass_time(hours=hours, minutes=1)
            pulled, _ = world.cycle()
            assert pulled.frontier is not None
            frontiers.append((pulled.cycle, pulled.frontier))
            _check_room(world, pulled.frontier)
        verify_all(world)
        _check_replay(world, frontiers)


def _check_room(world: World, frontier: datetime) -> None:
    count = Counter((stage, part, at.date()) for _, stage, part, at in given_places(world))
    assert all(number <= world.book.capacity[stage].most for (stage, _, _), number in count.items())
    with world.store.read() as connection:
        for stage, part in waiting_parts(connection):
            assert count[stage, part, frontier.date()] == world.book.capacity[stage].most


def _check_replay(world: World, frontiers: list[tuple[int, datetime]]) -> None:
    """Each person alone, by the facts known in each cycle, comes to the state that is stored."""
    engine = Engine(world.book)
    with world.store.read() as connection:
        for row in all_lifecycle(connection):
            before: Before | None = None
            previous: datetime | None = None
            for cycle, frontier in frontiers:
                known = facts_of_persons(connection, world.book, [row.person_id], cycle)[row.person_id]
                if known.live:
                    state = fold_person(engine, before, known, previous, frontier).advance.state
                    before = Before(state_to_json(state), cycle, world.book.hash)
                previous = frontier
            assert outcome_to_json(state.outcome) == canonical_json(row.outcome)


def test_both_databases_keep_places_and_turns_in_order(any_url: str) -> None:
    """Counts by part and day, last turns first to last, and one answer for each wish, on SQLite and PostgreSQL."""
    at, later = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 3, 9, tzinfo=UTC)
    rows = [
        AllocationRow("p-1", "capacity", "sal", "red", "sal", "sal at 1", at, at, 1, "b"),
        AllocationRow("p-2", "capacity", "sal", "", "sal", "sal at 1", at, at, 1, "b"),
        AllocationRow("p-3", "capacity", "sal", "red", "sal", "sal at 2", later, later, 2, "b"),
        *(
            AllocationRow("p-1", "owner", "sdr", "otherwise", who, f"e-{number}", at, at, number, "b")
            for number, who in enumerate("cabca", 1)
        ),
    ]
    with open_store(any_url) as store, store.write() as connection:
        add_allocations(connection, rows)
        add_allocations(connection, [replace(rows[0], value="other"), replace(rows[3], value="other")])
        assert places_given(connection, "sal", at, later, 9) == {"red": 1, "": 1}
        assert places_given(connection, "sal", at, later + timedelta(days=1), 1) == {"red": 1, "": 1}
        assert turns_taken(connection, "sdr", "otherwise", 9) == ["b", "c", "a"]
        assert turns_taken(connection, "sdr", "otherwise", 3) == ["c", "a", "b"]
        assert turns_taken(connection, "sdr", "EMEA", 9) == []
        assert answers(connection, "owner", ["e-1", "e-9"]) == {"e-1": "c"}
        assert [row.wish for row in allocations_of(connection, ["p-1"], 2)] == ["sal at 1", "e-1", "e-2"]
