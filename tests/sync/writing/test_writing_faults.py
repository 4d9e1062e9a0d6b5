"""What can go wrong while a plan is applied, over HTTP: every record is accounted for, and the next run heals it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from leadline.common.errors import QuotaError, RefusedError
from leadline.common.values import Raw, RecordRef, RecordWrite, WriteResult
from leadline.connectors.practice.faults import FaultBox
from leadline.connectors.salesforce import writing
from leadline.sync.apply import ApplyReport, ReadingBack, RecordOutcome, Retrying
from leadline.sync.cycle import CycleEvent, make_plan, run_apply, run_sync
from leadline.sync.operations import ParkedValue, parked_values, release_parked
from leadline.sync.plan import load_plan, save_plan
from leadline.sync.store.cycles import last_cycles, lease_holder
from leadline.sync.store.mirror import load_written
from tests.sync.looking import not_written_by
from tests.sync.writing.rehearsal import WALL, Rehearsal, rehearse

BATCH = "POST /crm/v3/objects/contacts/batch/update"
REFUSAL = {"salesforce": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "hubspot": "VALIDATION_ERROR"}


def only(report: ApplyReport) -> RecordOutcome:
    """Return the one record that was not verified."""
    assert len(report.records) == 1, report.records
    return report.records[0]


def save_first_plan(rehearsal: Rehearsal) -> None:
    """Plan the adoption and save it."""
    with rehearsal.at_work() as (setting, writers):
        save_plan(make_plan(setting, writers).plan, rehearsal.home / "plan.json")


def apply_saved(rehearsal: Rehearsal) -> ApplyReport:
    """Apply the saved plan as a fresh process would."""
    with rehearsal.at_work() as (setting, writers):
        return run_apply(setting, writers, load_plan(rehearsal.home / "plan.json")).report


def sync(rehearsal: Rehearsal) -> ApplyReport:
    """Sync as a fresh process would."""
    with rehearsal.at_work() as (setting, writers):
        return run_sync(setting, writers).report


def a_record(rehearsal: Rehearsal, crm: str) -> RecordRef:
    """Return a record that the saved plan writes in one step."""
    plan = load_plan(rehearsal.home / "plan.json")
    two_steps = {write.ref for write in plan.writes if write.phase == 1}
    return next(write.ref for write in plan.writes if write.ref.crm == crm and write.ref not in two_steps)


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_a_refused_record_is_parked_and_does_not_hold_the_others(rehearsal: Rehearsal, crm: str) -> None:
    """One refused record is told with the CRM's code and a remedy; it is not sent again until something changes."""
    save_first_plan(rehearsal)
    ref = a_record(rehearsal, crm)
    rehearsal.disturb("partial_failure", crm=crm, key=f"*{ref.id}*", code=REFUSAL[crm])
    report = apply_saved(rehearsal)
    outcome = only(report)
    assert (outcome.ref, outcome.status) == (ref, "parked")
    assert outcome.code
    assert outcome.remedy
    assert (report.ok, report.exit_code) == (False, 3)
    with rehearsal.at_work() as (setting, writers):
        again = run_sync(setting, writers)
        assert again.plan.empty
        assert any("parked" in item.reason for item in again.plan.not_written)
        with setting.store.read() as connection:
            # The same value set by a person later must count as news, so the ledger no longer claims it.
            assert all(entry.settled for entry in load_written(connection, [ref])[ref].values())
    rehearsal.calm()
    rehearsal.pass_time(days=8)
    assert sync(rehearsal).ok
    with rehearsal.at_work() as (setting, writers):
        assert not not_written_by(run_sync(setting, writers).plan, "parked")


def test_a_locked_row_is_tried_again_alone(rehearsal: Rehearsal) -> None:
    """UNABLE_TO_LOCK_ROW fails for now: only that row is sent again, and the run ends well."""
    save_first_plan(rehearsal)
    ref = a_record(rehearsal, "salesforce")
    rehearsal.disturb("lock_error", crm="salesforce", key=f"*{ref.id}*", times=2)
    events: list[CycleEvent] = []
    with rehearsal.at_work() as (setting, writers):
        listening = replace(setting, tell=events.append)
        report = run_apply(listening, writers, load_plan(rehearsal.home / "plan.json")).report
    assert report.ok
    assert [(event.records, event.attempt) for event in events if isinstance(event, Retrying)] == [(1, 2), (1, 3)]
    assert (
        report.calls["salesforce"]["write"]
        == load_plan(rehearsal.home / "plan.json").calls["salesforce"]["write"] + 2
    )


