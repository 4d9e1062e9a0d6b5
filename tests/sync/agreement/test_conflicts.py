"""Whose value stays where somebody changed ours: policies, the ledger, and the vendors' own connector."""

from __future__ import annotations

import json
import urllib.request
from datetime import timedelta

import pytest

from leadline.common.values import Raw, RecordRef
from leadline.sync.conflicts.listing import ConflictReport, conflict_report
from leadline.sync.cycle import run_sync
from leadline.sync.drift import DriftReport, drift
from leadline.sync.guards import GuardError
from tests.sync.writing.rehearsal import WALL, Rehearsal
from tests.sync.writing.test_writing_put_back import forward

USER = "tom.okafor@acme.example"
POLICIES = (
    "    on_conflict: {Fit_Score__c: human wins for 30d, Lead_Grade__c: report only, Previous_Stage__c: newest}\n"
)


def cycle(rehearsal: Rehearsal, **after: float) -> None:
    """Let time pass and run a cycle."""
    rehearsal.pass_time(**after)
    with rehearsal.at_work() as (setting, writers):
        assert run_sync(setting, writers).report.ok


def told(rehearsal: Rehearsal) -> tuple[ConflictReport, DriftReport]:
    """Return what `leadline conflicts` and `leadline drift` say."""
    with rehearsal.at_work() as (setting, _):
        return conflict_report(setting.store, setting.book, WALL - timedelta(days=3650)), drift(
            setting.store, setting.book
        )


