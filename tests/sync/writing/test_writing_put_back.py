"""What a person puts back right after our write, before any pull has seen ours, is news and not overlooked."""

from __future__ import annotations

import json
import urllib.request

from sqlalchemy import select

from leadline.common.values import RecordRef
from leadline.sync.cycle import run_sync
from leadline.sync.store.schema import decisions, records
from tests.sync.writing.rehearsal import Rehearsal

USER = "tom.okafor@acme.example"


def forward(rehearsal: Rehearsal, crm: str, field: str, before: str) -> RecordRef:
    """Edit the book so that inquiries become MQL, run it, and return one of them that showed ``before``."""
    rehearsal.edit("  - leadline@practice.example\n", "")  # by_hand writes as this user: a person for once
    rehearsal.edit("recycled: lead", "recycled: unchanged")  # `lead` means one stage only
    rehearsal.adopt()
    with rehearsal.at_work() as (setting, writers):
        run_sync(setting, writers)
    was = {ref for ref, shown in rehearsal.shown().items() if shown.get(field) == before and ref.crm == crm}
    rehearsal.edit("- {activity: demo_request, within: 7d}", "- {known: email}")
    rehearsal.edit("- {activity: demo_request, within: 14d}", "- {known: email}")
    rehearsal.pass_time(hours=1)
    with rehearsal.at_work() as (setting, writers):
        assert run_sync(setting, writers).report.ok
    shown = rehearsal.shown()
    alone = {ref for ref in was if shown[ref][field] != before}
    rehearsal.pass_time(minutes=3)
    return min(alone)


def moves_of(rehearsal: Rehearsal, ref: RecordRef) -> list[tuple[str, str, str]]:
    """Return the moves of the last decision about a record's person."""
    with rehearsal.at_work() as (setting, _), setting.store.read() as connection:
        own = (records.c.crm == ref.crm) & (records.c.object == ref.object) & (records.c.record_id == ref.id)
        person = connection.execute(select(records.c.person_id).where(own)).scalar_one()
        query = select(decisions.c.body).where(decisions.c.person_id == person).order_by(decisions.c.number.desc())
        body = json.loads(connection.execute(query).scalars().first() or "{}")
    return [(move["source"], move["target"], move["by"]) for move in body["moves"]]


def again(rehearsal: Rehearsal) -> None:
    """Let a quarter of an hour pass and run a cycle."""
    rehearsal.pass_time(minutes=15)
    with rehearsal.at_work() as (setting, writers):
        assert run_sync(setting, writers).report.ok


def test_a_stage_put_back_in_salesforce_is_a_human_move(rehearsal: Rehearsal) -> None:
    """The rep who takes our MQL back between two cycles is heard in the next one."""
    ref = forward(rehearsal, "salesforce", "Lifecycle_Stage__c", "inquiry")
    rehearsal.by_hand(ref, {"Lifecycle_Stage__c": "inquiry"})
    again(rehearsal)
    assert moves_of(rehearsal, ref) == [("mql", "inquiry", "human")]
    assert rehearsal.shown()[ref]["Lifecycle_Stage__c"] == "inquiry"


def test_a_stage_put_back_in_hubspot_is_a_human_move(rehearsal: Rehearsal) -> None:
    """HubSpot's history names the user, although the value is the one that was there before."""
    ref = forward(rehearsal, "hubspot", "lifecyclestage", "lead")
    for value in ("", "lead"):
        request = urllib.request.Request(
            f"{rehearsal.practice.hubspot_url}/crm/v3/objects/contacts/{ref.id}",
            json.dumps({"properties": {"lifecyclestage": value}}).encode(),
            {
                "Authorization": f"Bearer {rehearsal.practice.credentials.hubspot_token}",
                "Content-Type": "application/json",
                "X-Practice-User": USER,
            },
            method="PATCH",
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
    again(rehearsal)
    assert moves_of(rehearsal, ref) == [("mql", "inquiry", "human")]
    assert rehearsal.shown()[ref]["lifecyclestage"] == "lead"


def test_a_value_put_back_by_a_machine_is_written_again(rehearsal: Rehearsal) -> None:
    """A workflow that undoes our write is no person: the next plan sees the old value and writes ours again."""
    ref = forward(rehearsal, "hubspot", "lifecyclestage", "lead")
    rehearsal.by_hand(ref, {"lifecyclestage": ""})
    rehearsal.by_hand(ref, {"lifecyclestage": "lead"})
    again(rehearsal)
    assert rehearsal.shown()[ref]["lifecyclestage"] == "marketingqualifiedlead"
    again(rehearsal)
    assert rehearsal.shown()[ref]["lifecyclestage"] == "marketingqualifiedlead"


def test_the_echo_of_our_own_write_is_still_no_news(rehearsal: Rehearsal) -> None:
    """Nobody touched anything: the cycle after ours decides and writes nothing."""
    forward(rehearsal, "hubspot", "lifecyclestage", "lead")
    with rehearsal.at_work() as (setting, writers):
        synced = run_sync(setting, writers)
    assert synced.plan.empty
    assert synced.evaluation.decisions == 0
