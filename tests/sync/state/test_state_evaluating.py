"""Evaluating: who is looked at, what is decided, and that it can be derived again."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from pretend_crm import BOOK, START

from leadline.common.errors import RefusedError
from leadline.common.values import FieldChange, RecordRef
from leadline.sync.intake import facts_of_persons
from leadline.sync.store.mirror import Written, remember_written
from leadline.sync.store.outcomes import all_lifecycle, decisions_of, load_lifecycle
from leadline.sync.verifying import verify
from tests.sync.looking import decisions_in

CHIEF = {"Email": "ann@acme.example", "Title": "Chief", "NumberOfEmployees": 90}


def stages(store):
    """Return each person's stage."""
    with store.read() as connection:
        return {row.person_id: row.stage for row in all_lifecycle(connection)}


def row_of(store, person="p-000001"):
    """Return one person's lifecycle row."""
    with store.read() as connection:
        return load_lifecycle(connection, [person])[person]


def verify_all(store):
    """Derive every decision again and return how many there were."""
    with store.read() as connection:
        ids = [row.id for cycle in range(1, 20) for row in decisions_in(connection, cycle)]
    for decision in ids:
        found = verify(store, decision)
        assert found.same, (found.stored, found.derived)
        assert found.same_input
        assert found.same_book
    return len(ids)


def test_adoption_starts_from_what_the_crms_hold(world):
    """Stage and date come from the primary record; moves follow in the same instant."""
    world.salesforce.put(
        "Lead", "L1", {**CHIEF, "Lifecycle_Stage__c": "mql", "MQL_Date__c": "2026-01-05T10:00:00.000+0000"}
    )
    world.hubspot.put("contact", "7", {"email": "bob@acme.example", "lifecyclestage": "lead"})
    _, result = world.cycle()
    assert (result.adopted, result.evaluated, result.decisions) == (2, 2, 2)
    assert stages(world.store) == {"p-000001": "mql", "p-000002": "inquiry"}
    assert row_of(world.store).outcome["since"] == "2026-01-05T10:00:00Z"
    assert verify_all(world.store) == 2


def test_nothing_new_means_nobody_is_evaluated(world):
    """A second cycle without news looks at no one."""
    world.salesforce.put("Lead", "L1", CHIEF)
    world.cycle()
    world.pass_time(minutes=1)
    _, result = world.cycle()
    assert (result.evaluated, result.decisions, result.changed) == (0, 0, ())


def test_news_moves_only_whom_it_concerns(world):
    """A changed field moves its person at the instant of the change, and no one else is looked at."""
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example", "NumberOfEmployees": 90})
    world.salesforce.put("Lead", "L2", {"Email": "bob@acme.example"})
    world.cycle()
    world.pass_time(minutes=10)
    at = world.salesforce.now
    world.salesforce.put("Lead", "L1", {"Title": "Chief"})
    world.pass_time(minutes=10)
    _, result = world.cycle()
    assert (result.evaluated, result.changed, result.moves) == (1, ("p-000001",), {"inquiry->mql": 1})
    with world.store.read() as connection:
        decision = decisions_of(connection, "p-000001")[0]
    assert (decision.at, decision.cause, decision.source_stage, decision.stage) == (at, "facts", "inquiry", "mql")
    assert verify_all(world.store) == 3


def test_a_person_who_is_due_is_evaluated_without_news(world):
    """Points that expire recycle a lead on their own day, found by the index."""
    world.salesforce.put("Lead", "L1", {**CHIEF, "NumberOfEmployees": 10})
    world.hubspot.happen("form", "f1", email="ann@acme.example", attributes={"form": "demo"})
    world.cycle()
    assert stages(world.store) == {"p-000001": "mql"}
    assert row_of(world.store).next_change == START + timedelta(days=30)
    world.pass_time(days=29)
    assert world.cycle()[1].evaluated == 0
    world.pass_time(days=3)
    _, result = world.cycle()
    assert result.moves == {"mql->recycled": 1}
    with world.store.read() as connection:
        decision = decisions_of(connection, "p-000001")[0]
    assert (decision.cause, decision.at) == ("time", START + timedelta(days=30))
    assert verify_all(world.store) == 2


