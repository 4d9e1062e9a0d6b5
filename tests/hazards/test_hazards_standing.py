"""Records that become others while a plan waits: converted leads and merged contacts, over HTTP."""

from __future__ import annotations

from leadline.common.values import RecordRef, RecordWrite
from leadline.sync.cycle import make_plan, run_apply, run_sync
from leadline.sync.store.mirror import load_records
from tests.hazards.outside import Outside
from tests.sync.writing.rehearsal import Rehearsal


def test_a_lead_converted_between_plan_and_apply_goes_on_as_its_contact(
    rehearsal: Rehearsal, outside: Outside
) -> None:
    """The lead's own write is told as gone and parked nowhere; one person remains, whose contact is written next."""
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        writes = [one for one in plan.writes if one.ref.object == "Lead"]
        chosen = next(one for one in writes if one.field == "Lifecycle_Stage__c")
        rehearsal.pass_time(minutes=1)
        contact = RecordRef("salesforce", "Contact", outside.convert(chosen.ref.id))
        [[refused]] = writers["salesforce"].write([RecordWrite(chosen.ref, {"Title": "Nobody"})])
        assert (refused.status, refused.code) == ("gone", "CANNOT_UPDATE_CONVERTED_LEAD")
        report = run_apply(setting, writers, plan).report
        ended = {item.ref: item.status for item in report.records}
        assert ended == {chosen.ref: "gone"}
        rehearsal.pass_time(minutes=20)
        synced = run_sync(setting, writers)
        with setting.store.read() as connection:
            mirrored = load_records(connection, [chosen.ref, contact])
    assert {record.person_id for record in mirrored.values()} == {chosen.person} and len(mirrored) == 2
    assert synced.exit_code == 0
    written = {one.field: one.new for one in synced.plan.writes if one.ref == contact}
    assert written["Lifecycle_Stage__c"] == chosen.new
    assert rehearsal.shown()[contact]["Lifecycle_Stage__c"] == chosen.new


def test_a_contact_merged_into_a_new_id_keeps_its_stage(rehearsal: Rehearsal, outside: Outside) -> None:
    """Two adopted contacts are merged in HubSpot and the survivor merged again: one person, nothing decided anew."""
    rehearsal.adopt()
    stages = {ref: fields["lifecyclestage"] for ref, fields in rehearsal.shown().items() if ref.crm == "hubspot"}
    first, second, third = sorted(ref.id for ref, stage in stages.items() if stage == "lead")[:3]
    rehearsal.pass_time(minutes=30)
    survivor = first
    for lost in (second, third):
        body = {"primaryObjectId": survivor, "objectIdToMerge": lost}
        survivor = outside.hubspot("POST", "/crm/v3/objects/contacts/merge", json=body)["id"]
    rehearsal.pass_time(minutes=20)
    refs = [RecordRef("hubspot", "contact", key) for key in (first, second, third, survivor)]
    with rehearsal.at_work() as (setting, writers):
        synced = run_sync(setting, writers)
        with setting.store.read() as connection:
            mirrored = load_records(connection, refs)
    assert synced.exit_code == 0
    assert len({record.person_id for record in mirrored.values()}) == 1
    assert [ref for ref, record in mirrored.items() if not record.deleted] == [refs[-1]]
    assert rehearsal.shown()[refs[-1]]["lifecyclestage"] == "lead"
