"""Actions in a rule book: read with places, checked, told apart by the hash and by diff, and in the schema."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from leadline.common.errors import BookError
from leadline.common.values import FieldDescription, ObjectDescription
from leadline.common.yamltree import parse, to_plain
from leadline.rules.check import check_against, check_book
from leadline.rules.diffing import differences
from leadline.rules.diffing.spelling import spelled
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.rules.schema import rule_language_schema

HEAD = """leadline: 1
name: Actions
fields:
  email: {type: text, salesforce: Lead.Email}
  region: {type: text, salesforce: Lead.Region__c}
stages:
  inquiry: {kind: inventory}
  mql: {kind: sla, enter: {known: email}}
paths: inquiry -> mql
rotas: {sdr: [ann@acme.example, bob@acme.example]}
write: {salesforce: {stage: Stage__c}}
on_enter:
"""
SCHEMA = Draft202012Validator(rule_language_schema())
GOOD = [
    "{task: owner}",
    '{task: {to: Ann Example, subject: "Call {name} in {region}", due: 1d, urgent: true}}',
    '{notify: "#sales"}',
    '{notify: {to: owner, text: "{name}: {why}"}}',
    "{assign: {rota: sdr, by: region, account_owner_first: true}}",
    "{assign: Inbound Queue}",
    "{note: hand-off}",
    "{add_to: {salesforce_campaign: Nurture, status: Sent}}",
    "{remove_from: {hubspot_list: Nurture}}",
    "{set: {Lead.Rating: Hot}}",
    "{set: {contact.rating: null}}",
]
BAD = [
    ("{tusk: owner}", "there is no action `tusk` (did you mean `task`?)"),
    ("{task: {sbject: x}}", "`task` has no key `sbject` (did you mean `subject`?)"),
    ("{task: {due: 6 months}}", "cannot be in months"),
    ('{task: {subject: "{nme}"}}', "`{nme}` is no field, score or word that can be filled in (did you mean `name`?)"),
    ('{notify: {text: "a } b"}}', "a brace stands alone"),
    ("{assign: {rota: sdx}}", "there is no `sdx` (did you mean `sdr`?)"),
    ("{assign: {to: Ann, rota: sdr}}", "both say who becomes the owner"),
    ("{assign: {by: region, account_owner_first: true}}", "`by` chooses the part of a rota"),
    ("{assign: {}}", "does not say who becomes the owner"),
    ("{note: handoff}", "there is no `handoff` (did you mean `hand-off`?)"),
    ("{add_to: {hubspot_list: A, status: Sent}}", "`status` is of a campaign"),
    ("{add_to: {status: Sent, salesforce_campain: A}}", "did you mean `salesforce_campaign`?"),
    ("{member_status: {campaign: A}}", "`member_status` needs `status`"),
    ("{set: {Account.Rating: Hot}}", "`Account` is no object of a person"),
    ("{set: {Rating: Hot}}", "`Rating` is no field of a CRM"),
    ("{task: owner, note: hand-off}", "two actions in one mapping"),
    ("[]", "the list of actions is empty"),
    ("[3]", "an action is a mapping"),
    ("{do: {task: owner}, on_adopton: true}", "has no key `on_adopton` (did you mean `on_adoption`?)"),
    ("[" + ", ".join(["{task: owner}"] * 21) + "]", "has 21 actions; at most 20"),
]


def book(actions: str, stage: str = "mql") -> Book:
    """Read a book whose stage has these actions."""
    return read_book({"rules.yml": f"{HEAD}  {stage}: {actions}\n".encode()})


@pytest.mark.parametrize("action", GOOD)
def test_an_action_is_read_and_spelled_back(action: str) -> None:
    """What diff says of it means the same when it is written into a book, and the schema takes it."""
    text = f"{HEAD}  mql: {action}\n"
    assert SCHEMA.is_valid(to_plain(parse("rules.yml", text.encode())))
    assert book(spelled(book(action).on_enter["mql"])).hash == book(action).hash
    told = differences(book(action), book("{note: hand-off}", "inquiry"))[0]
    assert told.section == "on_enter"


@pytest.mark.parametrize(("actions", "message"), BAD)
def test_a_mistake_is_told_with_its_place(actions: str, message: str) -> None:
    """In the line of the action, with the nearest name."""
    with pytest.raises(BookError) as caught:
        book(actions)
    first = caught.value.problems[0]
    assert message in str(first)
    assert first.line == HEAD.count("\n") + 1


def test_the_hash_tells_actions_apart_and_others_keep_theirs() -> None:
    """Another action or another order is another book; a book without actions does not know of them."""
    one = book("[{task: owner}, {note: hand-off}]")
    assert one.hash == book("[ {task: {to: owner}},  {note: hand-off} ]").hash
    assert one.hash != book("[{note: hand-off}, {task: owner}]").hash
    assert one.hash != book("{do: [{task: owner}, {note: hand-off}], on_adoption: true}").hash
    assert book("{task: owner}").hash != book("{notify: owner}").hash


def test_check_finds_what_would_fight_or_never_happen() -> None:
    """A field with two writers is an error; a start that nobody enters, and a second owner, are doubtful."""
    found = {problem.code: problem for problem in check_book(book("{set: {Lead.Stage__c: x}}"))}
    assert found["two-writers"].severity == "error"
    assert [item.code for item in check_book(book("{task: owner}", "inquiry")) if "nobody enters" in item.message]
    asked = check_book(book("{do: {task: owner}, on_adoption: true}", "inquiry"))
    assert not [item for item in asked if "nobody enters" in item.message]
    twice = check_book(book("[{assign: Ann}, {assign: {next: sdr}}]"))
    assert [problem.message for problem in twice if "two owners" in problem.message]


def test_check_against_a_crm_finds_fields_that_cannot_be_set() -> None:
    """Hidden, read-only, or without this value."""
    fields = {
        "Email": FieldDescription("Email", "string"),
        "Region__c": FieldDescription("Region__c", "string"),
        "Stage__c": FieldDescription("Stage__c", "string"),
        "Rating": FieldDescription("Rating", "picklist", restricted=True, options=("Hot", "Cold")),
        "Fixed__c": FieldDescription("Fixed__c", "string", updateable=False),
    }
    shown = {name: ObjectDescription(name, fields) for name in ("Lead", "Contact")}
    made = book("{set: {Lead.Rating: Warm, Lead.Fixed__c: x, Lead.Gone__c: y}}")
    found = sorted(problem.code for problem in check_against(made, {"salesforce": shown}))
    assert found == ["read-only", "unknown-field", "unknown-value"]