def test_a_plan_taken_up_after_a_release_does_not_say_success(rehearsal: Rehearsal) -> None:
    """What was refused in two steps, and released while its plan is unfinished, is told and left to the next plan."""
    save_first_plan(rehearsal)
    plan = load_plan(rehearsal.home / "plan.json")
    ref = next(write.ref for write in plan.writes if write.phase == 1)
    rehearsal.disturb("partial_failure", crm="hubspot", key=f"*{ref.id}*", code=REFUSAL["hubspot"])
    rehearsal.disturb("lock_error", crm="salesforce", key=f"*{a_record(rehearsal, 'salesforce').id}*")
    assert apply_saved(rehearsal).exit_code == 3
    rehearsal.calm()
    with rehearsal.at_work() as (setting, _):
        assert release_parked(setting.store, None, WALL) == 1
    report = apply_saved(rehearsal)
    assert (only(report).ref, only(report).status, report.exit_code) == (ref, "released", 1)
    assert "retry" in only(report).remedy
    assert sync(rehearsal).ok
    assert parked_values_of(rehearsal) == ()


def parked_values_of(rehearsal: Rehearsal) -> tuple[ParkedValue, ...]:
    """Return what stands refused."""
    with rehearsal.at_work() as (setting, _):
        return parked_values(setting.store)


