"""A person's edit right after our write, while the CRM's index lags behind both: neither lost nor written over."""

from __future__ import annotations

import pytest

from leadline.common.values import RecordRef
from leadline.sync.conflicts.listing import conflict_report
from leadline.sync.cycle import run_sync
from leadline.sync.store.mirror import records_of_persons
from tests.sync.agreement.test_conflicts import as_user
from tests.sync.writing.rehearsal import WALL, Rehearsal
from tests.sync.writing.test_writing_effects import accepted_lead
from tests.sync.writing.test_writing_put_back import moves_of

READ = "POST /crm/v3/objects/contacts/batch/read"


def cycle(rehearsal: Rehearsal, **after: float) -> int:
    """Let time pass and run a cycle; return how many records its plan wrote."""
    rehearsal.pass_time(**after)
    with rehearsal.at_work() as (setting, writers):
        done = run_sync(setting, writers)
    assert done.exit_code == 0, done.report
    return done.plan.record_count()


@pytest.mark.parametrize("lag", [240, 7200])
def test_an_edit_behind_a_lagging_index_is_not_written_over(rehearsal: Rehearsal, lag: int) -> None:
    """A new decision wants another value before the index shows any of it: the person's stands, as the book says."""
    policy = "on_conflict: {lifecycle_reason: human wins for 30d}"
    rehearsal.edit("  hubspot:\n    stage:", f"  hubspot:\n    {policy}\n    stage:")
    rehearsal.disturb("late_commit", crm="hubspot", seconds=lag)
    contact = _accepted(rehearsal)
    as_user(rehearsal, contact, {"lifecycle_reason": "called me"})
    cycle(rehearsal, seconds=40)
    assert rehearsal.shown()[contact]["lifecycle_reason"] == "called me"
    with rehearsal.at_work() as (setting, _):
        found = conflict_report(setting.store, setting.book, WALL.replace(year=2020)).conflicts
    assert [(item.conflict.ref, item.conflict.theirs, item.who, item.became) for item in found] == [
        (contact, "called me", "person", "stands")
    ]
    cycle(rehearsal, seconds=2 * lag)
    assert rehearsal.shown()[contact]["lifecycle_reason"] == "called me"


def test_a_lagging_index_costs_calls_only_while_it_lags(rehearsal: Rehearsal) -> None:
    """What a search shows is not read again by its id."""
    rehearsal.adopt()
    calls = rehearsal.practice.hubspot.calls.snapshot().get(READ, 0)
    assert cycle(rehearsal, minutes=1) == 0
    assert rehearsal.practice.hubspot.calls.snapshot().get(READ, 0) == calls


def test_a_stage_set_behind_a_lagging_index_is_a_human_move(rehearsal: Rehearsal) -> None:
    """It is heard in the next cycle, and stands."""
    rehearsal.disturb("late_commit", crm="hubspot", seconds=240)
    contact = _accepted(rehearsal)
    as_user(rehearsal, contact, {"lifecyclestage": "opportunity"})
    cycle(rehearsal, seconds=40)
    assert moves_of(rehearsal, contact)[-1][1:] == ("opportunity", "human")
    cycle(rehearsal, minutes=15)
    assert rehearsal.shown()[contact]["lifecyclestage"] == "opportunity"


def _accepted(rehearsal: Rehearsal) -> RecordRef:
    """Have all written by an adoption, and sales accept a lead a minute later; return the lead's HubSpot contact."""
    person, _ = accepted_lead(rehearsal, seconds=20)
    with rehearsal.at_work() as (setting, _writers), setting.store.read() as connection:
        (own,) = records_of_persons(connection, [person]).values()
    return next(record.ref for record in own if record.ref.crm == "hubspot")