def test_a_new_lead_is_moved_by_its_facts_not_by_adoption(world):
    """Who appears after the first cycle begins with nothing known; what they do then is the cause."""
    world.cycle()
    world.pass_time(minutes=10)
    world.salesforce.put("Lead", "L1", CHIEF)
    world.pass_time(minutes=10)
    world.cycle()
    with world.store.read() as connection:
        causes = [(row.cause, row.stage) for row in decisions_of(connection, "p-000001")]
    assert causes == [("facts", "mql"), ("adopted", "inquiry")]
    assert verify_all(world.store) == 2


def test_account_fields_are_facts_of_its_people(world):
    """A company that grows moves everybody who works there."""
    world.salesforce.put("Account", "A1", {"NumberOfEmployees": 10})
    world.salesforce.put("Contact", "C1", {"Email": "ann@acme.example", "Title": "Chief", "AccountId": "A1"})
    company = RecordRef("hubspot", "company", "5")
    world.hubspot.put("company", "5", {"numberofemployees": "10"})
    world.hubspot.put("contact", "7", {"email": "bob@b.example", "jobtitle": "chief"}, links={"company": (company,)})
    world.cycle()
    assert set(stages(world.store).values()) == {"inquiry"}
    world.pass_time(hours=1)
    world.salesforce.put("Account", "A1", {"NumberOfEmployees": 70})
    world.hubspot.put("company", "5", {"numberofemployees": "70"})
    _, result = world.cycle()
    assert result.moves == {"inquiry->mql": 2}
    assert verify_all(world.store) == 4


def test_deals_speak_through_roles_associations_and_conversion(world):
    """Open and won deals move people; those that `only` leaves out and deleted ones do not."""
    contact = world.salesforce.put("Contact", "C1", {"Email": "ann@acme.example"})
    deal = {"IsClosed": False, "IsWon": False, "Type": "New Business"}
    world.salesforce.put("Opportunity", "O1", deal, links={"contact": (contact,)})
    world.salesforce.put(
        "Opportunity",
        "O2",
        {**deal, "IsWon": True, "IsClosed": True, "Type": "Renewal"},
        links={"contact": (contact,)},
    )
    other = world.hubspot.put("contact", "7", {"email": "bob@b.example"})
    world.hubspot.put(
        "deal",
        "9",
        {"hs_is_closed": "true", "hs_is_closed_won": "true", "dealtype": "newbusiness"},
        links={"contact": (other,)},
    )
    world.salesforce.put(
        "Lead", "L3", {"IsConverted": True, "ConvertedContactId": "C3", "ConvertedOpportunityId": "O1"}
    )
    world.cycle()
    assert stages(world.store) == {"p-000001": "opportunity", "p-000002": "opportunity", "p-000003": "customer"}
    world.pass_time(hours=1)
    world.salesforce.put("Opportunity", "O1", {"IsClosed": True, "IsWon": True})
    world.cycle()
    assert set(stages(world.store).values()) == {"customer"}
    assert verify_all(world.store) == 5


