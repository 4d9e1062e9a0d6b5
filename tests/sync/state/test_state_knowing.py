"""A check with a configuration: what the last pull saw of the fields, rights and activities that a book reads."""

import json
from pathlib import Path

import pytest

from leadline.cli import run
from leadline.common.problem_codes import CODES
from leadline.common.values import RecordRef, SourceActivity
from leadline.rules.deciding.history import History, ordered
from leadline.sync.intake import facts_of_persons
from leadline.sync.knowing import problems_known
from leadline.sync.store.outcomes import load_lifecycle
from leadline.sync.verifying import verify
from tests.sync.looking import decisions_in


def told(world, path):
    """Return each finding of the state about the book: severity, code and message."""
    found = problems_known(f"sqlite:///{path}/state.db", world.book)
    assert {problem.code for problem in found} <= set(CODES)
    return [(problem.severity, problem.code, problem.message) for problem in found]


def test_how_full_the_fields_are(world, tmp_path):
    """Fields that rules ask for are told with their counts; what is full, or asked by no rule, is not."""
    world.salesforce.put("Lead", "L1", {"Email": "a@a.example", "Title": "Chief", "NumberOfEmployees": 90})
    world.salesforce.put("Lead", "L2", {"Email": "b@a.example", "Title": "Chief"})
    world.salesforce.put("Lead", "L3", {"Email": "c@a.example", "Title": "Chief", "IsConverted": True})
    world.hubspot.put("contact", "7", {"email": "d@b.example", "jobtitle": "x"})
    world.hubspot.put("company", "5", {"numberofemployees": ""})
    world.cycle()
    message = "uses `employees`, 67 % empty (Lead.NumberOfEmployees: 1 of 2, company.numberofemployees: 1 of 1)"
    found = [item for item in told(world, tmp_path) if item[1] == "empty-field"]
    assert found == [("note", "empty-field", message)]


def test_what_is_always_empty_is_a_warning(world, tmp_path):
    """A field that nobody filled in is unknown for everybody."""
    world.salesforce.put("Lead", "L1", {"Email": "a@a.example", "NumberOfEmployees": 90})
    world.cycle()
    assert ("warning", "empty-field", "uses `title`, 100 % empty (Lead.Title: 1 of 1)") in told(world, tmp_path)


def test_what_the_tier_does_not_supply(world, tmp_path):
    """The activity and its source are named as of the last pull; once the CRM supplies it, nothing is said."""
    world.hubspot.lacking = {"form"}
    world.salesforce.put("Lead", "L1", {"Email": "a@a.example"})
    world.cycle()
    message = "hubspot does not supply `form` activities here, which `demo` reads"
    assert ("warning", "not-supplied", message) in told(world, tmp_path)
    world.hubspot.lacking = set()
    world.pass_time(hours=1)
    world.cycle()
    assert "not-supplied" not in {code for _, code, _ in told(world, tmp_path)}


def test_types_and_rights_are_those_of_the_last_pull(world, tmp_path):
    """What the CRMs described is kept: fields that are missing there are told without asking them."""
    world.salesforce.put("Lead", "L1", {"Email": "a@a.example"})
    world.cycle()
    assert "unknown-field" not in {code for _, code, _ in told(world, tmp_path)}
    world.use(world.sources["rules.yml"].decode().replace("Lead.Title", "Lead.Titel"))
    found = [problem for problem in told(world, tmp_path) if problem[1] == "unknown-field"]
    assert found == [("error", "unknown-field", "salesforce shows no field Lead.Titel")]


