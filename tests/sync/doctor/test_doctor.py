"""The doctor names everything that a CRM withholds, and nothing that it grants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leadline.cli import run
from leadline.common.values import Crm
from leadline.connectors.inspecting import ObjectSeen
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import Automation
from leadline.connectors.practice.organisation import Organisation
from leadline.rules.model import AssignOwner, Book, CreateTask, Notify, StageActions
from leadline.sync.doctor import Examination, Seen
from leadline.sync.doctor.examining import examine
from leadline.sync.doctor.findings import KINDS, Finding
from leadline.sync.doctor.looking import look
from leadline.sync.doctor.needing import Need, needs_in
from tests.sync.doctor.conftest import Examine, served
from tests.sync.doctor.withholding import Lack, lacks_of, rehearsing

KEYS: Mapping[Crm, str] = {"salesforce": "Leadline_Key__c", "hubspot": "leadline_key"}
SHARES: Mapping[Crm, float] = {"salesforce": 0.9, "hubspot": 0.9}


@pytest.fixture(scope="module")
def healthy(examine_crms: Examine) -> Examination:
    """Practice CRMs that grant everything."""
    return examine_crms()


def judged(book: Book, seen: Mapping[Crm, Seen]) -> tuple[Finding, ...]:
    """Return the findings for what was seen."""
    return examine({crm: needs_in(book, crm, KEYS[crm]) for crm in seen}, seen, book.machines, SHARES)


def test_nothing_is_missing_where_everything_is_granted(healthy: Examination) -> None:
    """No error and no warning: a false alarm would be switched off, and the next true one with it."""
    assert healthy.ok
    assert [one for one in healthy.findings if one.severity != "note"] == []
    assert healthy.seen["salesforce"].calls < 40


def test_each_need_lacking_by_itself_is_named(full_book: Book, healthy: Examination) -> None:
    """Every need of the book is taken away in turn; the doctor names each one, and misses none."""
    kinds = set()
    for crm in healthy.seen:
        for need in needs_in(full_book, crm, KEYS[crm]):
            lacking = _without(need, healthy.seen[crm])
            seen = {other: _nobody(need, told) for other, told in healthy.seen.items()} | {crm: lacking}
            new = [one for one in judged(full_book, seen) if one not in healthy.findings]
            assert any(one.severity != "note" and _names(one, need) for one in new), need
            assert all(one.click for one in new)
            kinds.add(need.kind)
    assert kinds == {
        *("object", "edit", "create", "delete", "read", "join", "write", "set", "key", "right", "activity", "user"),
        "group",
    }


def _names(one: Finding, need: Need) -> bool:
    return one.crm == need.crm and (one.subject == need.subject or one.subject.startswith(f"{need.subject} = "))


def _nobody(need: Need, told: Seen) -> Seen:
    """Take a user away from the other CRM too: whoever is known somewhere is only a warning."""
    return _without(need, told) if need.kind == "user" else told


def _without(need: Need, told: Seen) -> Seen:
    """Return what a CRM tells that lacks exactly this."""
    if need.kind == "right":
        return replace(told, rights={**told.rights, need.name: False})
    if need.kind == "activity":
        return replace(told, supplies={need.name: "refused"})
    if need.kind == "user":
        kept = tuple(user for user in told.users if need.name not in {user.email, user.name})
        return replace(told, users=kept)
    if need.kind == "group":
        return replace(told, groups={})
    objects = dict(told.objects)
    shown = objects.pop(need.object)
    if need.kind != "object":
        objects[need.object] = _lesser(need, shown)
    return replace(told, objects=objects)


def _lesser(need: Need, shown: ObjectSeen) -> ObjectSeen:
    rights = {"edit": "updateable", "create": "createable", "delete": "deletable"}
    if need.kind in rights:
        return replace(shown, **{rights[need.kind]: False})
    return replace(shown, fields={name: field for name, field in shown.fields.items() if name != need.name})


def test_a_target_that_does_not_fit_is_named(full_book: Book, healthy: Examination) -> None:
    """Read-only, of a wrong type, too short, without a value, or not unique: each is told apart."""
    changes: dict[tuple[str, str], tuple[dict[str, Any], str]] = {
        ("Lead", "Fit_Score__c"): ({"updateable": False}, "field-read-only"),
        ("Contact", "Fit_Score__c"): ({"type": "boolean"}, "field-type"),
        ("Lead", "Lifecycle_Reason__c"): ({"length": 80}, "field-short"),
        ("Lead", "Lifecycle_Stage__c"): ({"options": ("mql", "sal")}, "value-missing"),
        ("Task", "Leadline_Key__c"): ({"unique": False}, "key-not-unique"),
    }
    for (name, field), (change, ident) in changes.items():
        told = healthy.seen["salesforce"]
        shown = told.objects[name]
        fields = {**shown.fields, field: replace(shown.fields[field], **change)}
        seen = {"salesforce": replace(told, objects={**told.objects, name: replace(shown, fields=fields)})}
        found = [one for one in judged(full_book, seen) if one.subject.startswith(f"{name}.{field}")]
        assert {one.id for one in found} == {ident}


def test_each_right_taken_away_in_a_crm_is_named_and_nothing_else(full_book: Book) -> None:
    """Over HTTP, one right after the other: the finding names it and what to click, and the rest stays quiet."""
    needs = {crm: needs_in(full_book, crm, key) for crm, key in KEYS.items()}
    lacks = list(lacks_of(needs))
    with rehearsing(generate(people=3, seed=7)) as rehearsal:

        def seen_by(crm: Crm, lack: Lack | None) -> Seen:
            with closing(rehearsal.withhold(crm, lack)) as inspector:
                return look(inspector, needs[crm], rehearsal.clock.now)

        granted = {crm: seen_by(crm, None) for crm in needs}
        quiet = set(judged(full_book, granted))
        for lack in lacks:
            # Whoever is known to one CRM is only a warning in the other.
            lesser = needs if lack.ident == "user-missing" else (lack.crm,)
            seen = granted | {crm: seen_by(crm, lack) for crm in lesser}
            new = [one for one in judged(full_book, seen) if one not in quiet]
            assert (lack.ident, lack.crm, lack.subject) in {(one.id, one.crm, one.subject) for one in new}, lack
            assert all(one.click for one in new), lack
            assert [one for one in new if not lack.explains(one.subject)] == [], lack
    named = {lack.ident for lack in lacks}
    assert len(lacks) > 190
    assert named == {
        *("object-hidden", "object-read-only", "not-creatable", "not-deletable", "field-hidden", "join-hidden"),
        *("target-missing", "field-read-only", "value-missing", "key-missing", "right-missing", "cannot-sign-in"),
        *("cannot-ask", "activity-unsupplied", "user-missing", "group-missing", "records-hidden"),
        *("records-not-editable", "automation-untold", "quota-used"),
    }


def test_who_listens_to_written_fields_is_named(examine_crms: Examine) -> None:
    """Automations that name a written field, those that run anyway, and the vendors' own connector."""
    found = examine_crms(
        assignment_rule=True,
        automations=(
            Automation("flow", "Route", "Lead", ("Fit_Score__c",)),
            Automation("flow", "Elsewhere", "Lead", ("Rating__c",)),
            Automation("validation rule", "Strict", "Contact", ("Lead_Grade__c",)),
            Automation("workflow", "Old", "Lead", ("Lifecycle_Stage__c",)),
            Automation("trigger", "OnLead", "Lead"),
            Automation("connector", "HubSpot_Inc"),
            Automation("workflow", "Nurture", "contact", ("fit_score",)),
        ),
    )
    assert found.ok
    told = {(one.id, one.crm, one.subject) for one in found.findings}
    assert told >= {
        ("automation-listens", "salesforce", "flow Route"),
        ("validation-listens", "salesforce", "validation rule Strict"),
        ("automation-listens", "salesforce", "workflow Old"),
        ("automation-runs", "salesforce", "trigger OnLead"),
        ("vendor-connector", "salesforce", "connector HubSpot_Inc"),
        ("assignment-rule", "salesforce", "assignment rule Practice assignment"),
        ("automation-listens", "hubspot", "workflow Nurture"),
    }
    assert not any("Elsewhere" in one.subject for one in found.findings)


