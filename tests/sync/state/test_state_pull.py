"""Pulling: what is stored, what is news, and where time stands."""

from datetime import timedelta

import pytest
from pretend_crm import BOOK, START
from sqlalchemy import func, select

from leadline.common.errors import BookError, RefusedError, UnavailableError
from leadline.common.values import RecordRef
from leadline.rules.state import UNREADABLE
from leadline.sync.store.cycles import last_cycles
from leadline.sync.store.mirror import Written, links_from, load_cursors, load_records, remember_written
from leadline.sync.store.schema import activities, activity_records, observations, touched


def count(store, table):
    """Return the number of rows."""
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def last(store):
    """Return the latest observation."""
    with store.read() as connection:
        query = select(observations).order_by(observations.c.id.desc()).limit(1)
        return connection.execute(query).mappings().one()


def test_a_first_pull_stores_everything_once(world):
    """Records, links, activities and people arrive; the frontier is the smaller bound."""
    lead = world.salesforce.put("Lead", "L1", {"Email": "Ann@Acme.example", "Title": "Chief of Staff"})
    world.salesforce.put("Contact", "C1", {"Email": "bob@acme.example", "AccountId": "A1"})
    world.salesforce.put("Account", "A1", {"NumberOfEmployees": 80})
    world.hubspot.put("contact", "7", {"email": "ann@acme.example"})
    world.hubspot.happen("form", "f1", email="ANN@acme.example", attributes={"form": "demo"})
    world.hubspot.pass_time(minutes=5)
    pulled = world.pull()
    assert pulled.frontier == START
    assert pulled.upper == {"salesforce": START, "hubspot": START + timedelta(minutes=5)}
    assert pulled.rows["salesforce Lead"] == pulled.news["salesforce Lead"] == 1
    assert pulled.rows["hubspot activity:form"] == 1
    assert (pulled.people, pulled.new_people) == (2, 2)
    with world.store.read() as connection:
        record = load_records(connection, [lead])[lead]
        account = links_from(connection, [RecordRef("salesforce", "Contact", "C1")])
    assert record.email == "ann@acme.example"
    assert record.person_id == "p-000001"
    assert [link.target.id for link in next(iter(account.values()))] == ["A1"]


def test_a_second_pull_with_nothing_new_observes_nothing(world):
    """Rows that come again inside the look-back are dropped."""
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example"})
    world.hubspot.happen("form", "f1", email="ann@acme.example", attributes={"form": "demo"})
    world.cycle()
    before = count(world.store, observations), count(world.store, activities)
    world.pass_time(minutes=1)
    pulled = world.pull()
    assert pulled.rows["salesforce Lead"] == 1
    assert sum(pulled.news.values()) == 0
    assert pulled.touched == 0
    assert (count(world.store, observations), count(world.store, activities)) == before


def test_only_the_difference_is_observed(world):
    """An observation holds the changed fields, the stamp and the author."""
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example", "Title": "Clerk"})
    world.pull()
    at = world.pass_time(minutes=30)
    world.salesforce.put("Lead", "L1", {"Title": "Chief"}, author="rep@acme.example")
    world.pull()
    seen = last(world.store)
    assert seen["changed"] == {"Title": "Chief"}
    assert (seen["at"], seen["author"], seen["echo"]) == (at, "rep@acme.example", [])


def test_what_changed_while_a_crm_s_clock_was_ahead_is_not_missed(world):
    """A Date header that was days ahead leaves a cursor that no change reaches: then all is read anew, and said."""
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example"})
    world.hubspot.put("contact", "7", {"email": "bob@acme.example"})
    world.pull()
    world.pass_time(days=3)
    wrong = world.pull()
    assert wrong.warnings == ()
    for crm in (world.salesforce, world.hubspot):
        crm.pass_time(days=-3, hours=1)
    world.salesforce.put("Lead", "L1", {"Title": "Chief"})
    world.hubspot.happen("form", "f1", email="bob@acme.example", attributes={"form": "demo"})
    world.pass_time(hours=1)
    right = world.pull()
    assert (right.news["salesforce Lead"], right.news["hubspot activity:form"]) == (1, 1)
    assert right.frontier == wrong.frontier and "clock" in right.warnings[0]
    world.pass_time(minutes=20)
    assert "salesforce Lead" in world.pull().incremental


def test_a_late_commit_is_not_missed(world):
    """A row that appears behind the cursor within the look-back is stored."""
    world.salesforce.put("Lead", "L1", {"Email": "a@x.example"})
    world.pull()
    world.pass_time(minutes=5)
    world.salesforce.put("Lead", "L2", {"Email": "b@x.example"}, stamp=START - timedelta(minutes=3))
    assert world.pull().news["salesforce Lead"] == 1


