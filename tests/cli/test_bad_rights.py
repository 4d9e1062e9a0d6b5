"""What a CRM does not show or does not let us write, fields it has not, and books that nobody fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.serving import start_practice
from tests.cli.conftest import Leadline, sit_down
from tests.cli.desk import Desk


@pytest.fixture
def rehearse(book: Path, leadline: Leadline, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that seats us before practice CRMs of a kind, as a context manager."""
    from contextlib import contextmanager

    @contextmanager
    def seated(people: int = 60, **options: Any) -> Any:
        with start_practice(people=people, seed=11, frozen=True, options=PracticeOptions(**options)) as running:
            yield sit_down(book, running, leadline, monkeypatch)

    return seated


@pytest.mark.parametrize("scope", ["crm.objects.contacts.read", "crm.objects.companies.read"])
def test_a_missing_scope_is_named(rehearse: Any, scope: str) -> None:
    """HubSpot's 403 becomes the scope to grant."""
    with rehearse(missing_scopes=(scope,)) as desk:
        desk.refused("plan", code=3, said=f"grant {scope}")


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        ({"missing_scopes": ("forms",)}, "form activities cannot be read: HubSpot's app lacks a scope: grant forms"),
        ({"missing_scopes": ("crm.schemas.contacts.read",)}, "the object contact is not visible; grant the app its"),
        ({"hidden_fields": ("Lead",)}, "the object Lead is not visible; grant read access"),
        ({"hidden_fields": ("Opportunity",)}, "the object Opportunity is not visible"),
        ({"hidden_fields": ("Lead.Title",)}, "Lead.Title is not visible, so what reads it is frozen; grant access"),
        (
            {"hidden_fields": ("Lead.Fit_Score__c",)},
            "Fit_Score__c is not visible on Lead, so it is not written there",
        ),
    ],
    ids=["forms", "schemas", "Lead", "Opportunity", "field", "target"],
)
def test_what_is_merely_hidden_is_told_and_the_rest_goes_on(
    rehearse: Any, options: dict[str, Any], warning: str
) -> None:
    """A part that this user may not see freezes what reads it; the plan says so, as text and as JSON."""
    with rehearse(**options) as desk:
        said = desk.leadline("plan")
        assert said.code == 0
        assert f"{warning}" in said.out
        assert any(warning in told for told in desk.leadline("plan", "--json").json["pull"]["warnings"])


def test_a_hidden_field_is_no_field_where_no_crm_ever_showed_it(rehearse: Any) -> None:
    """Every source hidden from the first day is taken for a mistake of the book: file, line, column, next step."""
    with rehearse(hidden_fields=("Lead.Expected_Amount__c", "Contact.Expected_Amount__c")) as desk:
        said = desk.refused("plan", code=1, said="salesforce shows no field Lead.Expected_Amount__c")
        assert said.err.startswith("rules.yml:89:")
        assert "grant this user access to the field" in said.err
        assert desk.state("cycles")["cycles"] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "salesforce: [Lead.Industry, Account.Industry]\n    hubspot: company.industry",
            "salesforce: [Lead.Industri]",
            "rules.yml:55:18: salesforce shows no field Lead.Industri (did you mean `Industry`?)",
        ),
        ("Lead.Industry", "Leed.Industry", "(did you mean `Lead`?)"),
        ("fit: fit_score", "fit: 5", "rules.yml:"),
    ],
    ids=["field", "object", "target"],
)
def test_a_field_that_no_crm_has(reading_desk: Desk, old: str, new: str, said: str) -> None:
    """The book is refused with its place and the nearest name, before anything is read."""
    reading_desk.edit(old, new)
    reading_desk.refused("plan", code=1, said=said)
    reading_desk.refused("sync", code=1, said=said)
    assert not reading_desk.state("records").get("records")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fit: Fit_Score__c", "fit: Fit_Scor__c", "did you mean `Fit_Score__c`?"),
        ("fit: fit_score", "fit: fitt_score", "did you mean `fit_score`?"),
        ("Lead.Industry", "Lead.Industri", "did you mean `Industry`?"),
    ],
    ids=["Salesforce target", "HubSpot target", "one source of several"],
)
def test_a_name_that_only_one_place_lacks(reading_desk: Desk, old: str, new: str, said: str) -> None:
    """What another source or target can stand in for is a warning with the nearest name."""
    reading_desk.edit(old, new)
    told = reading_desk.leadline("plan")
    assert told.code == 0
    assert said in told.out


