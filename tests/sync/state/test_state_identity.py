"""Identity: which records are one person, and what happens to ids."""

from pretend_crm import START
from sqlalchemy import select

from leadline.sync.store.schema import person_records, persons, records


def people(store):
    """Return the records of each person, as short texts."""
    found = {}
    with store.read() as connection:
        query = (
            select(records).where(records.c.person_id.is_not(None)).order_by(records.c.object, records.c.record_id)
        )
        for row in connection.execute(query).mappings():
            found.setdefault(row["person_id"], []).append(f"{row['object']}/{row['record_id']}")
    return found


def test_explicit_ids_join_before_email(world):
    """A HubSpot contact that names its Lead joins it whatever the addresses say; the id may have 15 characters."""
    world.salesforce.put("Lead", "00Q000000000001EAA", {"Email": "old@acme.example"})
    world.hubspot.put("contact", "7", {"email": "new@acme.example", "salesforceleadid": "00Q000000000001"})
    world.pull()
    assert people(world.store) == {"p-000001": ["Lead/00Q000000000001EAA", "contact/7"]}
    with world.store.read() as connection:
        assert set(connection.execute(select(person_records.c.why)).scalars()) == {"linked"}


def test_email_joins_folded_and_names_never(world):
    """Case and space do not matter; records without an address stay alone."""
    world.salesforce.put("Lead", "L1", {"Email": " Ann@Acme.example "})
    world.salesforce.put("Lead", "L2", {})
    world.salesforce.put("Lead", "L3", {"Email": "none"})
    world.hubspot.put("contact", "7", {"email": "ann@acme.EXAMPLE"})
    world.hubspot.put("contact", "8", {"email": ""})
    world.pull()
    assert people(world.store) == {
        "p-000001": ["Lead/L1", "contact/7"],
        "p-000002": ["Lead/L2"],
        "p-000003": ["Lead/L3"],
        "p-000004": ["contact/8"],
    }


def test_a_conversion_follows_the_contact(world):
    """The Lead and the Contact it became are one person, with or without an address."""
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example"})
    world.pull()
    world.pass_time(hours=1)
    world.salesforce.put("Contact", "C1", {"Email": None})
    world.salesforce.put("Lead", "L1", {"IsConverted": True, "ConvertedContactId": "C1"})
    world.pull()
    assert people(world.store) == {"p-000001": ["Contact/C1", "Lead/L1"]}


def test_chained_merges_end_at_one_person(world):
    """A was merged into B, later B into C: all three are one, under the oldest id."""
    for key in ("1", "2", "3"):
        world.hubspot.put("contact", key, {"email": f"{key}@acme.example"})
    world.pull()
    world.pass_time(hours=1)
    world.hubspot.put("contact", "1", {}, deleted=True, merged_into="2")
    world.pull()
    world.pass_time(hours=1)
    world.hubspot.put("contact", "2", {}, deleted=True, merged_into="3")
    pulled = world.pull()
    assert people(world.store) == {"p-000001": ["contact/1", "contact/2", "contact/3"]}
    assert pulled.people == 1
    with world.store.read() as connection:
        alias = dict(connection.execute(select(persons.c.id, persons.c.alias_of)).all())
    assert alias == {"p-000001": None, "p-000002": "p-000001", "p-000003": "p-000001"}


def test_a_survivor_with_a_new_id_keeps_the_person(world):
    """HubSpot may give the survivor of a merge a new id: the losers hold the person together."""
    world.hubspot.put("contact", "1", {"email": "a@acme.example"})
    world.hubspot.put("contact", "2", {"email": "b@acme.example"})
    world.pull()
    world.pass_time(hours=1)
    for key in ("1", "2"):
        world.hubspot.put("contact", key, {}, deleted=True, merged_into="9")
    world.pull()
    assert people(world.store) == {"p-000001": ["contact/1", "contact/2"]}
    world.pass_time(hours=1)
    world.hubspot.put("contact", "9", {"email": "a@acme.example"})
    world.pull()
    assert people(world.store) == {"p-000001": ["contact/1", "contact/2", "contact/9"]}


def test_a_changed_address_splits_and_both_keep_the_state(world):
    """The first record keeps the id; the one that leaves gets a new id with the same state."""
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example", "Title": "Chief", "NumberOfEmployees": 90})
    world.hubspot.put("contact", "7", {"email": "ann@acme.example"})
    world.cycle()
    world.pass_time(hours=1)
    world.hubspot.put("contact", "7", {"email": "bob@acme.example"})
    world.cycle()
    assert people(world.store) == {"p-000001": ["Lead/L1"], "p-000002": ["contact/7"]}
    with world.store.read() as connection:
        closed = select(person_records).where(person_records.c.until_cycle.is_not(None))
        row = connection.execute(closed).mappings().one()
    assert (row["person_id"], row["record_id"], row["until_cycle"]) == ("p-000001", "7", 2)


def test_a_deleted_record_keeps_its_person_and_joins_nobody(world):
    """A tombstone stays where it was; its address does not pull in a new record."""
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example"})
    world.hubspot.put("contact", "7", {"email": "ann@acme.example"})
    world.pull()
    world.pass_time(hours=1)
    world.salesforce.put("Lead", "L1", {}, deleted=True)
    world.pull()
    assert people(world.store) == {"p-000001": ["Lead/L1", "contact/7"]}
    world.pass_time(hours=1)
    world.hubspot.put("contact", "7", {}, deleted=True)
    world.salesforce.put("Lead", "L2", {"Email": "ann@acme.example"})
    world.pull()
    assert people(world.store) == {"p-000001": ["Lead/L1", "contact/7"], "p-000002": ["Lead/L2"]}


def test_a_record_first_seen_deleted_is_nobody(world):
    """No person is minted for a row that was gone before we came."""
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example"}, deleted=True)
    assert world.pull().people == 0


def test_ids_do_not_depend_on_the_order_of_arrival(world):
    """New persons are minted by CRM, object and record id, not by stamp or page."""
    world.hubspot.put("contact", "1", {"email": "z@acme.example"})
    world.salesforce.put("Contact", "C1", {"Email": "y@acme.example"}, stamp=START)
    world.salesforce.put("Lead", "L9", {"Email": "x@acme.example"})
    world.salesforce.put("Lead", "L1", {"Email": "w@acme.example"}, stamp=START.replace(hour=10))
    world.pass_time(hours=5)
    world.pull()
    assert people(world.store) == {
        "p-000001": ["Lead/L1"],
        "p-000002": ["Lead/L9"],
        "p-000003": ["Contact/C1"],
        "p-000004": ["contact/1"],
    }