def test_renewals_are_told_from_new_business(world):
    """What the book calls renewed and churned is read off each deal, whatever `only` leaves out, and verified."""
    named = (
        "only: {type: New Business}, renewed: {state: won, type: Renewal}, churned: {state: lost, type: [Renewal]}"
    )
    stage = "  retained:     {kind: final, owner: success, enter: {deal: renewed}}\n  recycled:"
    left = "  - {from: [customer, retained], to: recycled, when: {deal: churned}, reason: cooled}\nby_hand:"
    book = BOOK.replace("only: {type: New Business}", named).replace("  recycled:", stage, 1)
    book = book.replace("kind: final,  owner", "kind: inventory, owner").replace(
        "-> customer", "-> customer -> retained"
    )
    world.use(book.replace("by_hand:", left))
    contact = world.salesforce.put("Contact", "C1", {"Email": "ann@acme.example"})
    won = {"IsClosed": True, "IsWon": True, "Type": "New Business"}
    world.salesforce.put("Opportunity", "O1", won, links={"contact": (contact,)})
    world.cycle()
    assert stages(world.store) == {"p-000001": "customer"}
    world.pass_time(hours=1)
    again = {"IsClosed": False, "IsWon": False, "Type": "Renewal"}
    world.salesforce.put("Opportunity", "O2", again, links={"contact": (contact,)})
    world.cycle()
    assert stages(world.store) == {"p-000001": "customer"}
    world.pass_time(hours=1)
    world.salesforce.put("Opportunity", "O2", {"IsClosed": True, "IsWon": True})
    world.cycle()
    assert stages(world.store) == {"p-000001": "retained"}
    world.pass_time(hours=1)
    world.salesforce.put("Opportunity", "O2", {"IsWon": False})
    world.cycle()
    assert stages(world.store) == {"p-000001": "recycled"}
    assert verify_all(world.store) == 3


def test_amounts_of_deals_are_facts_since_their_own_change(world):
    """Each deal's own fields are pulled and become facts; a change is so from its stamp on, and is verified."""
    fields = "fields: {amount: {type: money, salesforce: Opportunity.Amount, hubspot: deal.amount}}"
    enter = "enter: {deal: {sum: amount, over: 1000, where: {state: open}}}"
    book = BOOK.replace("only: {type: New Business}", fields).replace("enter: {deal: open}", enter)
    world.use(book)
    contact = world.salesforce.put("Contact", "C1", {"Email": "ann@acme.example"})
    deal = {"IsClosed": False, "IsWon": False, "Type": "New Business", "Amount": Decimal("600.50")}
    world.salesforce.put("Opportunity", "O1", deal, links={"contact": (contact,)})
    world.salesforce.put("Opportunity", "O2", {**deal, "Amount": Decimal(300)}, links={"contact": (contact,)})
    world.cycle()
    assert stages(world.store) == {"p-000001": "inquiry"}
    changed = world.pass_time(hours=1)
    world.salesforce.put("Opportunity", "O2", {"Amount": Decimal(400)})
    world.cycle()
    assert stages(world.store) == {"p-000001": "opportunity"}
    with world.store.read() as connection:
        person = facts_of_persons(connection, world.book, ["p-000001"], 9)["p-000001"]
    told = [(fact.value, fact.at) for fact in person.all() if fact.name == "deal.amount" and "O2" in fact.record]
    assert told[-1] == (Decimal(400), changed)
    assert verify_all(world.store) == 2


def test_the_same_spelling_means_what_each_crm_means_by_it(world):
    """`values` of one CRM are heard from that CRM alone."""
    status = "status:    {type: text, salesforce: Lead.Status, hubspot: contact.jobtitle,"
    values = 'values: {Hot: {salesforce: ["1"]}, Cold: {hubspot: ["1"]}, Warm: [tepid]}}'
    book = BOOK.replace("status:    {type: text, salesforce: Lead.Status}", f"{status}\n              {values}")
    world.use(book.replace("enter: {deal: open}", "enter: {status: [Hot, Warm]}"))
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example", "Status": "1"})
    world.hubspot.put("contact", "7", {"email": "bob@b.example", "jobtitle": "1"})
    world.hubspot.put("contact", "8", {"email": "cay@b.example", "jobtitle": "Tepid"})
    world.cycle()
    assert sorted(stages(world.store).values()) == ["inquiry", "opportunity", "opportunity"]


