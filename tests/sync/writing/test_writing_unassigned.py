"""Tasks for the owner whom the line before assigns: none is made for anybody else while the CRM refuses the owner."""

from __future__ import annotations

from leadline.common.values import Raw, RecordRef
from leadline.sync.cycle import make_plan, run_apply
from leadline.sync.operations import actions_behind, parked_values, release_actions, release_parked
from leadline.sync.store.effects import effects_of_persons
from tests.sync.writing.rehearsal import WALL, Rehearsal
from tests.sync.writing.test_writing_effects import accepted_lead
from tests.sync.writing.test_writing_lapsing import cycle, in_crm

ACTIONS = """on_enter:
  sal:
    - {task: {to: owner, subject: "Hand over"}}
    - {assign: {to: lukasz.nowak@acme.example}}
    - {task: {to: owner, subject: "Call {name}"}}
    - {notify: owner}
    - {task: {to: lukasz.nowak@acme.example, subject: "Look at {name}"}}
write:
"""


def stands(rehearsal: Rehearsal, person: str) -> list[tuple[str, Raw]]:
    """Return how the five actions stand, and for whom (a task that is done was seen with that owner)."""
    with rehearsal.at_work() as (setting, _), setting.store.read() as connection:
        rows = sorted(effects_of_persons(connection, [person]), key=lambda row: row.number)
    return [(row.status, row.payload["fields"].get("owner") if row.status == "done" else row.code) for row in rows]


def refused(rehearsal: Rehearsal) -> tuple[str, RecordRef, Raw]:
    """Let Salesforce refuse the new owner of a lead; return the person, the lead and its owner."""
    rehearsal.edit("write:\n", ACTIONS)
    person, lead = accepted_lead(rehearsal)
    owner = in_crm(rehearsal, lead)["OwnerId"]
    fault = {"code": "INVALID_CROSS_REFERENCE_KEY", "fields": ["OwnerId"], "times": 1}
    rehearsal.disturb("partial_failure", crm="salesforce", key=f"*{lead.id}*", **fault)
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        for _ in range(2):  # the second time what was refused stands in the journal
            assert run_apply(setting, writers, plan).exit_code == 3
    rehearsal.calm()
    return person, lead, owner


def test_a_task_waits_for_the_assignment_before_it(rehearsal: Rehearsal) -> None:
    """It is held, and said to be, until the value that was refused is released, and with it its action."""
    person, lead, owner = refused(rehearsal)
    told = stands(rehearsal, person)
    named = told[4][1]
    assert told[1] == ("parked", "INVALID_CROSS_REFERENCE_KEY")
    assert told[2:4] == [("failed", "NOT_ASSIGNED")] * 2
    assert (told[0], told[4][0]) == (("done", owner), "done"), "these do not ask for the new owner"
    with rehearsal.at_work() as (setting, writers):
        held = make_plan(setting, writers).plan.held
    assert [(one.kind, one.effects) for one in held] == [("notify", 1), ("task", 1)]
    assert all("parked" in one.reason for one in held)
    assert cycle(rehearsal) == 0
    assert stands(rehearsal, person) == told
    with rehearsal.at_work() as (setting, _):
        (value,) = parked_values(setting.store)
        release_parked(setting.store, [value.id], WALL)
        assert release_actions(setting.store, actions_behind(setting.store, [value]), WALL) == 1
    assert cycle(rehearsal) == 0
    assert stands(rehearsal, person)[2:4] == [("done", named)] * 2
    assert in_crm(rehearsal, lead)["OwnerId"] == named