@pytest.mark.parametrize("style", ["text", "json", "sarif"])
def test_the_command_tells_it_in_every_format(
    world, tmp_path: Path, style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --config the state is used, without it is not; notes are notes in every format."""
    world.salesforce.put("Lead", "L1", {"Email": "a@a.example", "Title": "Chief"})
    world.salesforce.put("Lead", "L2", {"Email": "b@a.example"})
    world.cycle()
    (tmp_path / "rules.yml").write_bytes(world.sources["rules.yml"])
    (tmp_path / "leadline.yml").write_text(f"rules: .\nstate: sqlite:///{tmp_path}/state.db\n", encoding="utf-8")
    assert run(["check", str(tmp_path), "--format", style]) == 0
    assert "empty-field" not in capsys.readouterr().out
    assert run(["check", str(tmp_path), "--format", style, "-c", str(tmp_path / "leadline.yml")]) == 0
    out = capsys.readouterr().out
    if style == "text":
        assert "note: rules.yml:8:3: uses `title`, 50 % empty (Lead.Title: 1 of 2)" in out
    elif style == "json":
        (found,) = [item for item in json.loads(out)["problems"] if item["message"].startswith("uses `title`")]
        assert found["severity"] == "note"
    else:
        levels = {(item["ruleId"], item["level"]) for item in json.loads(out)["runs"][0]["results"]}
        assert ("empty-field", "note") in levels


def test_without_a_state_there_is_nothing_to_know(world, tmp_path):
    """No database appears because somebody checks a book."""
    assert problems_known(f"sqlite:///{tmp_path}/other.db", world.book) == []
    assert not (tmp_path / "other.db").exists()


COUNTED = """
leadline: 1
name: Views
fields: {email: {type: text, hubspot: contact.email}}
activities:
  view: {hubspot: {event: page_view}, otherwise: {property: hs_analytics_num_page_views}}
stages:
  inquiry: {kind: inventory}
  mql: {kind: gate, enter: {activity: view, within: 30d, at_least: 3}}
  recycled: {kind: detour}
paths:
  - inquiry -> mql
  - {from: mql, to: recycled, when: {activity: view, at_most: 0}}
  - {from: recycled, to: mql, after: 30d}
"""


def views(world, count):
    """Let the counter of the one contact stand at so many views."""
    world.hubspot.put("contact", "7", {"email": "a@b.example", "hs_analytics_num_page_views": str(count)})
    world.pass_time(hours=1)
    world.cycle()
    return told_views(world)


def told_views(world):
    """Return how many views are known of the one person."""
    with world.store.read() as connection:
        known = facts_of_persons(connection, world.book, ["p-000001"], 99)["p-000001"].all()
    history = History(ordered(known), world.book.fields)
    return len(history.activity("view").between(None, world.hubspot.now))


def test_rises_of_a_counter_stand_for_what_the_tier_lacks(world, tmp_path):
    """Two more views are two activities when they are seen; the first count is none; a fall is none."""
    world.hubspot.lacking = {"event"}
    world.use(COUNTED)
    assert [views(world, count) for count in (5, 7, 7, 2, 3, 900)] == [0, 2, 2, 2, 3, 103]
    assert ("note", "not-supplied") in {(severity, code) for severity, code, _ in told(world, tmp_path)}
    with world.store.read() as connection:
        assert load_lifecycle(connection, ["p-000001"])["p-000001"].stage == "mql"
        made = [row.id for cycle in range(1, 9) for row in decisions_in(connection, cycle)]
    assert made
    assert all(verify(world.store, found).same for found in made)


def test_what_the_crm_supplies_itself_takes_the_place_of_the_counter(world, tmp_path):
    """With the events themselves nothing is counted twice, and what was decided before can be derived again."""
    world.hubspot.lacking = {"event"}
    world.use(COUNTED)
    assert [views(world, count) for count in (5, 9)] == [0, 4]
    world.hubspot.lacking = set()
    at = world.hubspot.now
    about = (RecordRef("hubspot", "contact", "7"),)
    world.hubspot.happened["e1"] = SourceActivity(
        "hubspot", "event", "e1", at, at, about=about, attributes={"name": "page_view"}
    )
    assert views(world, 12) == 1
    with world.store.read() as connection:
        ids = [row.id for cycle in range(1, 9) for row in decisions_in(connection, cycle)]
    assert len(ids) >= 2
    assert all(verify(world.store, found).same for found in ids)