def test_a_converted_lead_leaves_its_fields_to_the_contact(world):
    """The frozen Lead no longer speaks for a field that the book also reads on the Contact."""
    world.salesforce.put("Lead", "L1", {"Email": "a@x.example", "Title": "Clerk", "NumberOfEmployees": 90})
    world.cycle()
    world.pass_time(hours=1)
    world.salesforce.put("Account", "A1", {"NumberOfEmployees": 60})
    world.salesforce.put("Contact", "C1", {"Email": "a@x.example", "Title": "Chief", "AccountId": "A1"})
    world.salesforce.put("Lead", "L1", {"IsConverted": True, "ConvertedContactId": "C1"})
    world.cycle()
    assert stages(world.store) == {"p-000001": "mql"}


def test_a_stage_set_by_hand_stands_and_a_machine_s_does_not(world):
    """A user's edit of the stage field is a human move; a declared machine, our own echo and nobody are not."""
    for number in range(1, 5):
        world.salesforce.put("Lead", f"L{number}", {"Email": f"{number}@x.example"})
    world.cycle()
    at = world.pass_time(hours=1)
    with world.store.write() as connection:
        ours = RecordRef("salesforce", "Lead", "L3")
        remember_written(connection, [Written(ours, "Lifecycle_Stage__c", "opportunity", "plan", at)])
    for number, author in enumerate(("rep@acme.example", "Robot@acme.example", "us@acme.example", ""), 1):
        world.salesforce.put("Lead", f"L{number}", {"Lifecycle_Stage__c": "opportunity"}, author=author)
    _, result = world.cycle()
    assert result.moves == {"inquiry->opportunity": 1}
    assert stages(world.store)["p-000001"] == "opportunity"
    assert json.loads(row_of(world.store).state)["hold"]["who"] == "rep@acme.example"
    verify_all(world.store)


def test_hubspot_s_history_says_who_moved_a_stage(world):
    """HubSpot's rows name no author: its history is read, only where a stage changed that we did not write."""
    for number in range(1, 5):
        world.hubspot.put("contact", str(number), {"email": f"{number}@x.example", "lifecyclestage": "lead"})
    world.cycle()
    world.pass_time(hours=1)
    world.hubspot.asked.clear()
    world.hubspot.put("contact", "4", {"jobtitle": "Clerk"})
    world.cycle()
    assert not any(request.history for request in world.hubspot.asked if hasattr(request, "history"))
    at = world.pass_time(hours=1)
    with world.store.write() as connection:
        ours = RecordRef("hubspot", "contact", "3")
        remember_written(connection, [Written(ours, "lifecyclestage", "opportunity", "plan", at)])
    for number, (author, by_user) in enumerate([("rep@acme.example", True), ("AUTOMATION", False), ("", False)], 1):
        change = FieldChange("lifecyclestage", "opportunity", at, author, by_user)
        world.hubspot.put("contact", str(number), {"lifecyclestage": "opportunity"}, history=(change,))
    _, result = world.cycle()
    assert result.moves == {"inquiry->opportunity": 1}
    assert stages(world.store)["p-000001"] == "opportunity"
    assert json.loads(row_of(world.store).state)["hold"]["who"] == "rep@acme.example"
    assert verify_all(world.store) == 6


def test_a_join_keeps_the_furthest_stage(world):
    """Two people who turn out to be one keep the older id and the further stage; the younger one is nobody."""
    world.salesforce.put("Lead", "L1", {"Email": "a@x.example"})
    other = world.salesforce.put("Contact", "C1", {"Email": "b@x.example"})
    deal = {"IsClosed": False, "IsWon": False, "Type": "New Business"}
    world.salesforce.put("Opportunity", "O1", deal, links={"contact": (other,)})
    world.cycle()
    assert stages(world.store) == {"p-000001": "inquiry", "p-000002": "opportunity"}
    world.pass_time(hours=1)
    world.salesforce.put("Contact", "C1", {"Email": "a@x.example"})
    _, result = world.cycle()
    assert stages(world.store) == {"p-000001": "opportunity"}
    assert result.changed == ("p-000001",)
    verify_all(world.store)


