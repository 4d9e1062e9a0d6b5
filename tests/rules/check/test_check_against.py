"""A book against what the CRMs describe: the practice organisations, and one by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from leadline.common.bookfiles import read_sources
from leadline.common.values import Crm, FieldDescription, ObjectDescription
from leadline.rules.check import check_against
from leadline.rules.reading import read_book
from tests.rules.reading.reading_kit import sources

WATERFALL = Path(__file__).parents[3] / "examples" / "waterfall"


def shown(name: str, **fields: str | FieldDescription) -> ObjectDescription:
    """Return an object's description; a text is a field's type."""
    described = {
        field: FieldDescription(field, said) if isinstance(said, str) else said for field, said in fields.items()
    }
    return ObjectDescription(name, described)


STATUS = FieldDescription("Status", "picklist", options=("New", "Working", "Unqualified"))
LEAD = shown(
    "Lead", Email="email", Title="string", Status=STATUS, NumberOfEmployees="int", Expected_Amount__c="currency",
    Budget_Confirmed__c="boolean", Need_Confirmed__c="boolean", Project_Start__c="date", LastActivityDate="date",
)  # fmt: skip
CONTACT = shown("Contact", Email="email")
HUBSPOT = {"contact": shown("contact", email="string", country="string", topics="enumeration")}
DESCRIBED: Mapping[Crm, Mapping[str, ObjectDescription]] = {
    "salesforce": {"Lead": LEAD, "Contact": CONTACT},
    "hubspot": HUBSPOT,
}


def told(
    book: str, described: Mapping[Crm, Mapping[str, ObjectDescription]] = DESCRIBED
) -> list[tuple[str, str, str, str]]:
    """Return place, severity, code and text of each problem, those of the base book's own sections left out."""
    lines = book.count("\n")
    return [
        (f"{problem.line}:{problem.column}", problem.severity, problem.code, str(problem))
        for problem in check_against(read_book(sources(book)), described)
        if problem.line <= lines
    ]


def expect(found: list[tuple[str, str, str, str]], *expected: tuple[str, str, str, str]) -> None:
    """Compare places, severities and codes exactly, texts by part."""
    assert [item[:3] for item in found] == [item[:3] for item in expected], found
    for (*_, text), (*_, part) in zip(found, expected, strict=True):
        assert part in text


def test_a_sound_book_has_no_problem() -> None:
    """The base book fits these descriptions."""
    assert check_against(read_book(sources("")), DESCRIBED) == []


def test_a_crm_that_is_not_connected_is_not_judged() -> None:
    """Without descriptions there is nothing to say."""
    assert check_against(read_book(sources("")), {}) == []


def test_fields_that_no_crm_has() -> None:
    """A missing field gets the nearest one, a hidden object the permission to ask for."""
    found = told(
        "fields:\n  title: {type: text, salesforce: [Lead.Tilte, Account.Title], hubspot: contact.xyzzy}\n"
        "scores: {fit: {criteria: {}, grades: {A: 1}}, interest: {criteria: {}, grades: {1: 1}}}\n"
        "stages: {inquiry: {kind: inventory}, mql: {kind: sla}}\npaths: [inquiry -> mql]\n"
        "temperature: {hot: A1}\n"
    )
    expect(
        found,
        ("2:36", "error", "unknown-field", "salesforce shows no field Lead.Tilte (did you mean `Title`?)"),
        ("2:48", "error", "unknown-object", "salesforce shows no object Account, which `title` reads"),
        ("2:73", "error", "unknown-field", "hubspot shows no field contact.xyzzy (check the spelling"),
    )


def test_types_that_clash() -> None:
    """A yes-or-no field is no number, a date is no choice; text may hold anything."""
    found = told(
        "fields:\n  title: {type: text, salesforce: Lead.NumberOfEmployees}\n"
        "  employees: {type: integer, salesforce: Lead.Budget_Confirmed__c}\n"
        "  day: {type: date, salesforce: Lead.NumberOfEmployees, hubspot: contact.country}\n"
        "  flag: {type: boolean, salesforce: Lead.Project_Start__c}\n"
        "scores: {fit: {criteria: {}, grades: {A: 1}}, interest: {criteria: {}, grades: {1: 1}}}\n"
        "stages: {inquiry: {kind: inventory}, mql: {kind: sla}}\npaths: [inquiry -> mql]\n"
        "temperature: {hot: A1}\n"
    )
    expect(
        found,
        (
            "3:42",
            "error",
            "type-clash",
            "`employees` is of type integer, but Lead.Budget_Confirmed__c of salesforce is of type boolean",
        ),
        ("4:33", "error", "type-clash", "Lead.NumberOfEmployees of salesforce is of type int"),
        ("5:37", "error", "type-clash", "`flag` is of type boolean"),
    )


