"""Law of joining in slices: however many records are joined at a time, the same persons come out, id by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update

from leadline.common.values import RecordRef
from leadline.rules.deciding import state_to_json
from leadline.rules.model import Identity
from leadline.sync.identity.joining import SLICE, People, join_people
from leadline.sync.store import Store
from leadline.sync.store.batches import upsert
from leadline.sync.store.outcomes import LifecycleRow, save_lifecycle
from leadline.sync.store.schema import lifecycle, links, person_records, persons, records, touched
from tests.rules.deciding.books import day
from tests.sync.state.test_state_join_laws import BEGUN

PLACES = (("salesforce", "Lead"), ("salesforce", "Contact"), ("hubspot", "contact"))
REFS = [RecordRef(crm, name, f"{number}") for crm, name in PLACES for number in range(4)]  # type: ignore[arg-type]
EMAILS = (None, "ann@acme.example", "ann+x@acme.example", "bob@acme.example", "info@acme.example")
LINKS = ("converted_contact", "salesforce_lead", "hubspot_contact")
RULES = (Identity(), Identity(plus_tags="ignore", never=("info",)))
AT_ONCE = (1, 2, 5)


@dataclass(frozen=True)
class Change:
    """One record as a pull shows it; ``into`` is a number of ``REFS`` that it was merged into."""

    ref: int
    email: str | None = None
    deleted: bool = False
    into: int | None = None
    link: tuple[str, int] | None = None


@dataclass(frozen=True)
class Round:
    """What one pull brings, and the rule it is joined by."""

    changes: Sequence[Change]
    rule: Identity = RULES[0]


NUMBERS = st.integers(0, len(REFS) - 1)
CHANGES = st.builds(
    Change,
    NUMBERS,
    st.sampled_from(EMAILS),
    st.sampled_from((False, False, False, True)),
    st.one_of(st.none(), st.none(), NUMBERS),
    st.one_of(st.none(), st.tuples(st.sampled_from(LINKS), NUMBERS)),
)
ROUNDS = st.lists(
    st.builds(Round, st.lists(CHANGES, min_size=1, max_size=9), st.sampled_from((RULES[0], *RULES))),
    min_size=1,
    max_size=4,
)
ANN, BOB = EMAILS[1], EMAILS[3]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    [Round([Change(0, ANN), Change(4, ANN), Change(9, ANN), Change(1, BOB)]), Round([Change(0, BOB), Change(9)])]
)
@example([Round([Change(0, into=11), Change(6, into=11)]), Round([Change(0, ANN, deleted=True), Change(5, ANN)])])
@example([Round([Change(8, link=(LINKS[1], 3)), Change(9, link=(LINKS[1], 3)), Change(4)])])
@given(ROUNDS)
def test_joining_in_slices_joins_as_at_once(store: Store, rounds: list[Round]) -> None:
    """The same persons, ids, moves and aliases, the same states for who left, the same counts."""
    with store.write() as connection:
        wanted = joined(connection, rounds, SLICE)
        for at_once in AT_ONCE:
            assert joined(connection, rounds, at_once) == wanted, at_once


def joined(connection: Connection, rounds: Sequence[Round], at_once: int) -> list[Any]:
    """Pull and join round by round; return all that became of it, and take it back."""
    trial = connection.begin_nested()
    told: list[People] = []
    for cycle, one in enumerate(rounds, 1):
        connection.execute(touched.delete())
        pull(connection, one.changes, cycle)
        told.append(join_people(connection, cycle, one.rule, at_once))
        living = connection.execute(select(persons.c.id).where(persons.c.alias_of.is_(None))).scalars().all()
        known = set(connection.execute(select(lifecycle.c.person_id)).scalars())
        save_lifecycle(connection, [standing(person, cycle) for person in living if person not in known])
    tables = (persons, person_records, lifecycle, touched)
    found = [sorted(map(str, connection.execute(select(table)).all())) for table in tables]
    people = connection.execute(select(records.c.crm, records.c.object, records.c.record_id, records.c.person_id))
    found.append(sorted(map(str, people.all())))
    trial.rollback()
    return [told, *found]


def standing(person: str, cycle: int) -> LifecycleRow:
    """Return a state that tells whom it began with."""
    state = state_to_json(BEGUN)
    return LifecycleRow(person, state, f"stage of {person}", None, day(cycle), "b" * 64, cycle, cycle, {})


def pull(connection: Connection, changes: Sequence[Change], cycle: int) -> None:
    """Store the records and links of one pull."""
    for change in changes:
        ref = REFS[change.ref]
        place = {"crm": ref.crm, "object": ref.object, "record_id": ref.id}
        into = REFS[change.into].id if change.into not in (None, change.ref) else None
        row = {"stamp": day(cycle), "created": None, "fields": {}, "author": "", "deleted": change.deleted}
        upsert(
            connection,
            records,
            [{**place, **row, "merged_into": into, "email": change.email, "cycle": cycle}],
            keep=["person_id"],
        )
        own = (links.c.crm == ref.crm) & (links.c.object == ref.object) & (links.c.record_id == ref.id)
        connection.execute(update(links).where(own & links.c.until_cycle.is_(None)).values(until_cycle=cycle))
        upsert(connection, touched, [{**place, "cycle": cycle}])
        if change.link is not None:
            name, number = change.link
            there = REFS[number]
            target = {"to_crm": there.crm, "to_object": there.object, "to_id": there.id}
            row = {**place, **target, "name": name, "since_cycle": cycle, "until_cycle": None, "position": 0}
            upsert(connection, links, [row])
            upsert(connection, touched, [{"crm": there.crm, "object": there.object, "record_id": there.id,
                                          "cycle": cycle}])  # fmt: skip