def test_every_kind_says_what_to_click() -> None:
    """A finding without a next step would be a riddle; every path can be filled in."""
    for ident, kind in KINDS.items():
        assert kind.clicks, ident
        for click in kind.clicks.values():
            assert click.format(object="Lead", name="Title", value="x")


def test_the_verb_ends_with_1_while_an_error_stands(
    directory: Path, few: Organisation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text and JSON say the same findings; a note or a warning alone does not fail."""
    with served(directory, few, missing_scopes=("crm.lists.write",)) as (practice, _):
        for name, value in practice.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(directory)
        assert run(["doctor", "--json"]) == 1
        told = json.loads(capsys.readouterr().out)
        assert (told["ok"], told["counts"]["error"]) == (False, 1)
        assert run(["doctor"]) == 1
        shown = capsys.readouterr().out
    for one in told["findings"]:
        assert f"[{one['id']}]" in shown
        assert one["click"] in shown
    assert told["crms"]["salesforce"]["user"] == "leadline@practice.example"


def test_whom_an_action_means_by_a_word_is_nobody_to_look_for(full_book: Book) -> None:
    """`owner` and `manager` are found through the record: no user has these names."""
    actions = (CreateTask(to="manager"), AssignOwner(to="manager"), Notify(to="owner"))
    book = replace(full_book, on_enter={"mql": StageActions("mql", actions)}, rotas={})
    assert not [need for need in needs_in(book, "salesforce", "Leadline_Key__c") if need.kind == "user"]