def test_values_that_no_picklist_offers() -> None:
    """A value map or a comparison with a value nobody can choose is doubtful."""
    found = told(
        "fields:\n  title: {type: text, salesforce: Lead.Title}\n"
        "  status: {type: text, salesforce: Lead.Status, values: {Rejected: [Unqualified, Lost]}}\n"
        "scope: {include: {status: {in: [New, Rejected, Workin]}}}\n"
        "scores: {fit: {criteria: {}, grades: {A: 1}}, interest: {criteria: {}, grades: {1: 1}}}\n"
        "stages: {inquiry: {kind: inventory}, mql: {kind: sla}}\npaths: [inquiry -> mql]\n"
        "temperature: {hot: A1}\n"
    )
    expect(
        found,
        ("3:3", "warning", "unknown-value", "no CRM offers what stands for `Rejected` here (`lost`)"),
        ("4:28", "warning", "unknown-value", "no CRM offers `Workin` for `status` (did you mean `Working`?)"),
    )


def test_write_targets() -> None:
    """Hidden, read-only and unfit targets, and stages that a restricted picklist lacks, at their own places."""
    stage = FieldDescription("Stage__c", "picklist", restricted=True, options=("inquiry", "mql", "customer"))
    person = {
        "Stage__c": stage,
        "Fit__c": FieldDescription("Fit__c", "boolean"),
        "Grade__c": FieldDescription("Grade__c", "string", updateable=False),
        "Date__c": FieldDescription("Date__c", "double"),
        "Why__c": FieldDescription("Why__c", "textarea"),
    }
    described: Mapping[Crm, Mapping[str, ObjectDescription]] = {
        "salesforce": {"Lead": ObjectDescription("Lead", {**LEAD.fields, **person}), "Contact": CONTACT},
        "hubspot": {"company": shown("company")},
    }
    found = told(
        "write:\n  salesforce: {stage: Stage__c,\n    fit: Fit__c,\n    grade: Grade__c,\n"
        "    entered: {mql: Date__c},\n    why: Wy__c}\n  hubspot: {why: reason}\n",
        described,
    )
    lead = [item for item in found if "Contact." not in item[3]]
    expect(
        lead,
        ("2:23", "error", "unknown-value", "Lead.Stage__c of salesforce has no value `recycled` (add it"),
        ("3:10", "error", "type-clash", "Lead.Fit__c of salesforce is of type boolean and cannot take a number"),
        ("4:12", "error", "read-only", "Lead.Grade__c of salesforce is read-only for this user"),
        ("5:20", "error", "type-clash", "Lead.Date__c of salesforce is of type double and cannot take an instant"),
        ("6:10", "error", "unknown-field", "salesforce shows no field Lead.Wy__c to write (did you mean `Why__c`?)"),
        ("7:3", "error", "unknown-object", "hubspot shows no object contact"),
    )
    assert {item[0] for item in found if "Contact." in item[3]} == {"2:23", "3:10", "4:12", "5:20", "6:10"}


def test_hubspot_restricts_every_enumeration() -> None:
    """HubSpot refuses an option it does not list, so a missing one is an error."""
    options = ("lead", "customer")
    stage = FieldDescription("lifecyclestage", "enumeration", options=options)
    described: Mapping[Crm, Mapping[str, ObjectDescription]] = {
        "hubspot": {"contact": shown("contact", lifecyclestage=stage)}
    }
    found = told(
        "write:\n  hubspot: {stage: {field: lifecyclestage, values: {inquiry: lead, mql: leads}}}\n", described
    )
    expect(
        found,
        (
            "2:28",
            "error",
            "unknown-value",
            "contact.lifecyclestage of hubspot has no value `leads` (did you mean `lead`?)",
        ),
    )


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_the_waterfall_fits_the_practice_crms(crm: Crm) -> None:
    """Every field that the example reads and writes exists in the practice CRMs, with its values."""
    described = {crm: _practice(crm)}
    problems = check_against(read_book(read_sources(WATERFALL)), described)
    assert [problem for problem in problems if problem.severity == "error"] == []


def _practice(crm: Crm) -> Mapping[str, ObjectDescription]:
    """Describe a practice CRM from its own tables, as its describe call would."""
    if crm == "salesforce":
        from leadline.connectors.practice.salesforce.objects import standard_objects

        return {
            table.name: ObjectDescription(
                table.name,
                {
                    item.name: FieldDescription(
                        item.name,
                        item.type,
                        updateable=item.updateable,
                        restricted=item.restricted,
                        options=tuple(item.options),
                    )
                    for item in table.fields
                },
            )
            for table in standard_objects()
        }
    from leadline.connectors.practice.hubspot.definitions import catalogs

    return {
        singular: ObjectDescription(
            singular,
            {
                item.name: FieldDescription(
                    item.name,
                    item.type,
                    updateable=not item.read_only,
                    options=tuple(value for value, _ in item.options),
                )
                for item in catalog.properties.values()
            },
        )
        for singular, catalog in catalogs().items()
    }
