"""Taking an applied plan back, over HTTP: the CRMs show what they showed before, but for what somebody changed."""

from __future__ import annotations

import pytest

from leadline.common.errors import RefusedError
from leadline.sync.cycle import make_plan, run_apply, run_sync
from leadline.sync.cycle.undoing import make_undo
from leadline.sync.pausing import resume_writing
from tests.sync.looking import not_written_by
from tests.sync.writing.rehearsal import Rehearsal


def test_the_crms_show_what_they_showed_before(rehearsal: Rehearsal) -> None:
    """Stages go back through an empty value in HubSpot; one score that somebody set since stays theirs."""
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        before = rehearsal.shown()
        run_apply(setting, writers, plan)
        written = rehearsal.shown()
    ref = next(write.ref for write in plan.writes if write.ref.crm == "salesforce")
    rehearsal.pass_time(minutes=30)
    rehearsal.by_hand(ref, {"Fit_Score__c": 99})
    with rehearsal.at_work() as (setting, writers):
        made = make_undo(setting, writers, plan.hash[:10])
        assert [item.records for item in not_written_by(made.plan, "somebody else")] == [1]
        report = run_apply(setting, writers, made.plan).report
        assert report.ok, report
        calls = {crm: dict(found) for crm, found in report.calls.items()}
        assert calls == {crm: dict(found) for crm, found in made.plan.calls.items()}
        assert {write.phase for write in made.plan.writes} == {1, 2}
    after = rehearsal.shown()
    assert after.pop(ref)["Fit_Score__c"] == 99
    del before[ref]
    assert {key: _known(fields) for key, fields in after.items()} == {
        key: _known(fields) for key, fields in before.items()
    }
    with rehearsal.at_work() as (setting, writers):
        with pytest.raises(RefusedError, match="was undone"):
            run_sync(setting, writers)
        resume_writing(setting.store)
        assert run_sync(setting, writers).report.ok
    again = rehearsal.shown()
    del again[ref], written[ref]
    assert again == written  # scores at once, too: what was taken back is not published


def _known(fields: dict[str, object]) -> dict[str, object]:
    """Leave out empty values: a CRM may show an empty text as none."""
    return {name: value for name, value in fields.items() if value not in {None, ""}}
