"""Joining by e-mail as the book says: tags, further addresses, addresses that many share; and the doubtful joins."""

from pretend_crm import BOOK
from sqlalchemy import select
from test_state_identity import people

from leadline.sync.identity.doubts import doubtful_joins
from leadline.sync.store.schema import lifecycle, persons

RULE = "identity:\n  email: {plus_tags: ignore, also: [Contact.Secondary_Email__c], never: [info]}\n"


def with_fields(world):
    """Let Salesforce show the further address and last names."""
    world.salesforce.fields = {
        name: (*fields, "LastName", *(["Secondary_Email__c"] if name == "Contact" else []))
        for name, fields in world.salesforce.fields.items()
    }


def test_the_rule_joins_and_without_it_they_split_again(world):
    """Tags and further addresses join, shared addresses do not; the other rule splits, with the state for both."""
    with_fields(world)
    world.salesforce.put("Lead", "L1", {"Email": "ann+expo@acme.example", "LastName": "Lee"})
    world.salesforce.put("Lead", "L2", {"Email": "info@acme.example", "LastName": "Ray"})
    world.salesforce.put("Contact", "C1", {"Email": "bob@acme.example", "Secondary_Email__c": "Bob@home.example"})
    world.hubspot.put("contact", "1", {"email": "ann@acme.example"})
    world.hubspot.put("contact", "2", {"email": "info@acme.example"})
    world.hubspot.put("contact", "3", {"email": "bob@home.example"})
    world.cycle()
    apart = people(world.store)
    assert sorted(map(len, apart.values())) == [1, 1, 1, 1, 2]
    world.pass_time(hours=1)
    world.use(BOOK + RULE)
    world.cycle()
    assert sorted(people(world.store).values()) == [
        ["Contact/C1", "contact/3"],
        ["Lead/L1", "contact/1"],
        ["Lead/L2"],
        ["contact/2"],
    ]
    world.pass_time(hours=1)
    world.use(BOOK)
    world.cycle()
    assert sorted(people(world.store).values()) == sorted(apart.values())
    with world.store.read() as connection:
        living = set(connection.execute(select(persons.c.id).where(persons.c.alias_of.is_(None))).scalars())
        assert set(connection.execute(select(lifecycle.c.person_id)).scalars()) == set(people(world.store)) <= living


def test_a_further_address_joins_when_it_comes_and_parts_when_it_goes(world):
    """Under the same rule a changed further address joins and splits; an id is never given twice."""
    with_fields(world)
    world.use(BOOK + RULE)
    world.salesforce.put("Contact", "C1", {"Email": "bob@acme.example"})
    world.hubspot.put("contact", "3", {"email": "bob@home.example"})
    world.cycle()
    assert len(people(world.store)) == 2
    for address, count in (("bob+x@home.example", 1), (None, 2), ("BOB@home.example", 1)):
        world.pass_time(hours=1)
        world.salesforce.put("Contact", "C1", {"Secondary_Email__c": address})
        world.cycle()
        assert len(people(world.store)) == count
    with world.store.read() as connection:
        ids = list(connection.execute(select(persons.c.id)).scalars())
    assert len(ids) == len(set(ids)) == 3


def test_an_activity_under_a_tagged_address_is_the_persons(world):
    """A form sent as ann+expo@ touches and belongs to ann@ where tags are ignored."""
    world.use(BOOK + RULE)
    with_fields(world)
    world.hubspot.put("contact", "1", {"email": "ann@acme.example"})
    world.cycle()
    world.pass_time(hours=1)
    world.hubspot.happen("form", "f1", email="Ann+expo@acme.example", attributes={"form": "demo"})
    _, evaluated = world.cycle()
    assert evaluated.evaluated == 1


def test_doubtful_joins_are_told_by_ids_only(world):
    """Twins of one CRM, shared addresses and other last names; a converted lead is nobody's twin."""
    with_fields(world)
    world.use(BOOK + RULE.replace("info", "nobody"))
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example", "LastName": "Lee"})
    world.salesforce.put("Lead", "L2", {"Email": "ann@acme.example", "LastName": "Ray"})
    world.salesforce.put("Lead", "L3", {"Email": "info@acme.example", "LastName": "Fox"})
    world.hubspot.put("contact", "3", {"email": "info@acme.example"})
    world.salesforce.put("Contact", "C1", {"Email": "bob@acme.example", "LastName": "Orr"})
    world.salesforce.put("Lead", "L4", {"Email": "bob@acme.example", "IsConverted": True, "ConvertedContactId": "C1"})
    world.pull()
    found = doubtful_joins(world.store)
    assert [[ref.id for ref in item.records] for item in found.twins] == [["L1", "L2"]]
    assert {local: len(who) for local, who in found.shared.items()} == {"info": 1}
    assert (found.other_names, found.doubts, found.people) == (1, 2, 3)
    assert "acme" not in repr(found)