def test_no_two_requests_write_to_one_account(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Salesforce locks the account with a contact: first sent or tried again, an account's rows share a request."""
    monkeypatch.setattr(writing, "RECORDS_A_CALL", 4)
    save_first_plan(rehearsal)
    plan = load_plan(rehearsal.home / "plan.json")
    accounts = {write.ref: write.account for write in plan.writes}
    rehearsal.disturb("lock_error", crm="salesforce", key="003*", rate=0.7)
    rounds: list[list[list[str]]] = [[]]

    with rehearsal.at_work() as (setting, writers):
        real = writers["salesforce"].write

        def sent(writes: Sequence[RecordWrite]) -> Generator[tuple[WriteResult, ...], None, None]:
            rounds[-1].append([account for item in writes if (account := accounts[item.ref])])
            return real(writes)

        monkeypatch.setattr(writers["salesforce"], "write", sent)

        def tell(event: CycleEvent) -> None:
            if isinstance(event, Retrying) and event.crm == "salesforce":
                rounds.append([])

        report = run_apply(replace(setting, tell=tell), writers, plan).report
    assert report.calls["salesforce"]["write"] == sum(map(len, rounds))
    assert len(rounds) > 1
    assert len(rounds[1]) > 1, "what was locked is tried again by several requests"
    assert any(len(set(request)) < len(request) for request in rounds[1]), "two of them are of one account"
    for requests_sent in rounds:
        for account in {account for request in requests_sent for account in request}:
            assert sum(account in request for request in requests_sent) == 1


def test_a_row_that_stays_locked_is_told_and_tried_by_the_next_run(rehearsal: Rehearsal) -> None:
    """After the last try the row is reported as failed; applying the plan again writes just that."""
    save_first_plan(rehearsal)
    ref = a_record(rehearsal, "salesforce")
    rehearsal.disturb("lock_error", crm="salesforce", key=f"*{ref.id}*")
    report = apply_saved(rehearsal)
    assert (only(report).ref, only(report).status, only(report).code) == (ref, "failed", "UNABLE_TO_LOCK_ROW")
    assert report.exit_code == 3
    rehearsal.calm()
    again = apply_saved(rehearsal)
    assert again.ok
    assert again.calls["salesforce"]["write"] == 1
    assert again.calls["hubspot"]["write"] == 0


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_a_yes_is_not_believed(rehearsal: Rehearsal, crm: str) -> None:
    """A value that the CRM dropped in silence is found by reading back, told, and written by the next run."""
    save_first_plan(rehearsal)
    ref = a_record(rehearsal, crm)
    rehearsal.disturb("silent_ignore", crm=crm, key=f"*{ref.id}*")
    report = apply_saved(rehearsal)
    outcome = only(report)
    assert (outcome.ref, outcome.status, outcome.code) == (ref, "ignored", "IGNORED")
    assert "workflow" in outcome.remedy
    assert report.exit_code == 3
    rehearsal.calm()
    assert sync(rehearsal).ok
    with rehearsal.at_work() as (setting, writers):
        assert run_sync(setting, writers).plan.empty


def test_a_value_that_is_dropped_three_times_is_parked(rehearsal: Rehearsal) -> None:
    """Something in the CRM keeps undoing it: after three tries it is left alone and named."""
    save_first_plan(rehearsal)
    ref = a_record(rehearsal, "hubspot")
    rehearsal.disturb("silent_ignore", crm="hubspot", key=f"*{ref.id}*")
    assert only(apply_saved(rehearsal)).status == "ignored"
    assert only(sync(rehearsal)).status == "ignored"
    assert only(sync(rehearsal)).status == "ignored"
    with rehearsal.at_work() as (setting, writers):
        synced = run_sync(setting, writers)
        assert synced.plan.empty
        assert not_written_by(synced.plan, "parked")


@pytest.mark.parametrize("heal", ["apply", "sync"])
def test_a_crm_that_goes_down_in_the_middle(rehearsal: Rehearsal, heal: str) -> None:
    """The other CRM is still served; what was not reached is told, and the next run writes just that."""
    save_first_plan(rehearsal)
    rehearsal.disturb("server_error", crm="hubspot", match=BATCH, after=1)
    report = apply_saved(rehearsal)
    assert set(report.errors) == {"hubspot"}
    assert report.exit_code == 3
    assert {outcome.ref.crm for outcome in report.records} == {"hubspot"}
    assert {outcome.status for outcome in report.records} == {"planned"}
    assert report.counts["verified"] == len({w.ref for w in load_plan(rehearsal.home / "plan.json").writes}) - len(
        report.records
    )
    rehearsal.calm()
    if heal == "apply":
        again = apply_saved(rehearsal)
        assert again.resumed
        assert again.ok
        assert again.calls["salesforce"]["write"] == 0
    else:
        with rehearsal.at_work() as (setting, writers):
            synced = run_sync(setting, writers)
            assert synced.resumed is not None
            assert synced.resumed.ok
            assert synced.plan.empty
    assert sync(rehearsal).ok


def test_an_answer_that_is_lost_is_written_again(rehearsal: Rehearsal) -> None:
    """When the connection drops after the work was done, nobody knows: the same absolute values are sent again."""
    save_first_plan(rehearsal)
    rehearsal.disturb("dropped_connection", crm="hubspot", match=BATCH, when="after", times=1)
    report = apply_saved(rehearsal)
    assert not report.ok
    rehearsal.calm()
    assert apply_saved(rehearsal).ok
    with rehearsal.at_work() as (setting, writers):
        assert run_sync(setting, writers).plan.empty


def test_reading_back_that_fails_is_made_up_for(rehearsal: Rehearsal) -> None:
    """Values that were written but could not be read back are not called verified; the next run reads them."""
    save_first_plan(rehearsal)
    rehearsal.disturb("server_error", crm="hubspot", match="POST /crm/v3/objects/contacts/batch/read")
    report = apply_saved(rehearsal)
    assert not report.ok
    assert {outcome.status for outcome in report.records} == {"done"}
    rehearsal.calm()
    again = apply_saved(rehearsal)
    assert again.ok
    assert again.calls["hubspot"] == {"write": 0, "read_back": 1}


def test_what_somebody_changed_is_not_overwritten(rehearsal: Rehearsal) -> None:
    """A record changed after the plan was made is stale as a whole; the rest is written, and the exit code is 1."""
    save_first_plan(rehearsal)
    ref = a_record(rehearsal, "salesforce")
    rehearsal.pass_time(minutes=30)
    rehearsal.by_hand(ref, {"Fit_Score__c": 99})
    report = apply_saved(rehearsal)
    assert (only(report).ref, only(report).status) == (ref, "stale")
    assert "make a new plan" in only(report).remedy
    assert report.exit_code == 1
    assert rehearsal.shown()[ref]["Fit_Score__c"] == 99
    assert sync(rehearsal).ok
    assert rehearsal.shown()[ref]["Fit_Score__c"] != 99


def test_a_deleted_record_is_gone(rehearsal: Rehearsal) -> None:
    """A record deleted after the plan was made is told as gone, and later plans leave it out."""
    save_first_plan(rehearsal)
    ref = a_record(rehearsal, "hubspot")
    rehearsal.pass_time(minutes=30)
    answer = requests.delete(
        f"{rehearsal.practice.hubspot_url}/crm/v3/objects/contacts/{ref.id}",
        headers={"Authorization": f"Bearer {rehearsal.practice.credentials.hubspot_token}"},
        timeout=10,
    )
    assert answer.status_code == 204
    report = apply_saved(rehearsal)
    assert (only(report).ref, only(report).status, report.exit_code) == (ref, "gone", 1)
    with rehearsal.at_work() as (setting, writers):
        assert ref not in {write.ref for write in run_sync(setting, writers).plan.writes}


def test_a_first_step_that_fails_holds_back_the_second(rehearsal: Rehearsal) -> None:
    """Where clearing was refused, setting is not tried: HubSpot would say yes and ignore it."""
    save_first_plan(rehearsal)
    plan = load_plan(rehearsal.home / "plan.json")
    ref = next(write.ref for write in plan.writes if write.phase == 1)
    rehearsal.disturb("partial_failure", crm="hubspot", key=f"*{ref.id}*", times=1, code=REFUSAL["hubspot"])
    report = apply_saved(rehearsal)
    assert (only(report).ref, only(report).status) == (ref, "parked")
    stage = next(write.old for write in plan.writes if write.ref == ref and write.phase == 1)
    assert rehearsal.shown()[ref]["lifecyclestage"] == stage


def test_a_lagging_index_causes_no_second_write(rehearsal: Rehearsal) -> None:
    """What was verified counts as shown even while HubSpot's search still answers with the time before."""
    rehearsal.adopt()
    harness = rehearsal.practice.hubspot
    calls = harness.calls.snapshot().get(BATCH, 0)
    rehearsal.disturb("late_commit", crm="hubspot", seconds=3600)
    rehearsal.pass_time(days=20)
    first = sync(rehearsal)
    assert first.ok
    written = harness.calls.snapshot().get(BATCH, 0)
    assert written > calls
    rehearsal.pass_time(minutes=1)
    with rehearsal.at_work() as (setting, writers):
        assert run_sync(setting, writers).plan.empty
    assert harness.calls.snapshot().get(BATCH, 0) == written


def test_a_newer_plan_closes_an_unfinished_one(rehearsal: Rehearsal) -> None:
    """Once a later plan was applied, the interrupted one is refused instead of bringing back what it wanted."""
    save_first_plan(rehearsal)
    rehearsal.disturb("server_error", crm="hubspot", match=BATCH)
    assert apply_saved(rehearsal).errors
    rehearsal.calm()
    with rehearsal.at_work() as (setting, writers):
        newer = make_plan(setting, writers).plan
        assert not newer.adoption
        assert run_apply(setting, writers, newer).report.ok
    with pytest.raises(RefusedError, match="a newer plan was applied"):
        apply_saved(rehearsal)


def test_ctrl_c_in_the_middle_is_clean(rehearsal: Rehearsal) -> None:
    """An interrupted run gives its lease back, is recorded, and is finished by the next one."""
    save_first_plan(rehearsal)

    def interrupt(event: CycleEvent) -> None:
        if isinstance(event, ReadingBack):
            raise KeyboardInterrupt

    with rehearsal.at_work() as (setting, writers):
        with pytest.raises(KeyboardInterrupt):
            run_apply(replace(setting, tell=interrupt), writers, load_plan(rehearsal.home / "plan.json"))
        with setting.store.read() as connection:
            assert lease_holder(connection, "writer") is None
            assert last_cycles(connection)[0].status == "failed"
    assert apply_saved(rehearsal).ok


def test_a_used_up_quota_stops_and_resumes(rehearsal: Rehearsal) -> None:
    """When the CRM's calls are used up in the middle, the run says so and the next one goes on from there."""
    save_first_plan(rehearsal)
    rehearsal.disturb("quota_used_up", crm="hubspot", match=BATCH, after=1)
    report = apply_saved(rehearsal)
    assert isinstance(report.errors["hubspot"], QuotaError)
    assert report.exit_code == 3
    rehearsal.calm()
    assert apply_saved(rehearsal).ok


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_goes_wrong_the_end_is_the_same(tmp_path: Path, seed: int) -> None:
    """Locks, dropped answers, silent ignores and 5xx at random: once it calms down, one sync makes it right."""
    with rehearse(tmp_path / "calm") as calm:
        calm.adopt()
        expected = calm.shown()
    with rehearse(tmp_path / "storm") as storm:
        save_first_plan(storm)
        for harness in (storm.practice.salesforce, storm.practice.hubspot):
            harness.faults = FaultBox(seed, harness.name)
        storm.disturb("lock_error", crm="salesforce", rate=0.5)
        storm.disturb("silent_ignore", rate=0.3)
        storm.disturb("dropped_connection", crm="hubspot", match=BATCH, when="after", rate=0.5)
        storm.disturb("server_error", match="POST /crm/v3/objects/contacts/batch/*", crm="hubspot", rate=0.3)
        assert not apply_saved(storm).ok
        assert not apply_saved(storm).ok or storm.shown() == expected
        storm.calm()
        sync(storm)
        with storm.at_work() as (setting, writers):
            assert run_sync(setting, writers).plan.empty
        assert storm.shown() == expected


def test_what_a_crm_ceased_to_show_after_it_was_written_is_told_and_holds_nobody(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The field hidden in between is named; what is shown of the record is believed, and the next run goes on."""
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        shown = writers["salesforce"].read_back

        def hiding(refs: Sequence[RecordRef], fields: Sequence[str]) -> Mapping[RecordRef, Mapping[str, Raw]]:
            return shown(refs, [name for name in fields if name != "Fit_Score__c"])

        monkeypatch.setattr(writers["salesforce"], "read_back", hiding)
        report = run_apply(setting, writers, plan).report
        monkeypatch.undo()
        rehearsal.pass_time(minutes=20)
        assert run_sync(setting, writers).exit_code == 0
    assert report.exit_code == 3
    assert {(one.status, one.code, one.fields) for one in report.records} == {
        ("ignored", "INVALID_FIELD", ("Fit_Score__c",))
    }
    assert "field-level security" in report.records[0].remedy