def test_read_only_targets_are_left_out_and_told(rehearse: Any) -> None:
    """A field or an object that may not be written costs no call and parks no record."""
    options = {"read_only_fields": ("Lead", "contact.fit_score")}
    with rehearse(**options) as desk:
        said = desk.leadline("plan", "-o", "plan.json")
        assert said.code == 0
        assert "43 hubspot contact: fit_score is read-only for this user" in said.out
        assert "24 salesforce Lead: Lifecycle_Stage__c is read-only for this user" in said.out
        assert desk.leadline("apply", "plan.json", "--json").json["counts"] == {"verified": 62}
        assert desk.leadline("sync", "--json").json["plan"]["writes"] == 0


def test_a_missing_right_to_write(rehearse: Any) -> None:
    """Without the write scope the other CRM is served, the scope is named, and nothing is called success."""
    with rehearse(missing_scopes=("crm.objects.contacts.write",)) as desk:
        assert desk.leadline("plan", "-o", "plan.json").code == 0
        said = desk.leadline("apply", "plan.json")
        assert said.code == 3
        assert "grant crm.objects.contacts.write" in said.out
        assert "43 planned, 43 verified" in said.out
        said = desk.leadline("sync")
        assert said.code == 3
        assert "grant crm.objects.contacts.write" in said.err


def test_an_empty_organisation(rehearse: Any) -> None:
    """Nobody to decide on is no error, from the first plan to the report."""
    with rehearse(people=0) as desk:
        desk.refused("sync", code=1, said="leadline apply plan.json")
        said = desk.leadline("plan", "-o", "plan.json")
        assert said.code == 0
        assert "Nobody has a stage" in said.out
        for arguments in (("apply", "plan.json"), ("sync",), ("report",)):
            assert desk.leadline(*arguments).code == 0
        assert "0 people" in desk.leadline("sync").out
        desk.refused("explain", "p-1", code=1, said="nobody is known yet")


def test_an_empty_organisation_of_files(book: Path, leadline: Leadline, tmp_path: Path) -> None:
    """A practice organisation may be loaded from CSV files that hold nobody."""
    assert leadline("practice", "--people", "0", "--save", tmp_path / "empty").code == 0
    from leadline.connectors.practice.files import load_organisation

    assert load_organisation(tmp_path / "empty").people == ()


@pytest.mark.parametrize(("crm", "other"), [("salesforce", "hubspot"), ("hubspot", "salesforce")])
def test_one_crm_only(desk: Desk, crm: str, other: str) -> None:
    """A book for two CRMs runs on one, and says what it misses."""
    text = Path("leadline.yml").read_text(encoding="utf-8")
    head, rest = text.split("salesforce:\n")
    blocks = dict(zip(("salesforce", "hubspot"), rest.split("hubspot:\n"), strict=True))
    Path("leadline.yml").write_text(f"{head}{crm}:\n{blocks[crm]}", encoding="utf-8")
    said = desk.leadline("plan", "-o", "plan.json")
    assert said.code == 0
    assert f"warning: the book reads {other}, which is not configured" in said.out
    assert desk.leadline("apply", "plan.json").code == 0
    assert "The CRM agrees with the decisions" in desk.leadline("sync").out
    assert desk.written() == 43


def test_a_scope_that_leaves_everybody_out(desk: Desk) -> None:
    """A plan for nobody says why it is empty; explain names the scope."""
    desk.edit(
        "any:\n      - {email: {domain_in: lists/own-domains.txt}}      # colleagues and test people\n"
        "      - {title: {has_word: student}}",
        "any: [{known: email}, {unknown: email}]",
    )
    said = desk.leadline("plan", "-o", "plan.json")
    assert said.code == 0
    assert "the book's `scope` leaves everybody out" in said.out
    assert desk.leadline("apply", "plan.json").code == 0
    assert desk.written() == 0
    desk.refused("explain", "p-1", code=1, said="out of the book's scope")
