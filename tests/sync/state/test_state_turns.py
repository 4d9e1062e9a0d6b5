"""Turns of rotas: in order, once for each effect, by territory, without who is away, after the account's owner."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from pretend_crm import START
from pretend_world import World

from leadline.batch.evaluating import evaluate_files
from leadline.connectors.protocol import User
from leadline.rules.model import AssignOwner
from leadline.sync.allocating import OwnerWish, assign_owners, give_turns
from leadline.sync.intake import facts_of_persons
from leadline.sync.plan.owners import Owners
from leadline.sync.store.allocations import turns_taken
from leadline.sync.store.effects import OPEN, effects_by_status
from leadline.sync.verifying import verify

BOOK = """
leadline: 1
name: Turns
fields:
  status: {type: text, salesforce: [Lead.Status, Contact.Title]}
  region: {type: text, salesforce: Lead.LeadSource}
stages:
  inquiry: {kind: inventory}
  mql: {kind: sla, enter: {status: good}}
  sal: {kind: gate, enter: {status: great}}
paths: [inquiry -> mql -> sal]
on_enter:
  mql: {do: {assign: {rota: sdr, by: region, account_owner_first: true}}, on_adoption: true}
rotas:
  sdr: {EMEA: [anna@acme.example, Ben, gone@acme.example], otherwise: [Inbound Queue]}
"""
USERS = (
    User("U1", "anna@acme.example", "Anna", True),
    User("U2", "ben@acme.example", "Ben", True),
    User("U3", "gone@acme.example", "Gone", False),
    User("Q1", "", "Inbound Queue", True, queue=True),
)


@dataclass
class Directory:
    """A CRM of which only the users are asked."""

    told: tuple[User, ...] = USERS
    asked: int = 0

    def users(self) -> tuple[User, ...]:
        """Return the users."""
        self.asked += 1
        return self.told


def lead(world: World, number: int, region: str = "emea", status: str = "good") -> None:
    """Put a lead into Salesforce."""
    world.salesforce.put(
        "Lead", f"L{number}", {"Email": f"p{number}@b.example", "Status": status, "LeadSource": region}
    )


def turns(world: World, directory: Directory | None = None) -> dict[str, str]:
    """Pull, evaluate and give turns; return who got whom, by person."""
    pulled, _ = world.cycle()
    assert pulled.frontier is not None
    owners = Owners({"salesforce": directory or Directory()})  # type: ignore[dict-item]
    with world.store.write() as connection:
        given = give_turns(connection, world.book, owners, pulled.cycle, pulled.frontier)
        effects = {row.key: row.person_id for row in effects_by_status(connection, OPEN)}
    return {effects[key]: member for key, member in given.items()}


def test_turns_go_round_by_part_and_without_who_left(world: World) -> None:
    """In order of the persons where one instant caused all; each part has a round of its own; kept for ever."""
    world.use(BOOK)
    for number, region in enumerate(["emea", "EMEA", "APAC", "emea", ""], 1):
        lead(world, number, region)
    expected = ["anna@acme.example", "Ben", "Inbound Queue", "anna@acme.example", "Inbound Queue"]
    first = {f"p-{number:06}": member for number, member in enumerate(expected, 1)}
    assert turns(world) == first
    world.pass_time(hours=1)
    lead(world, 6)
    assert turns(world) == {**first, "p-000006": "Ben"}
    world.pass_time(hours=1)
    world.salesforce.put("Lead", "L1", {"Status": "great"})
    world.cycle()
    with world.store.read() as connection:
        assert turns_taken(connection, "sdr", "EMEA", 99) == ["anna@acme.example", "Ben"]
        assert turns_taken(connection, "sdr", "EMEA", 1) == ["Ben", "anna@acme.example"]
        known = facts_of_persons(connection, world.book, ["p-000001"], 9)["p-000001"]
        ids = [row.decision_id for row in effects_by_status(connection, (*OPEN, "withdrawn"))]
    given = [(learned, fact.name, fact.value) for learned, fact in known.learned if fact.kind == "allocation"]
    assert given == [(2, "owner", "anna@acme.example")]
    assert all(verify(world.store, decision).same_input for decision in ids)


def test_nobody_is_asked_and_nothing_is_given_without_need(world: World) -> None:
    """Users are read only where a turn is due; where nobody of a part is there, nobody gets one."""
    world.use(BOOK)
    lead(world, 1, status="none")
    directory = Directory()
    assert (turns(world, directory), directory.asked) == ({}, 0)
    world.pass_time(hours=1)
    lead(world, 1)
    away = Directory(tuple(replace(user, active=False) for user in USERS))
    assert (turns(world, away), away.asked) == ({}, 1)
    assert turns(world) == {"p-000001": "anna@acme.example"}


def test_the_owner_of_the_account_takes_no_turn_from_others(world: World) -> None:
    """An active owner of the account answers the wish; one who left does not."""
    world.use(BOOK)
    world.salesforce.fields = {**world.salesforce.fields, "Account": ("Name", "OwnerId")}
    for number, owner in ((1, "U2"), (2, "U3")):
        world.salesforce.put("Account", f"A{number}", {"OwnerId": owner})
        fields = {"Email": f"c{number}@b.example", "Title": "good", "AccountId": f"A{number}"}
        world.salesforce.put("Contact", f"C{number}", fields)
    assert turns(world) == {"p-000002": "Inbound Queue"}


def test_wishes_take_turns_by_their_instants_in_any_order(world: World) -> None:
    """Then by person and key; the order in which they are asked changes nothing."""
    world.use(BOOK)
    lead(world, 1)
    pulled, _ = world.cycle()
    assign = AssignOwner(rota="sdr", by="region")
    wishes = [OwnerWish(f"e-{n}", "p-000001", START.replace(minute=n % 3), assign) for n in range(6)]
    ordered = sorted(wishes, key=lambda wish: (wish.at, wish.key))
    for seed in range(5):
        owners = Owners({"salesforce": Directory()})  # type: ignore[dict-item]
        asked = Random(seed).sample(wishes, len(wishes))
        with world.store.write() as connection:
            trial = connection.begin_nested()
            given = assign_owners(connection, world.book, asked, pulled.cycle, START, owners)
            trial.rollback()
        assert [given[wish.key] for wish in ordered] == ["anna@acme.example", "Ben"] * 3


def test_files_give_the_turns_of_a_first_cycle(world: World, tmp_path: Path) -> None:
    """`leadline evaluate` over the same people gives everybody the same member, whatever the order of its rows."""
    world.use(BOOK)
    chance = Random(7)
    regions = [chance.choice(["emea", "EMEA", "APAC", ""]) for _ in range(12)]
    stands = [chance.choice(["good", "good", "great", "none"]) for _ in regions]
    for number, (region, status) in enumerate(zip(regions, stands, strict=True), 10):
        lead(world, number, region, status)
    everybody = Directory(tuple(replace(user, active=True) for user in USERS))
    expected = turns(world, everybody)
    assert len(set(expected.values())) == 4
    rows = [f"p-{n:06},{stands[n - 1]},{regions[n - 1]}" for n in range(1, len(regions) + 1)]
    chance.shuffle(rows)
    people, out = tmp_path / "people.csv", tmp_path / "out.csv"
    people.write_text("\n".join(["person_id,status,region", *rows, ""]))
    evaluate_files(world.book, people, None, START, out)
    with out.open(newline="") as file:
        found = {row["person_id"]: row["turn"] for row in csv.DictReader(file) if row["turn"]}
    assert found == expected
