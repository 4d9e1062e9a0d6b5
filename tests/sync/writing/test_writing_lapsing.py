"""Actions that were put off until their stage was left: they are withdrawn, whether they are released or not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leadline.common.values import Raw, RecordRef
from leadline.sync.cycle import open_writers, run_sync
from leadline.sync.operations import parked_actions, release_actions, release_parked, withdrawn_actions
from tests.sync.writing.rehearsal import WALL, Rehearsal
from tests.sync.writing.test_writing_effects import ACTIONS, accepted_lead, stored

NAMES = {
    "assign": "enter sal 0",
    "task": "enter sal 1",
    "note": "enter sal 2",
    "set": "enter sal 3",
    "member": "enter sal 5",
}


def cycle(rehearsal: Rehearsal) -> int:
    """Sync once, ten minutes later; return the exit code."""
    rehearsal.pass_time(minutes=10)
    with rehearsal.at_work() as (setting, writers):
        return run_sync(setting, writers).exit_code


def kinds(rehearsal: Rehearsal, person: str) -> dict[str, str]:
    """Return how a person's actions stand, by kind."""
    with rehearsal.at_work() as (setting, _):
        found = stored(setting, person)
    return {kind: found[name] for kind, name in NAMES.items()}


def in_crm(rehearsal: Rehearsal, lead: RecordRef) -> dict[str, Raw]:
    """Return what the lead shows of the actions."""
    with open_writers(rehearsal.config) as writers:
        return dict(writers["salesforce"].read_back([lead], ["OwnerId", "Rating"])[lead])


@pytest.mark.parametrize("retried", ["before", "after"])
def test_what_was_refused_is_not_done_once_its_stage_was_left(rehearsal: Rehearsal, retried: str) -> None:
    """Whether it is released or not: only the note is written, because what it tells stays true."""
    rehearsal.edit("write:\n", ACTIONS)
    person, lead = accepted_lead(rehearsal)
    before = in_crm(rehearsal, lead)
    rehearsal.disturb("partial_failure", code="FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert cycle(rehearsal) == 3
    assert kinds(rehearsal, person) == {**dict.fromkeys(NAMES, "parked"), "task": "failed"}, "it waits for its owner"
    rehearsal.calm()

    def release() -> None:
        with rehearsal.at_work() as (setting, _):
            release_parked(setting.store, None, WALL)
            release_actions(setting.store, None, WALL)

    if retried == "before":
        release()
    rehearsal.by_hand(lead, {"Status": "Unqualified"})
    cycle(rehearsal)
    with rehearsal.at_work() as (setting, _):
        assert [one.kind for one in parked_actions(setting.store)] == (["note"] if retried == "after" else [])
        told = {(one.kind, one.remedy) for one in withdrawn_actions(setting.store, datetime(2020, 1, 1, tzinfo=UTC))}
        assert told == {(kind, "left sal before it was done") for kind in ("assign", "task", "set", "member")}
    if retried == "after":
        release()
        assert cycle(rehearsal) == 0
    assert kinds(rehearsal, person) == {**dict.fromkeys(NAMES, "withdrawn"), "note": "done"}
    assert in_crm(rehearsal, lead) == before
    assert rehearsal.practice.salesforce.created.total() == 1, "a note is the only thing made"


def test_what_is_tried_again_in_time_is_done(rehearsal: Rehearsal) -> None:
    """The stage is still the one that asked for it: all of it is carried out."""
    rehearsal.edit("write:\n", ACTIONS)
    person, lead = accepted_lead(rehearsal)
    rehearsal.disturb("partial_failure", code="FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert cycle(rehearsal) == 3
    rehearsal.calm()
    with rehearsal.at_work() as (setting, _):
        release_parked(setting.store, None, WALL)
        release_actions(setting.store, None, WALL)
    assert cycle(rehearsal) == 0
    assert set(kinds(rehearsal, person).values()) == {"done"}
    assert in_crm(rehearsal, lead)["Rating"] == "Hot"


def test_what_is_released_while_its_plan_is_unfinished_is_done_by_the_next_plan(rehearsal: Rehearsal) -> None:
    """Taking the plan up writes it no more: it must not count as done either."""
    rehearsal.edit("write:\n", ACTIONS)
    person, lead = accepted_lead(rehearsal)
    before = in_crm(rehearsal, lead)
    rehearsal.disturb(
        "partial_failure", crm="salesforce", key=f"*{lead.id}*", code="FIELD_CUSTOM_VALIDATION_EXCEPTION"
    )
    rehearsal.disturb("server_error", crm="hubspot", match="POST /crm/v3/objects/contacts/batch/update")
    assert cycle(rehearsal) == 3
    rehearsal.calm()
    with rehearsal.at_work() as (setting, _):
        release_parked(setting.store, None, WALL)
        release_actions(setting.store, None, WALL)
    cycle(rehearsal)
    cycle(rehearsal)
    after = in_crm(rehearsal, lead)
    assert after["Rating"] == "Hot"
    assert after["OwnerId"] != before["OwnerId"]
    assert set(kinds(rehearsal, person).values()) == {"done"}


def test_a_task_that_showed_late_is_closed_with_its_stage(rehearsal: Rehearsal) -> None:
    """The CRM said yes and showed nothing; when its stage is left it is looked for, and closed where it stands."""
    rehearsal.edit("write:\n", 'on_enter:\n  sal: [{task: {to: owner, subject: "Call"}}]\nwrite:\n')
    person, lead = accepted_lead(rehearsal)
    rehearsal.disturb("late_commit", crm="salesforce", key="00T*", seconds=60)
    assert cycle(rehearsal) == 3
    with rehearsal.at_work() as (setting, _):
        assert stored(setting, person) == {"enter sal 0": "parked"}
    rehearsal.calm()
    rehearsal.by_hand(lead, {"Status": "Unqualified"})
    cycle(rehearsal)
    assert cycle(rehearsal) == 0
    with rehearsal.at_work() as (setting, _):
        assert stored(setting, person) == {"enter sal 0": "closed", "leave sal 0": "done"}