def test_a_split_gives_both_the_state(world):
    """The record that leaves starts from the state it shared, and goes on alone."""
    world.salesforce.put("Lead", "L1", CHIEF)
    world.hubspot.put(
        "contact", "7", {"email": "ann@acme.example", "jobtitle": "Clerk"}, stamp=START - timedelta(days=1)
    )
    world.cycle()
    assert stages(world.store) == {"p-000001": "mql"}
    world.pass_time(hours=1)
    world.hubspot.put("contact", "7", {"email": "bob@acme.example"})
    world.cycle()
    assert stages(world.store) == {"p-000001": "mql", "p-000002": "recycled"}
    assert verify_all(world.store) == 2


def test_a_join_obeys_no_old_hand(world):
    """A stage that somebody set in the other person's record was obeyed there: joining does not obey it again."""
    world.salesforce.put("Lead", "L1", {"Email": "a@x.example"})
    world.salesforce.put("Lead", "L2", {"Email": "b@x.example"})
    world.cycle()
    for lead, stage in (("L1", "customer"), ("L2", "opportunity")):
        world.pass_time(hours=1)
        world.salesforce.put("Lead", lead, {"Lifecycle_Stage__c": stage}, author="rep@acme.example")
        world.cycle()
    assert stages(world.store) == {"p-000001": "customer", "p-000002": "opportunity"}
    world.pass_time(hours=1)
    world.salesforce.put("Lead", "L2", {"Email": "a@x.example"}, author="rep@acme.example")
    _, result = world.cycle()
    assert stages(world.store) == {"p-000001": "customer"}
    assert result.moves == {}
    verify_all(world.store)


def test_a_split_obeys_no_old_hand(world):
    """Who leaves a person keeps the shared stage, whatever was set by hand in the leaving record before."""
    world.salesforce.put("Lead", "L1", {"Email": "a@x.example"})
    world.salesforce.put("Lead", "L2", {"Email": "a@x.example"})
    world.cycle()
    for lead, stage in (("L2", "opportunity"), ("L1", "customer")):
        world.pass_time(hours=1)
        world.salesforce.put("Lead", lead, {"Lifecycle_Stage__c": stage}, author="rep@acme.example")
        world.cycle()
    world.pass_time(hours=1)
    world.salesforce.put("Lead", "L2", {"Email": "b@x.example"}, author="rep@acme.example")
    world.cycle()
    assert stages(world.store) == {"p-000001": "customer", "p-000002": "customer"}
    verify_all(world.store)


def test_facts_of_a_faster_crm_wait_for_the_frontier(world):
    """What lies after the frontier counts when the frontier has passed it, at its own instant."""
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example", "NumberOfEmployees": 90})
    world.cycle()
    world.salesforce.pass_time(minutes=10)
    at = world.salesforce.now
    world.salesforce.put("Lead", "L1", {"Title": "Chief"})
    world.hubspot.pass_time(minutes=5)
    assert world.cycle()[1].moves == {}
    world.pass_time(minutes=20)
    _, result = world.cycle()
    assert result.moves == {"inquiry->mql": 1}
    with world.store.read() as connection:
        assert decisions_of(connection, "p-000001")[0].at == at
    assert verify_all(world.store) == 2


def test_while_time_stands_still_nothing_expires(world):
    """With one CRM down the frontier stays, so silence is not taken for cooling."""
    world.salesforce.put("Lead", "L1", {**CHIEF, "NumberOfEmployees": 10})
    world.hubspot.happen("form", "f1", email="ann@acme.example", attributes={"form": "demo"})
    world.cycle()
    world.pass_time(days=40)
    world.hubspot.down = True
    assert world.cycle()[1].moves == {}
    world.hubspot.down = False
    assert world.cycle()[1].moves == {"mql->recycled": 1}


