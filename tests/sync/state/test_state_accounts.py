"""Accounts in the state: who belongs together, whose news moves whom, and decisions that can be derived again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pretend_crm import START
from pretend_world import World
from sqlalchemy import select

from leadline.common.values import RecordRef
from leadline.history.known import replay_known
from leadline.sync.explaining import explain_person
from leadline.sync.intake import facts_of_persons
from leadline.sync.intake.accounts import units_of
from leadline.sync.store import Store
from leadline.sync.store.mirror import MirrorRecord, records_of_persons
from leadline.sync.store.outcomes import all_lifecycle, decisions_of
from leadline.sync.store.schema import decisions
from leadline.sync.verifying import verify

BOOK = """
leadline: 1
name: Agreeing
primary: [Contact, Lead, contact]
fields:
  email: {type: text, salesforce: [Lead.Email, Contact.Email], hubspot: contact.email}
  title: {type: text, salesforce: [Lead.Title, Contact.Title], hubspot: contact.jobtitle,
          values: {buyer: [CFO, Chief], user: [Developer]}}
activities:
  demo: {hubspot: {form: demo}}
accounts:
  engaged people: {count: people, when: {interest: {at_least: 10}}}
  roles filled:   {distinct: title, when: {interest: {at_least: 10}}}
  furthest:       {best: stage}
scores:
  interest:
    criteria:
      demo:         {points: 20, latest: demo, within: 30d}
      buying group: {points: 5, when: {account.roles filled: {at_least: 2}}}
stages:
  lead:     {kind: inventory, start: true}
  engaged:  {kind: sla, enter: {account.engaged people: {at_least: 2}}}
  recycled: {kind: detour}
paths:
  - lead -> engaged
  - {from: engaged, to: recycled, when: {account.engaged people: {under: 2}}, reason: cooled}
"""


@pytest.fixture(autouse=True)
def agreeing(world: World) -> None:
    """Use a book in which two people of an account must agree."""
    world.use(BOOK)


def contact(world: World, key: str, email: str, account: str = "A1", **more: str) -> None:
    """Put a Salesforce contact."""
    world.salesforce.put("Contact", key, {"Email": email, "AccountId": account, **more})


def demo(world: World, email: str) -> None:
    """Let somebody ask for a demo now."""
    world.hubspot.happen("form", f"f-{email}-{world.hubspot.now}", email=email, attributes={"form": "demo"})


def stages(store: Store) -> dict[str, str]:
    """Return everybody's stage."""
    with store.read() as connection:
        return {row.person_id: row.stage for row in all_lifecycle(connection)}


def verify_all(store: Store) -> int:
    """Derive every decision again, alone and as a replay of all cycles; return how many there are."""
    with store.read() as connection:
        ids = list(connection.execute(select(decisions.c.id)).scalars())
    for number in ids:
        again = verify(store, number)
        assert (again.same, again.same_input) == (True, True), again
    assert sorted(known.decision.id for known in replay_known(store)) == sorted(ids)
    return len(ids)


def units(world: World, cycle: int = 1_000) -> dict[str, tuple[str, ...]]:
    """Return who belongs with whom."""
    with world.store.read() as connection:
        people = [row.person_id for row in all_lifecycle(connection)]
        return units_of(connection, world.book.primary, people, cycle)[0]


def test_news_of_one_moves_everybody_of_the_account(world: World) -> None:
    """The second person who asks for a demo engages a colleague who did nothing, and nobody elsewhere."""
    for key, email, account in (("C1", "ann", "A1"), ("C2", "bob", "A1"), ("C3", "cem", "A1"), ("C4", "dee", "A2")):
        contact(world, key, f"{email}@acme.example", account)
    demo(world, "ann@acme.example")
    world.cycle()
    assert set(stages(world.store).values()) == {"lead"}
    world.pass_time(minutes=10)
    demo(world, "bob@acme.example")
    at = world.hubspot.now
    world.pass_time(minutes=10)
    _, result = world.cycle()
    assert result.evaluated == 3
    assert stages(world.store) == {
        "p-000001": "engaged", "p-000002": "engaged", "p-000003": "engaged", "p-000004": "lead",
    }  # fmt: skip
    with world.store.read() as connection:
        assert {decisions_of(connection, person)[0].at for person in ("p-000001", "p-000003")} == {at}
    assert verify_all(world.store) == 7


def test_time_that_passes_for_one_recycles_all(world: World) -> None:
    """When one person's demo expires, all are due at that instant without any news, and only then."""
    for key, email in (("C1", "ann"), ("C2", "bob"), ("C3", "cem")):
        contact(world, key, f"{email}@acme.example")
    demo(world, "ann@acme.example")
    world.pass_time(days=2)
    demo(world, "bob@acme.example")
    world.cycle()
    with world.store.read() as connection:
        rows = all_lifecycle(connection)
    assert {(row.stage, row.next_change) for row in rows} == {("engaged", START + timedelta(days=30))}
    world.pass_time(days=27)
    assert world.cycle()[1].evaluated == 0
    world.pass_time(days=2)
    assert world.cycle()[1].moves == {"engaged->recycled": 3}
    with world.store.read() as connection:
        found = {decisions_of(connection, row.person_id)[0].at for row in rows}
    assert found == {START + timedelta(days=30)}
    assert verify_all(world.store) == 6