def test_many_rows_with_one_stamp(world):
    """Equal stamps over several pages are all read."""
    for number in range(7):
        world.salesforce.put("Lead", f"L{number}", {"Email": f"{number}@x.example"})
    assert world.pull().news["salesforce Lead"] == 7


def test_a_formula_that_moved_without_a_stamp_counts_from_when_it_was_seen(world):
    """A changed value under an unchanged stamp gets the upper bound as its instant."""
    world.salesforce.put("Lead", "L1", {"NumberOfEmployees": 5})
    world.pull()
    at = world.pass_time(minutes=2)
    world.salesforce.put("Lead", "L1", {"NumberOfEmployees": 500}, stamp=START)
    world.pull()
    assert last(world.store)["at"] == at


def test_an_interrupted_full_read_goes_on_where_it_stopped(world):
    """Pages that were stored are kept, and the cursor with them."""
    world.salesforce.page = 1
    for number in range(4):
        world.salesforce.put("Lead", f"L{number}", {"Email": f"{number}@x.example"})
        world.pass_time(hours=1)
    world.salesforce.fail_after = 2
    pulled = world.pull()
    assert pulled.news["salesforce Lead"] == 2
    assert isinstance(pulled.errors["salesforce"], UnavailableError)
    assert pulled.frontier is None
    with world.store.read() as connection:
        cursor = load_cursors(connection, "salesforce")["Lead"]
    assert (cursor.stamp, cursor.id, cursor.upper) == (START + timedelta(hours=1), "L1", None)
    world.salesforce.fail_after = None
    again = world.pull()
    assert again.news["salesforce Lead"] == 2
    assert again.frontier == world.hubspot.now


def test_time_stands_still_while_one_crm_is_down(world):
    """The other's data is kept, the frontier is the one before, the error is told."""
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example"})
    first = world.pull()
    world.pass_time(hours=1)
    world.hubspot.put("contact", "7", {"email": "new@acme.example"})
    world.salesforce.down = True
    pulled = world.pull()
    assert pulled.frontier == first.frontier
    assert set(pulled.errors) == {"salesforce"}
    assert pulled.news["hubspot contact"] == 1
    world.salesforce.down = False
    assert world.pull().frontier == world.hubspot.now


def test_when_nobody_answers_nothing_is_recorded(world):
    """The error of the first CRM is raised and no cycle begins."""
    world.salesforce.down = world.hubspot.down = True
    with pytest.raises(UnavailableError, match="salesforce does not answer"):
        world.pull()
    world.salesforce.down = world.hubspot.down = False
    assert world.pull().cycle == 1


def test_another_organisation_is_refused(world):
    """State is pinned to the organisation it was read from."""
    world.pull()
    world.salesforce.name = "org-2"
    with pytest.raises(RefusedError, match="belongs to salesforce organisation org-1"):
        world.pull()


def test_a_hidden_field_is_unreadable_and_comes_back(world):
    """A field that describe no longer shows is never asked for; rules see it as unreadable until it is back."""
    lead = world.salesforce.put("Lead", "L1", {"Title": "Chief", "Email": "a@x.example"})
    world.pull()
    world.pass_time(hours=1)
    world.salesforce.hidden = {"Title"}
    pulled = world.pull()
    assert (
        "salesforce: Lead.Title is not visible, so what reads it is frozen; grant access to the field"
        in pulled.warnings
    )
    assert last(world.store)["changed"] == {"Title": UNREADABLE}
    assert all("Title" not in request.fields for request in world.salesforce.asked[-4:] if hasattr(request, "fields"))
    world.pass_time(hours=1)
    world.salesforce.hidden = set()
    world.pull()
    assert last(world.store)["changed"] == {"Title": "Chief"}
    with world.store.read() as connection:
        assert load_records(connection, [lead])[lead].unreadable == frozenset()


def test_a_field_that_no_crm_has_is_the_book_s_mistake(world):
    """Named nowhere, ever: refused with its place before anything is read; while a CRM is down nobody can tell."""
    world.use(
        BOOK.replace("  status: ", "  typo: {type: text, salesforce: Lead.Emial, hubspot: contact.emial}\n  status: ")
    )
    with pytest.raises(BookError) as caught:
        world.pull()
    assert "salesforce shows no field Lead.Emial (did you mean `Email`?)" in str(caught.value)
    assert "hubspot shows no field contact.emial" in str(caught.value)
    with world.store.read() as connection:
        assert last_cycles(connection) == []
    world.hubspot.down = True
    assert set(world.pull().errors) == {"hubspot"}


