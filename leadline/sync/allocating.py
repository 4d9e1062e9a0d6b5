"""Whose turn it is: members of rotas for the effects that ask for an owner, once for each effect.

Turns are given when the effects are about to be planned, in the transaction of the evaluation that caused them: a
trial gives them back. They are stored as what was given to the person, so planning again finds the same member.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from leadline.common.canonical import plain
from leadline.common.values import Crm
from leadline.rules.allocation import Turns, part_of_rota
from leadline.rules.deciding.history import History, ordered
from leadline.rules.model import AssignOwner, Book
from leadline.rules.state import Unreadable
from leadline.sync.effects import is_ripe
from leadline.sync.effects.due import account_owners
from leadline.sync.intake import facts_of_persons
from leadline.sync.plan.owners import Owners
from leadline.sync.store.allocations import AllocationRow, add_allocations, answers, turns_taken
from leadline.sync.store.batches import PEOPLE_AT_ONCE, chunks
from leadline.sync.store.effects import OPEN, effects_by_status
from leadline.sync.store.mirror import records_of_persons


@dataclass(frozen=True, slots=True)
class OwnerWish:
    """One effect that asks for an owner: its key, whose it is, what caused it when, and how the owner is chosen."""

    key: str
    person: str
    at: datetime
    assign: AssignOwner


def give_turns(connection: Connection, book: Book, owners: Owners, cycle: int, frontier: datetime) -> dict[str, str]:
    """Give a turn to each effect that is due, asks for a member of a rota and has none yet; return them by key."""
    wishes = [
        OwnerWish(row.key, row.person_id, row.at, assign)
        for row in effects_by_status(connection, OPEN)
        if isinstance(assign := row.consequence, AssignOwner) and assign.rota in book.rotas and is_ripe(row, frontier)
    ]
    return assign_owners(connection, book, wishes, cycle, frontier, owners)


def assign_owners(
    connection: Connection, book: Book, wishes: Iterable[OwnerWish], cycle: int, frontier: datetime, owners: Owners
) -> dict[str, str]:
    """Return whose turn it is for each wish that a rota answers, by key; wishes answered before keep their answer.

    Wishes take turns in the order of their instants, then of the persons' ids, then of their keys. Who is no active
    user or queue of any CRM is absent. A wish that the active owner of the person's account answers takes no turn,
    and one for whose part nobody is there gets none.
    """
    asked = sorted(wishes, key=lambda wish: (wish.at, wish.person, wish.key))
    found = answers(connection, "owner", [wish.key for wish in asked])
    open_wishes = [wish for wish in asked if wish.key not in found and wish.assign.rota in book.rotas]
    parts: dict[str, str] = {}
    for batch in chunks(open_wishes, PEOPLE_AT_ONCE):
        taken = _answered_by_account(connection, batch, owners)
        parts |= _parts(connection, book, [wish for wish in batch if wish.key not in taken], cycle, frontier)
    absent = _absent(book, owners) if parts else frozenset()
    turns = Turns(book, lambda rota, part: turns_taken(connection, rota, part, cycle), absent)
    rows: list[AllocationRow] = []
    for wish in (wish for wish in open_wishes if wish.key in parts):
        rota, part = str(wish.assign.rota), parts[wish.key]
        member = turns.take(rota, part)
        if member is not None:
            found[wish.key] = member
            given = (rota, part, member, wish.key, frontier, frontier, cycle, book.hash)
            rows.append(AllocationRow(wish.person, "owner", *given))
    add_allocations(connection, rows)
    return found


def _absent(book: Book, owners: Owners) -> frozenset[str]:
    members = {name for rota in book.rotas.values() for names in rota.members.values() for name in names}
    return frozenset(name for name in members if not owners.known(name))


def _answered_by_account(connection: Connection, wishes: Sequence[OwnerWish], owners: Owners) -> set[str]:
    """Return the keys of wishes that an active owner of the person's account answers."""
    first = [wish for wish in wishes if wish.assign.account_owner_first]
    known = account_owners(connection, records_of_persons(connection, {wish.person for wish in first}))
    return {wish.key for wish in first if _active(known.get(wish.person, {}), owners)}


def _active(ids: Mapping[Crm, str], owners: Owners) -> bool:
    return any(owners.of_id(crm, ident) is not None for crm, ident in ids.items())


def _parts(
    connection: Connection, book: Book, wishes: Sequence[OwnerWish], cycle: int, frontier: datetime
) -> dict[str, str]:
    """Return the part of its rota for each wish, by what is known of the person at the frontier."""
    found = {wish.key: part_of_rota(book.rotas[str(wish.assign.rota)], "") for wish in wishes}
    chosen = [wish for wish in wishes if wish.assign.by is not None]
    known = facts_of_persons(connection, book, {wish.person for wish in chosen}, cycle)
    histories = {person: History(ordered(facts.all()), book.fields, book.deals) for person, facts in known.items()}
    for wish in chosen:
        value = histories[wish.person].value(str(wish.assign.by), frontier)
        if value is not None and not isinstance(value, Unreadable):
            found[wish.key] = part_of_rota(book.rotas[str(wish.assign.rota)], str(plain(value)))
    return found
