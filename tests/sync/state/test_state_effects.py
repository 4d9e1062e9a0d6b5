"""Recording effects: with the decisions that cause them, once, and withdrawn or closed when nobody needs them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pretend_crm import BOOK

from leadline.rules.deciding import decision_from_json
from leadline.rules.model import CloseTask, CreateTask
from leadline.rules.state import Effect
from leadline.sync.effects import LOOK_BACK, PATIENCE, record_effects, tidy_effects
from leadline.sync.effects.due import due_effects
from leadline.sync.evaluating import evaluate
from leadline.sync.store.effects import add_effects, effects_by_status, effects_of_persons, settle_effects
from tests.sync.looking import decisions_in

ACTING = BOOK + "on_enter:\n  mql: [{task: owner}, {note: hand-off}]\n"
SMALL = {"Email": "ann@acme.example", "NumberOfEmployees": 90}
CHIEF = {**SMALL, "Title": "Chief"}


def rows(store):
    """Return every effect by its instant."""
    with store.read() as connection:
        return effects_of_persons(connection, ["p-000001", "p-000002"])


def statuses(store):
    """Return (cause, status) of each effect."""
    return sorted((row.cause, row.status) for row in rows(store))


def acting(world):
    """A person in the start stage, taken up under a book with actions."""
    world.use(ACTING)
    world.salesforce.put("Lead", "L1", SMALL)
    world.cycle()
    world.pass_time(minutes=10)


def test_a_move_leaves_its_effects_waiting(world):
    """Adoption causes nothing; the move that follows causes each action once."""
    acting(world)
    assert rows(world.store) == []
    world.salesforce.put("Lead", "L1", CHIEF)
    world.cycle()
    found = rows(world.store)
    assert [(row.cause, row.number, row.status) for row in found] == [
        ("enter mql", 0, "waiting"),
        ("enter mql", 1, "waiting"),
    ]
    assert found[0].consequence == CreateTask()
    assert found[0].at == world.salesforce.now
    world.pass_time(minutes=10)
    world.cycle()
    assert rows(world.store) == found


def test_recording_again_changes_nothing(world):
    """An effect has one key: the same decisions leave the same rows, whatever became of them."""
    acting(world)
    world.salesforce.put("Lead", "L1", CHIEF)
    pulled, _ = world.cycle()
    with world.store.write() as connection:
        settle_effects(connection, {rows(world.store)[0].key: "made"}, "done", pulled.frontier)
        made = [decision_from_json(row.body) for row in decisions_in(connection, pulled.cycle)]
        record_effects(connection, world.book, made, cycle=99, frontier=pulled.frontier)
    assert statuses(world.store) == [("enter mql", "done"), ("enter mql", "waiting")]


def test_a_trial_takes_its_effects_back(world):
    """What an evaluation recorded goes with it."""
    acting(world)
    world.salesforce.put("Lead", "L1", CHIEF)
    pulled = world.pull()
    with world.store.write() as connection:
        trial = connection.begin_nested()
        evaluate(world.store, world.book, cycle=pulled.cycle, frontier=pulled.frontier, connection=connection)
        assert len(effects_by_status(connection, ("waiting",))) == 2
        trial.rollback()
    assert rows(world.store) == []


def leave(world, status):
    """Enter mql, let its task get this far, and leave again by disqualification."""
    acting(world)
    world.salesforce.put("Lead", "L1", CHIEF)
    pulled, _ = world.cycle()
    task = rows(world.store)[0].key
    with world.store.write() as connection:
        settle_effects(connection, {task: ""}, status, pulled.frontier)
    world.pass_time(minutes=10)
    world.salesforce.put("Lead", "L1", {"Title": "Student"})
    return task


def test_a_task_that_was_not_made_is_withdrawn_with_its_stage(world):
    """Nobody needs it any more; the note is still of use."""
    leave(world, "waiting")
    world.cycle()
    assert statuses(world.store) == [("enter mql", "waiting"), ("enter mql", "withdrawn")]


def test_what_had_to_wait_tells_what_it_would_have_told_in_time(world):
    """Texts and the note are of the decision that caused them, though the person cooled and left the stage since."""
    acting(world)
    world.hubspot.put("contact", "7", {"email": "ann@acme.example"})
    world.hubspot.happen("form", "f1", email="ann@acme.example", attributes={"form": "demo"})
    world.cycle()
    world.pass_time(minutes=10)
    world.salesforce.put("Lead", "L1", {"Title": "Chief"})
    pulled, _ = world.cycle()
    in_time = told(world, pulled.frontier)
    world.pass_time(days=40)
    world.salesforce.put("Lead", "L1", {"Title": "Student"})
    pulled, _ = world.cycle()
    late = told(world, pulled.frontier)
    assert late.items() <= in_time.items()
    assert [one.values["fit"] for one in late.values()] == ["60"]
    assert [one.note.title.split(":")[0] for one in late.values()] == ["MQL"]


def told(world, frontier):
    """Return what each effect that is due tells, by its key, but for how late it is."""
    with world.store.read() as connection:
        return {one.key: replace(one, late=None) for one in due_effects(connection, world.book, frontier)}


def test_a_task_that_was_made_is_closed_with_its_stage(world):
    """The closing is an effect of its own, once."""
    task = leave(world, "done")
    world.cycle()
    closing = [row for row in rows(world.store) if isinstance(row.consequence, CloseTask)]
    assert [(row.cause, row.status, row.consequence.key) for row in closing] == [("leave mql", "waiting", task)]


def test_closing_what_was_never_made_is_withdrawn(world):
    """A task that was being made when the stage was left, and failed, needs no closing."""
    task = leave(world, "claimed")
    world.cycle()
    with world.store.write() as connection:
        settle_effects(connection, {task: "no answer"}, "failed", world.salesforce.now)
        tidy_effects(connection, world.book, 3, world.salesforce.now)
    assert statuses(world.store) == [
        ("enter mql", "waiting"), ("enter mql", "withdrawn"), ("leave mql", "withdrawn"),
    ]  # fmt: skip


def test_who_goes_out_of_scope_gets_nothing_any_more(world):
    """What waits is withdrawn with the person."""
    acting(world)
    world.salesforce.put("Lead", "L1", CHIEF)
    world.cycle()
    world.pass_time(minutes=10)
    world.salesforce.put("Lead", "L1", {}, deleted=True)
    world.cycle()
    assert {status for _, status in statuses(world.store)} == {"withdrawn"}


def test_what_is_held_back_for_a_month_is_left_out(world):
    """Plans do not try for ever; after an outage of any length they try first."""
    acting(world)
    world.salesforce.put("Lead", "L1", CHIEF)
    world.cycle()
    at = world.salesforce.now
    with world.store.write() as connection:
        tidy_effects(connection, world.book, 99, at + PATIENCE)
        assert len(effects_by_status(connection, ("waiting",))) == 2
        tidy_effects(connection, world.book, 3, at + 2 * PATIENCE)
        assert len(effects_by_status(connection, ("waiting",))) == 2
        tidy_effects(connection, world.book, 99, at + PATIENCE + timedelta(seconds=1))
        assert {row.message for row in effects_by_status(connection, ("skipped",))} == {"held back for 30 days"}


def test_the_consequence_of_an_sla_waits_for_the_look_back(world):
    """By then what came late may have met the SLA: the outcome no longer says so, and nothing is done."""
    acting(world)
    at = world.salesforce.now
    rung = Effect("e-1", "p-000001", at, "sla accept 100%", 0, CreateTask(), "d-1")
    with world.store.write() as connection:
        add_effects(connection, [rung], 1, at)
        tidy_effects(connection, world.book, 2, at + LOOK_BACK - timedelta(seconds=1))
        assert [row.status for row in effects_by_status(connection, ("waiting", "withdrawn"))] == ["waiting"]
        tidy_effects(connection, world.book, 2, at + LOOK_BACK)
        assert [row.status for row in effects_by_status(connection, ("waiting", "withdrawn"))] == ["withdrawn"]
