"""Finding a person by what is at hand."""

import pytest

from leadline.common.errors import RefusedError
from leadline.sync.people import find_person


@pytest.fixture
def known(world):
    """Give a store with three people, the second joined into the first."""
    world.salesforce.put("Lead", "00Q000000000001EAA", {"Email": "ann@acme.example"})
    world.salesforce.put("Contact", "003000000000001AAA", {"Email": "old@acme.example"})
    world.hubspot.put("contact", "701", {"email": "bob@acme.example"})
    world.pull()
    world.pass_time(hours=1)
    world.salesforce.put("Contact", "003000000000001AAA", {"Email": "Ann@acme.example"})
    world.pull()
    return world.store


@pytest.mark.parametrize(
    "text",
    [
        "p-000001",
        "P-000001",
        "1",
        "p-000002",
        " ann@acme.example ",
        "ANN@ACME.example",
        "00Q000000000001EAA",
        "00Q000000000001",
        "003000000000001AAA",
        "salesforce:Lead/00Q000000000001",
    ],
)
def test_every_way_leads_to_the_person(known, text):
    """Ids (an alias too), addresses and record ids of 15 or 18 characters."""
    assert find_person(known, text) == "p-000001"


def test_a_hubspot_id_is_a_record(known):
    """A number that is no person's is looked up as a record."""
    assert find_person(known, "701") == "p-000003"
    assert find_person(known, "hubspot:contact/701") == "p-000003"


def test_a_near_address_is_shown_masked(known):
    """A typing mistake gets the person that was meant; no address stands in the message."""
    with pytest.raises(RefusedError) as caught:
        find_person(known, "anne@acme.example")
    assert str(caught.value) == "nobody is known by this e-mail address; did you mean p-000001 (a***@acme.example)?"


def test_nobody_near(known):
    """Without a near match the message says what to give."""
    with pytest.raises(RefusedError, match="give an e-mail address, a record id, or a person's id"):
        find_person(known, "p-000099")


def test_an_ambiguous_record_id_names_the_persons(world):
    """One id may exist in several objects; the message says which persons it could be."""
    world.salesforce.put("Lead", "9", {"Email": "a@x.example"})
    world.hubspot.put("contact", "9", {"email": "b@x.example"})
    world.pull()
    with pytest.raises(RefusedError, match="'9' means 2 persons: p-000001, p-000002"):
        find_person(world.store, "9")
    assert find_person(world.store, "hubspot:contact/9") == "p-000002"
