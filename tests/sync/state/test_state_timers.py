"""SLA timers as rows: they say what the states say, whatever happens to the people."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pretend_crm import SALESFORCE_FIELDS

from leadline.rules.deciding import Engine, state_from_json
from leadline.sync.evaluating import evaluate
from leadline.sync.slas.editing import TimerEdits
from leadline.sync.slas.recording import Told, record_timers
from leadline.sync.store.outcomes import all_lifecycle
from leadline.sync.store.timers import each_timer

BOOK = """
leadline: 1
name: Promises
primary: [Contact, Lead, contact]
fields:
  email:  {type: text, salesforce: [Lead.Email, Contact.Email], hubspot: contact.email}
  status: {type: text, salesforce: Lead.Status, signal: true}
  source: {type: text, salesforce: Lead.LeadSource}
activities: {call: {salesforce: {task: {subtype: Call, status: Completed}}}}
stages:
  inquiry: {kind: inventory, start: true}
  mql: {kind: sla, enter: {status: [Warm, On Hold]}}
  sal: {kind: gate, enter: {status: Accepted}}
  back: {kind: detour}
paths:
  - inquiry -> mql -> sal
  - {from: mql, to: back, when: {status: Cold}}
  - {from: back, to: mql, when: {status: Warm}}
calendars: {office: {zone: Europe/Berlin, open: {mon-fri: [09:00-18:00]}}}
slas:
  accept:
    from: {enters: mql}
    until: {enters: sal}
    pause: {status: On Hold}
    target: 2 business hours
"""
ANN = {"Email": "ann@acme.example", "LeadSource": "Web", "OwnerId": "005A"}


@pytest.fixture
def timed(world):
    """Ann, taken up under a book with an SLA, on a Monday at 10:00 in Berlin."""
    world.salesforce.fields = {**SALESFORCE_FIELDS, "Lead": (*SALESFORCE_FIELDS["Lead"], "OwnerId")}
    world.use(BOOK)
    world.salesforce.put("Lead", "L1", ANN)
    world.cycle()
    world.pass_time(minutes=10)
    return world


def rows(world):
    """Return every row."""
    with world.store.read() as connection:
        return list(each_timer(connection))


def says(world, status):
    """Let Ann's status change, and run a cycle."""
    world.salesforce.put("Lead", "L1", {"Status": status})
    world.cycle()


def test_a_row_follows_its_timer(timed):
    """It runs, is breached at the due instant, goes on, and ends; who owned her and where she came from stand by."""
    assert rows(timed) == []
    says(timed, "Warm")
    start = timed.salesforce.now
    (row,) = rows(timed)
    assert (row.status, row.started, row.due, row.used) == ("running", start, start + timedelta(hours=2), None)
    assert (row.owner, row.source, row.stage, row.target) == ("salesforce/005A", "Web", "mql", "2 business hours")
    timed.pass_time(hours=1)
    timed.salesforce.put("Lead", "L1", {"OwnerId": "005B"})
    timed.cycle()
    assert rows(timed)[0].owner == "salesforce/005B"
    timed.pass_time(hours=3)
    timed.salesforce.put("Lead", "L1", {"OwnerId": "005C"})
    timed.cycle()
    (row,) = rows(timed)
    assert (row.status, row.breached, row.owner) == ("breached", row.due, "salesforce/005B")
    says(timed, "Accepted")
    (row,) = rows(timed)
    assert (row.status, row.ended, row.used) == ("breached", timed.salesforce.now, 4 * 3_600_000_000)
    assert row.seen == start


def test_pauses_stand_in_the_row(timed):
    """A paused timer has no due instant; what stood still is no time used."""
    says(timed, "Warm")
    timed.pass_time(hours=1)
    says(timed, "On Hold")
    (row,) = rows(timed)
    assert (row.status, row.due, row.pauses) == ("paused", None, ((timed.salesforce.now, None),))
    timed.pass_time(days=1)
    says(timed, "Accepted")
    (row,) = rows(timed)
    assert (row.status, row.used) == ("met", 3_600_000_000)


def test_a_new_entry_is_a_row_of_its_own(timed):
    """Cooling leaves the first one running; entering again ends it where the second one begins."""
    says(timed, "Warm")
    timed.pass_time(minutes=20)
    says(timed, "Cold")
    assert [row.status for row in rows(timed)] == ["running"]
    timed.pass_time(minutes=20)
    says(timed, "Warm")
    first, second = rows(timed)
    assert (first.status, first.ended) == ("void", second.started)
    assert (second.status, second.ended) == ("running", None)