def test_a_hidden_object_makes_its_rule_fields_unreadable(world):
    """Losing a whole object freezes what reads it; getting it back reads it in full."""
    world.salesforce.put("Lead", "L1", {"Title": "Chief"})
    world.pull()
    world.pass_time(hours=20)
    world.salesforce.hidden = {"Lead"}
    assert "salesforce: the object Lead is not visible; grant read access to it" in world.pull().warnings
    assert set(last(world.store)["changed"]) == {"Email", "Title", "Status", "NumberOfEmployees"}
    world.salesforce.hidden = set()
    assert world.pull().news["salesforce Lead"] == 1
    assert last(world.store)["changed"]["Title"] == "Chief"


def test_a_source_that_the_tier_lacks_is_a_warning(world):
    """No clicks on this tier: the pull goes on and says so."""
    world.hubspot.lacking = {"email"}
    pulled = world.pull()
    assert "hubspot: email activities cannot be read: this account has no email" in pulled.warnings
    assert pulled.errors == {}


def test_deletes_and_merges_are_observed(world):
    """A deleted row keeps its last fields; a merged one names its survivor."""
    lead = world.salesforce.put("Lead", "L1", {"Title": "Chief", "Email": "a@x.example"})
    world.pull()
    world.pass_time(hours=1)
    world.salesforce.put("Lead", "L1", {"Title": None}, deleted=True, merged_into="L2")
    world.pull()
    with world.store.read() as connection:
        record = load_records(connection, [lead])[lead]
    assert (record.deleted, record.merged_into) == (True, "L2")


def we_wrote(world, field, value):
    """Write a field of a lead that was evaluated, and remember that, 20 minutes later."""
    lead = world.salesforce.put("Lead", "L1", {"Email": "a@x.example"})
    world.cycle()
    at = world.pass_time(minutes=20)
    with world.store.write() as connection:
        remember_written(connection, [Written(lead, field, value, "plan", at)])


def test_our_own_write_coming_back_is_no_news(world):
    """What the ledger says we wrote is recorded as an echo and touches nobody; the same value later is news."""
    we_wrote(world, "Lifecycle_Stage__c", "mql")
    world.salesforce.put("Lead", "L1", {"Lifecycle_Stage__c": "mql"}, author="us")
    assert world.pull().touched == 0
    assert last(world.store)["echo"] == ["Lifecycle_Stage__c"]
    for stage in ("inquiry", "mql"):
        world.pass_time(minutes=20)
        world.salesforce.put("Lead", "L1", {"Lifecycle_Stage__c": stage}, author="rep@acme.example")
        assert world.pull().touched == 1
        assert last(world.store)["echo"] == []


def test_our_own_write_is_news_to_rules_that_read_it(world):
    """A field that an action set and that rules read, such as an owner, is an echo that is looked at all the same."""
    we_wrote(world, "Title", "Chief")
    world.salesforce.put("Lead", "L1", {"Title": "Chief"}, author="us")
    assert world.pull().touched == 1
    assert last(world.store)["echo"] == ["Title"]


def test_a_human_who_overwrote_us_is_news(world):
    """Another value than ours settles the ledger, so that our value set by hand later is not taken for ours."""
    we_wrote(world, "Lifecycle_Stage__c", "mql")
    world.pass_time(minutes=1)
    world.salesforce.put("Lead", "L1", {"Lifecycle_Stage__c": "customer"})
    assert world.pull().touched == 1
    world.pass_time(minutes=20)
    world.salesforce.put("Lead", "L1", {"Lifecycle_Stage__c": "mql"})
    world.pull()
    assert last(world.store)["echo"] == []


def test_an_activity_that_changed_becomes_a_version(world):
    """The old version stays; the records it is about are stored with each."""
    lead = world.salesforce.put("Lead", "L1", {"Email": "a@x.example"})
    world.salesforce.happen("task", "T1", about=(lead,), attributes={"subtype": "Call", "status": "Open"})
    world.pull()
    world.pass_time(hours=1)
    world.salesforce.happen("task", "T1", START, about=(lead,), attributes={"subtype": "Call", "status": "Completed"})
    world.pull()
    assert count(world.store, activities) == 2
    assert count(world.store, activity_records) == 2


def test_a_changed_book_reads_new_fields_in_full(world):
    """A stream asked for other fields than before starts again; nothing that did not change is observed."""
    world.salesforce.put("Lead", "L1", {"Email": "a@x.example", "LeadSource": "Web"})
    world.pull()
    world.pass_time(days=1)
    world.use(BOOK.replace("  status: ", "  source:    {type: text, salesforce: Lead.LeadSource}\n  status: "))
    world.pull()
    assert last(world.store)["changed"] == {"LeadSource": "Web"}
    assert last(world.store)["at"] == START


def test_touched_survives_until_an_evaluation(world):
    """A crash between pull and evaluate loses nobody."""
    world.salesforce.put("Lead", "L1", {"Email": "a@x.example"})
    world.pull()
    world.pass_time(days=1)
    assert world.pull().touched == 1
    world.cycle()
    assert count(world.store, touched) == 0