def test_an_unreadable_field_freezes(world):
    """A title that may no longer be read does not recycle the lead."""
    world.salesforce.put("Lead", "L1", CHIEF)
    world.cycle()
    world.pass_time(hours=1)
    world.salesforce.hidden = {"Title"}
    world.cycle()
    assert stages(world.store) == {"p-000001": "mql"}
    world.salesforce.hidden = set()
    world.pass_time(hours=1)
    world.salesforce.put("Lead", "L1", {"Title": "Clerk"})
    world.cycle()
    assert stages(world.store) == {"p-000001": "recycled"}
    verify_all(world.store)


def test_a_new_book_takes_over_everybody(world):
    """Stages carry over by name; the move it causes is the book's, and old decisions can still be derived."""
    world.salesforce.put("Lead", "L1", {"Email": "ann@acme.example", "Title": "Chief"})
    world.salesforce.put("Lead", "L2", {"Email": "bob@acme.example"})
    world.cycle()
    world.pass_time(hours=1)
    world.use(BOOK.replace("{points: 30,", "{points: 60,"))
    _, result = world.cycle()
    assert (result.activated, result.moves) == (2, {"inquiry->mql": 1})
    with world.store.read() as connection:
        assert [row.cause for row in decisions_of(connection, "p-000001")] == ["activated", "adopted"]
    assert verify_all(world.store) == 4


def test_a_book_that_loses_a_stage_changes_nothing(world):
    """Refused, and every state is as it was."""
    world.salesforce.put("Lead", "L1", CHIEF)
    world.cycle()
    before = row_of(world.store)
    world.pass_time(hours=1)
    world.use(BOOK.replace("mql", "qualified"))
    with pytest.raises(RefusedError, match="no stage `mql` any more"):
        world.cycle()
    assert row_of(world.store) == before


def test_scope_keeps_people_out(world):
    """Whom the book excludes has no lifecycle; who becomes excluded leaves it."""
    scoped = BOOK.replace("machines:", "scope: {exclude: {title: {has_word: student}}}\nmachines:")
    world.use(scoped)
    world.salesforce.put("Lead", "L1", {"Email": "a@x.example", "Title": "Student"})
    world.salesforce.put("Lead", "L2", CHIEF)
    assert world.cycle()[1].out_of_scope == 1
    assert stages(world.store) == {"p-000002": "mql"}
    world.pass_time(hours=1)
    world.salesforce.put("Lead", "L2", {"Title": "student"})
    world.cycle()
    assert stages(world.store) == {}


def test_a_withdrawn_activity_no_longer_counts(world):
    """A form submission that the CRM deleted takes its points along."""
    world.salesforce.put("Lead", "L1", {**CHIEF, "NumberOfEmployees": 10})
    world.hubspot.happen("form", "f1", email="ann@acme.example", attributes={"form": "demo"})
    world.cycle()
    world.pass_time(hours=1)
    world.hubspot.happen("form", "f1", START, email="ann@acme.example", attributes={"form": "demo"}, deleted=True)
    world.cycle()
    assert stages(world.store) == {"p-000001": "recycled"}
    verify_all(world.store)


def test_a_tampered_mirror_is_noticed(world):
    """A decision whose inputs changed behind our back is not the same any more."""
    world.salesforce.put("Lead", "L1", CHIEF)
    world.cycle()
    with world.store.write() as connection:
        decision = decisions_in(connection, 1)[0].id
        connection.exec_driver_sql("UPDATE observations SET changed = replace(changed, 'Chief', 'Clerk')")
    found = verify(world.store, decision)
    assert not found.same
    assert not found.same_input
    assert found.same_book


def test_an_unknown_decision_names_near_ones(world):
    """A typing mistake gets the decision that was meant."""
    world.salesforce.put("Lead", "L1", CHIEF)
    world.cycle()
    with world.store.read() as connection:
        decision = decisions_in(connection, 1)[0].id
    with pytest.raises(RefusedError, match=f"near it are {decision}"):
        verify(world.store, decision[:-1])
    with pytest.raises(RefusedError, match="leadline explain"):
        verify(world.store, "nonsense")