def test_an_outage_keeps_what_came_and_went(timed):
    """Runs that began and were replaced between two cycles have rows too."""
    for status, minutes in (("Warm", 0), ("Cold", 20), ("Warm", 20)):
        timed.pass_time(minutes=minutes)
        timed.salesforce.put("Lead", "L1", {"Status": status})
        timed.pull()
    timed.pass_time(minutes=5)
    timed.cycle()
    first, second = rows(timed)
    assert (first.status, first.ended, first.target) == ("void", second.started, "")
    assert second.status == "running"


def test_recording_again_and_trials_change_nothing(timed):
    """The same states leave the same rows; a trial takes its rows back."""
    says(timed, "Warm")
    before = rows(timed)
    engine = Engine(timed.book)
    with timed.store.write() as connection:
        told = [Told(state_from_json(row.state), ()) for row in all_lifecycle(connection)]
        record_timers(connection, engine, told, cycle=2, frontier=timed.salesforce.now)
    assert rows(timed) == before
    timed.pass_time(minutes=10)
    timed.salesforce.put("Lead", "L1", {"Status": "Accepted"})
    pulled = timed.pull()
    with timed.store.write() as connection:
        trial = connection.begin_nested()
        evaluate(timed.store, timed.book, cycle=pulled.cycle, frontier=pulled.frontier, connection=connection)
        assert next(each_timer(connection)).status == "met"
        trial.rollback()
    assert rows(timed) == before


def test_who_leaves_the_scope_ends_void(timed):
    """Nobody waits for a promise to somebody who is no longer looked at."""
    says(timed, "Warm")
    timed.pass_time(minutes=10)
    timed.salesforce.put("Lead", "L1", {}, deleted=True)
    timed.cycle()
    (row,) = rows(timed)
    assert (row.status, row.ended) == ("void", timed.salesforce.now)


def test_a_join_keeps_one_row_of_each_run(timed):
    """The younger person's rows are the elder's from then on; the timer that the joined state lost ends."""
    timed.salesforce.put("Lead", "L2", {**ANN, "Email": "bob@acme.example", "Status": "Warm"})
    timed.cycle()
    timed.pass_time(minutes=10)
    says(timed, "Warm")
    assert {row.person_id for row in rows(timed)} == {"p-000001", "p-000002"}
    timed.pass_time(minutes=10)
    timed.salesforce.put("Lead", "L2", {"Email": "ann@acme.example"})
    timed.cycle()
    found = rows(timed)
    assert {row.person_id for row in found} == {"p-000001"}
    assert sorted(row.status for row in found) == ["running", "void"]


def test_a_removed_sla_ends_void(timed):
    """A book without it ends what ran, and takes no time any more."""
    says(timed, "Warm")
    timed.pass_time(minutes=10)
    timed.use(BOOK.partition("calendars:")[0])
    timed.cycle()
    assert [row.status for row in rows(timed)] == ["void"]


@pytest.mark.parametrize(
    ("target", "on_edit", "expected"),
    [
        ("1 business hour", "recompute", TimerEdits(1, earlier=1, breached=1)),
        ("100 minutes", "recompute", TimerEdits(1, earlier=1)),
        ("4 business hours", "recompute", TimerEdits(1, later=1)),
        ("1 business hour", "keep", TimerEdits(1, kept=1)),
        ("2 business hours", "recompute", None),
    ],
)
def test_a_changed_target_is_told_before_it_counts(timed, target, on_edit, expected):
    """Each open timer is counted by what the new book does to it."""
    says(timed, "Warm")
    timed.pass_time(minutes=90)
    timed.cycle()
    timed.use(BOOK.replace("target: 2 business hours", f"target: {target}\n    on_edit: {on_edit}"))
    _, evaluation = timed.cycle()
    assert evaluation.timers == ({} if expected is None else {"accept": expected})


def test_an_edit_may_end_or_heal_a_timer(timed):
    """A longer target takes back a breach; a target that no longer counts for somebody ends the timer."""
    says(timed, "Warm")
    timed.pass_time(hours=3)
    timed.cycle()
    edited = BOOK.replace("target: 2 business hours", "target: 4 business hours\n    on_edit: recompute")
    timed.use(edited)
    assert timed.cycle()[1].timers == {"accept": TimerEdits(1, later=1, healed=1)}
    timed.use(edited.replace("target: 4 business hours", "target: [{when: {source: Ads}, is: 4 business hours}]"))
    assert timed.cycle()[1].timers == {"accept": TimerEdits(1, ended=1)}
    assert [row.status for row in rows(timed)] == ["void"]