def test_who_changes_the_account_moves_both(world: World) -> None:
    """Leaving one account and joining another is news for the people of both."""
    for key, email, account in (("C1", "ann", "A1"), ("C2", "bob", "A1"), ("C3", "cem", "A2"), ("C4", "dee", "A2")):
        contact(world, key, f"{email}@acme.example", account)
        if email != "dee":
            demo(world, f"{email}@acme.example")
    world.cycle()
    assert stages(world.store)["p-000001"] == "engaged"
    world.pass_time(minutes=10)
    contact(world, "C2", "bob@acme.example", "A2")
    world.pass_time(minutes=10)
    world.cycle()
    assert stages(world.store) == {
        "p-000001": "recycled", "p-000002": "engaged", "p-000003": "engaged", "p-000004": "engaged",
    }  # fmt: skip
    verify_all(world.store)


def test_who_is_deleted_counts_no_more(world: World) -> None:
    """Without the second person the account is not engaged any longer."""
    for key, email in (("C1", "ann"), ("C2", "bob")):
        contact(world, key, f"{email}@acme.example")
        demo(world, f"{email}@acme.example")
    world.cycle()
    assert stages(world.store)["p-000001"] == "engaged"
    world.pass_time(minutes=10)
    contact(world, "C2", "bob@acme.example")
    ref = RecordRef("salesforce", "Contact", "C2")
    world.salesforce.rows[ref] = replace(world.salesforce.rows[ref], deleted=True)
    world.pass_time(minutes=10)
    world.cycle()
    assert stages(world.store) == {"p-000001": "recycled"}
    verify_all(world.store)


def test_accounts_of_both_crms_are_one_where_people_agree(world: World) -> None:
    """A company whose people have one Salesforce account is that account; where they disagree it stands alone."""
    acme, mixed = RecordRef("hubspot", "company", "5"), RecordRef("hubspot", "company", "6")
    people = (("C1", "ann", "A1"), ("C2", "bob", "A2"))
    for key, email, account in people:
        contact(world, key, f"{email}@acme.example", account)
    world.hubspot.put("contact", "1", {"email": "ann@acme.example"}, links={"company": (acme, mixed)})
    world.hubspot.put("contact", "2", {"email": "cem@acme.example"}, links={"company": (acme,)})
    world.hubspot.put("contact", "3", {"email": "dee@mix.example"}, links={"company": (mixed,)})
    world.salesforce.put("Lead", "L1", {"Email": "eve@alone.example"})
    pulled, _ = world.cycle()
    person = {row.email: row.person_id for row in _records(world)}
    ann, bob, cem, dee, eve = (
        person[f"{name}"] for name in (
            "ann@acme.example", "bob@acme.example", "cem@acme.example", "dee@mix.example", "eve@alone.example",
        )
    )  # fmt: skip
    found = units(world)
    assert found[ann] == found[cem] == tuple(sorted((ann, cem)))
    assert (found[bob], found[dee], found[eve]) == ((bob,), (dee,), (eve,))
    world.pass_time(minutes=10)
    world.hubspot.put("contact", "4", {"email": "bob@acme.example"}, links={"company": (acme,)})
    world.pass_time(minutes=10)
    world.cycle()
    later = units(world)
    assert (later[ann], later[bob], later[cem]) == ((ann,), (bob,), (cem,))
    assert units(world, pulled.cycle)[cem] == tuple(sorted((ann, cem)))
    verify_all(world.store)


def _records(world: World) -> list[MirrorRecord]:
    """Return every record with the person it is of."""
    with world.store.read() as connection:
        people = [row.person_id for row in all_lifecycle(connection)]
        return [record for found in records_of_persons(connection, people).values() for record in found]


def test_roles_of_a_group_give_points(world: World) -> None:
    """Two engaged people in two roles give each their points for the group; the explanation says the fact."""
    contact(world, "C1", "ann@acme.example", Title="CFO")
    contact(world, "C2", "bob@acme.example", Title="Developer")
    demo(world, "ann@acme.example")
    demo(world, "bob@acme.example")
    world.cycle()
    explained = explain_person(world.store, world.book, "p-000001")
    (score,) = explained.trace.scores
    assert score.value.value == 25
    with world.store.read() as connection:
        facts = facts_of_persons(connection, world.book, ["p-000001"], 1)["p-000001"]
    assert facts.together is not None and facts.together.account == RecordRef("salesforce", "Account", "A1")


def test_an_explanation_names_the_account_and_who_makes_its_facts(world: World) -> None:
    """Who is engaged stands there by id, at the instant that is asked for; somebody alone is told so."""
    contact(world, "C1", "ann@acme.example", Title="CFO")
    contact(world, "C2", "bob@acme.example", Title="Developer")
    world.salesforce.put("Lead", "L1", {"Email": "eve@alone.example"})
    demo(world, "ann@acme.example")
    world.cycle()
    account = explain_person(world.store, world.book, "p-000003").account
    assert account is not None
    assert (account.record, account.people) == ("salesforce:Account/A1", ("p-000002", "p-000003"))
    assert [(fact.name, fact.value, fact.people, fact.of) for fact in account.facts] == [
        ("engaged people", 1, ("p-000002",), 2), ("roles filled", 1, ("p-000002",), 2),
        ("furthest", "lead", ("p-000002", "p-000003"), 2),
    ]  # fmt: skip
    later = explain_person(world.store, world.book, "p-000003", START + timedelta(days=31)).account
    assert later is not None and [fact.value for fact in later.facts] == [0, 0, "lead"]
    alone = explain_person(world.store, world.book, "p-000001").account
    assert alone is not None and (alone.record, alone.people) == (None, ("p-000001",))
