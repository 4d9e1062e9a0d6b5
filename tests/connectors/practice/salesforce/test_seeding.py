"""The generated organisation as Salesforce holds it."""

from __future__ import annotations

import pytest

from leadline.connectors.practice.clock import PracticeClock
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import Harness, PracticeOptions
from leadline.connectors.practice.ids import hubspot_id
from leadline.connectors.practice.salesforce.org import Org


def filled(seed: int) -> Org:
    """Return the organisation of a seed."""
    made = generate(seed=seed, people=400)
    return Org(made, Harness("salesforce", PracticeClock(made.end, frozen=True)), PracticeOptions())


@pytest.mark.parametrize("seed", [1, 7])
def test_every_lookup_leads_somewhere(seed: int) -> None:
    """No id points at nothing or at a wrong object, and no field that must have a value is empty."""
    org = filled(seed)
    for name, target in org.schema.objects.items():
        for row in org.store.rows(name):
            assert row["Id"].startswith(target.prefix)
            for field in target.fields:
                value = row.get(field.name)
                assert field.nillable or field.type == "boolean" or value is not None, (name, field.name)
                if field.type == "reference" and value is not None:
                    owner = org.schema.of_id(value)
                    assert owner is not None
                    assert owner.name in field.references
                    assert org.store.find(value) is not None, (name, field.name)


def test_the_same_seed_gives_the_same_rows() -> None:
    """Two organisations of one seed are equal row by row; another seed is another organisation."""
    one, same, other = filled(7), filled(7), filled(8)
    for name in one.schema.objects:
        assert list(one.store.rows(name)) == list(same.store.rows(name))
    assert one.id != other.id


def test_linked_people_carry_the_other_id() -> None:
    """A linked person's record names the HubSpot contact; instants are whole seconds, as in Salesforce."""
    made = generate(seed=7, people=400)
    linked = {hubspot_id("contact", person.key) for person in made.people if person.linked and person.salesforce}
    org = filled(7)
    rows = [*org.store.rows("Lead"), *org.store.rows("Contact")]
    assert {row["HubSpot_Contact_Id__c"] for row in rows if "HubSpot_Contact_Id__c" in row} == linked
    assert linked
    assert all(row["SystemModstamp"].microsecond == 0 for row in rows)