def as_user(rehearsal: Rehearsal, ref: RecordRef, fields: dict[str, Raw]) -> None:
    """Change a HubSpot contact or company as a user of its pages."""
    request = urllib.request.Request(
        f"{rehearsal.practice.hubspot_url}/crm/v3/objects/{ref.object}/{ref.id}",
        json.dumps({"properties": fields}).encode(),
        {
            "Authorization": f"Bearer {rehearsal.practice.credentials.hubspot_token}",
            "Content-Type": "application/json",
            "X-Practice-User": USER,
        },
        method="PATCH",
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def test_each_policy_does_what_it_says(rehearsal: Rehearsal) -> None:
    """What a person set stands for its time, a reported value for good; the rest is written over."""
    rehearsal.edit("  - leadline@practice.example\n", "")  # by_hand writes as this user: a person for once
    rehearsal.edit("  salesforce:\n    stage:", f"  salesforce:\n{POLICIES}    stage:")
    rehearsal.edit(
        "  hubspot:\n    stage:",
        "  hubspot:\n    on_conflict: {fit_score: human wins, lead_grade: human wins}\n    stage:",
    )
    rehearsal.adopt()
    cycle(rehearsal, minutes=10)
    before = rehearsal.shown()
    lead = min(ref for ref in before if ref.object == "Lead")
    contacts = sorted(ref for ref in before if ref.crm == "hubspot")
    ours = before[lead]
    rehearsal.pass_time(minutes=5)
    theirs: dict[str, Raw] = {
        "Fit_Score__c": 99,
        "Lead_Grade__c": "ZZ",
        "Lifecycle_Reason__c": "mail ada@acme.example",
    }
    rehearsal.by_hand(lead, theirs)
    as_user(rehearsal, contacts[0], {"fit_score": "77"})
    rehearsal.by_hand(contacts[1], {"lead_grade": "ZZ"})  # by an app: no person
    cycle(rehearsal, minutes=15)

    shown = rehearsal.shown()
    assert (shown[lead]["Fit_Score__c"], shown[lead]["Lead_Grade__c"]) == (99, "ZZ")
    assert shown[lead]["Lifecycle_Reason__c"] == ours["Lifecycle_Reason__c"]
    assert (shown[contacts[0]]["fit_score"], shown[contacts[1]]["lead_grade"]) == (
        "77",
        before[contacts[1]]["lead_grade"],
    )
    found, apart = told(rehearsal)
    fates = {(item.conflict.ref, item.conflict.field): (item.who, item.became) for item in found.conflicts}
    assert fates == {
        (lead, "Fit_Score__c"): ("person", "stands"),
        (lead, "Lead_Grade__c"): ("person", "stands"),
        (lead, "Lifecycle_Reason__c"): ("person", "written over"),
        (contacts[0], "fit_score"): ("person", "stands"),
        (contacts[1], "lead_grade"): ("machine", "written over"),
    }
    by_user = next(item for item in found.conflicts if item.conflict.ref == contacts[0])
    assert (by_user.conflict.author, by_user.conflict.theirs) == (USER, "77")
    assert found.fights == ()
    held = {(item.ref, item.field): item.why for item in apart.disagreements if not item.by_design}
    assert held == {
        (lead, "Fit_Score__c"): "human",
        (lead, "Lead_Grade__c"): "conflict",
        (contacts[0], "fit_score"): "human",
    }
    assert not apart.agreed

    cycle(rehearsal, days=31)
    shown = rehearsal.shown()
    assert shown[lead]["Fit_Score__c"] == ours["Fit_Score__c"]
    assert shown[lead]["Lead_Grade__c"] == "ZZ"
    assert shown[contacts[0]]["fit_score"] == "77"  # without a time it stands until we decide another value
    found, _ = told(rehearsal)
    assert [item.became for item in found.conflicts if item.conflict.field == "Fit_Score__c"] == ["written over"]


def test_drift_names_the_guard_that_stops_the_plan(rehearsal: Rehearsal) -> None:
    """While a guard holds the plan nobody is told that the next one writes it; once it is let through they agree."""
    rehearsal.adopt()
    cycle(rehearsal, minutes=10)
    lead = min(ref for ref in rehearsal.shown() if ref.object == "Lead")
    rehearsal.edit("most: 2000", "most: 0")
    rehearsal.by_hand(lead, {"Lifecycle_Reason__c": "mine"})
    rehearsal.pass_time(minutes=15)
    with rehearsal.at_work() as (setting, writers), pytest.raises(GuardError) as stopped:
        run_sync(setting, writers)
    _, apart = told(rehearsal)
    (stop,) = map(str, stopped.value.stops)
    (held,) = [item for item in apart.disagreements if not item.by_design]
    assert (held.ref, held.why, held.detail) == (lead, "guarded", stop)
    assert apart.stops == (stop,)
    rehearsal.edit("most: 0", "most: 2000")
    cycle(rehearsal, minutes=15)
    cycle(rehearsal, minutes=15)
    _, apart = told(rehearsal)
    assert apart.agreed
    assert apart.stops == ()


def test_the_newest_value_stands(rehearsal: Rehearsal) -> None:
    """A stage that an app set back after us stays as it is, whoever it was."""
    rehearsal.edit("  hubspot:\n    stage:", "  hubspot:\n    on_conflict: {lifecyclestage: newest}\n    stage:")
    ref = forward(rehearsal, "hubspot", "lifecyclestage", "lead")
    rehearsal.by_hand(ref, {"lifecyclestage": ""})
    rehearsal.by_hand(ref, {"lifecyclestage": "lead"})
    cycle(rehearsal, minutes=15)
    assert rehearsal.shown()[ref]["lifecyclestage"] == "lead"
    _, apart = told(rehearsal)
    held = [item for item in apart.disagreements if item.field == "lifecyclestage" and not item.by_design]
    assert [(item.ref, item.why) for item in held] == [(ref, "conflict")]


def test_the_vendors_own_connector_is_named(rehearsal: Rehearsal) -> None:
    """Twice within minutes of our write the stage is again what Salesforce had: that is no coincidence."""
    ref = forward(rehearsal, "hubspot", "lifecyclestage", "lead")
    for _ in range(2):
        rehearsal.by_hand(ref, {"lifecyclestage": ""})
        rehearsal.by_hand(ref, {"lifecyclestage": "lead"})
        found, _ = told(rehearsal)
        assert found.fights == ()
        cycle(rehearsal, minutes=5)
        rehearsal.pass_time(minutes=3)
    found, _ = told(rehearsal)
    assert [(fight.crm, fight.field, fight.records, fight.times) for fight in found.fights] == [
        ("hubspot", "lifecyclestage", 1, 2)
    ]
    assert "HubSpot-Salesforce connector" in found.fights[0].message
    with rehearsal.at_work() as (setting, writers):
        assert found.fights[0].message in run_sync(setting, writers).pull.warnings
    assert "on_conflict: {lifecyclestage: report only}" in found.fights[0].message
    assert all(item.conflict.mirrors and item.who == "machine" for item in found.conflicts)


def test_an_edit_right_after_our_write_is_told(rehearsal: Rehearsal) -> None:
    """At the very instant of our write, a second and a minute later, also what puts the old value back.

    What is as we left it, again or by chance, is no conflict, and neither is an edit of another field.
    """
    written = {(one.ref, one.field) for one in rehearsal.adopt().plan.writes}
    shown = rehearsal.shown()
    fields = {"Lead": "Fit_Score__c", "contact": "fit_score"}
    refs = {name: iter(sorted(ref for ref, field in written if (ref.object, field) == (name, fields[name])))
            for name in fields}  # fmt: skip

    def edit(ref: RecordRef, **values: Raw) -> None:
        if ref.crm == "hubspot":
            as_user(rehearsal, ref, {name: str(value or "") for name, value in values.items()})
        else:
            rehearsal.by_hand(ref, values)

    edited: set[RecordRef] = set()
    back, chair = ({name: next(refs[name]) for name in fields} for _ in range(2))
    for seconds in (0, 1, 60):
        rehearsal.pass_time(seconds=seconds)
        for name, score in fields.items():
            another, emptied = next(refs[name]), next(refs[name])
            edit(another, **{score: 77})
            edit(emptied, **{score: None})
            edit(chair[name], **{"jobtitle" if name == "contact" else "Title": f"Chair {seconds}"})
            edit(back[name], **{score: 77})
            edit(back[name], **{score: shown[back[name]][score]})
            edited |= {another, emptied}
    cycle(rehearsal, minutes=15)
    found, _ = told(rehearsal)
    assert {(item.conflict.ref, item.conflict.field) for item in found.conflicts} == {
        (ref, fields[ref.object]) for ref in edited
    }
