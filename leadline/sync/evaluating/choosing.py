"""Who must be evaluated: people whose facts changed, who are due by time, or whose book changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select

from leadline.common.values import RecordRef
from leadline.common.vocabulary import ACCOUNT_OBJECTS, DEAL_OBJECTS
from leadline.rules.model import Book
from leadline.sync.identity.closure import is_person
from leadline.sync.intake.accounts import neighbours_of
from leadline.sync.store.batches import by_object, chunks
from leadline.sync.store.cycles import get_meta
from leadline.sync.store.mirror import links_from, links_to
from leadline.sync.store.outcomes import due_persons
from leadline.sync.store.schema import addresses, lifecycle, persons, records, touched

EVALUATED_BOOK = "evaluated_book"

_ACCOUNTS = frozenset(ACCOUNT_OBJECTS.values())
_DEALS = frozenset(DEAL_OBJECTS.values())


def persons_to_evaluate(connection: Connection, book: Book, frontier: datetime, joined: Collection[str]) -> list[str]:
    """Return the ids of everybody whose outcome may differ at ``frontier``, sorted; into ``joined`` others were."""
    if get_meta(connection, EVALUATED_BOOK) != book.hash:
        return sorted(connection.execute(select(persons.c.id).where(persons.c.alias_of.is_(None))).scalars())
    refs, emails = _touched(connection)
    people = {ref for ref in refs if is_person(ref)}
    accounts = {ref for ref in refs if ref.object in _ACCOUNTS}
    deals = {ref for ref in refs if ref.object in _DEALS}
    if deals:
        targets = {link.target for links in links_from(connection, deals).values() for link in links}
        people |= {target for target in targets if is_person(target)} | _linked(connection, deals)
        if "account" in book.deals.link:
            accounts |= {target for target in targets if target.object in _ACCOUNTS}
    people |= _linked(connection, accounts)
    found = _members(connection, people) | _addressed(connection, emails)
    if book.accounts:
        found |= _together(connection, book, found.union(joined))
    return sorted(found.union(due_persons(connection, frontier), joined))


def forget_touched(connection: Connection, cycle: int) -> None:
    """Note that everything touched up to ``cycle`` has been looked at."""
    connection.execute(touched.delete().where(touched.c.cycle <= cycle))


def joined_into(connection: Connection) -> dict[str, list[str]]:
    """Return the persons that were joined since their last evaluation, by the older person they belong to now."""
    alias = select(persons.c.number, persons.c.alias_of, persons.c.id)
    # Sorted here, and asked for texts and not for what is not NULL: else SQLite would go through everybody.
    alias = alias.join(lifecycle, lifecycle.c.person_id == persons.c.id).where(persons.c.alias_of > "")
    found: dict[str, list[str]] = {}
    for _, elder, younger in sorted(connection.execute(alias)):
        found.setdefault(elder, []).append(younger)
    return found


def _together(connection: Connection, book: Book, changed: set[str]) -> set[str]:
    """Return the people of the accounts that those who changed are in now, or were in before."""
    first, last = connection.execute(select(func.min(touched.c.cycle), func.max(touched.c.cycle))).one()
    if not changed or last is None:
        return set()
    now, before = (neighbours_of(connection, book.primary, changed, cycle) for cycle in (last, first - 1))
    alive = select(persons.c.id).where(persons.c.alias_of.is_(None))
    gone = before - now
    found = set(now)
    for batch in chunks(sorted(gone)):
        found |= set(connection.execute(alive.where(persons.c.id.in_(batch))).scalars())
    return found


def _touched(connection: Connection) -> tuple[set[RecordRef], set[str]]:
    refs: set[RecordRef] = set()
    emails: set[str] = set()
    for crm, name, key in connection.execute(select(touched.c.crm, touched.c.object, touched.c.record_id)):
        if name:
            refs.add(RecordRef(crm, name, key))
        else:
            emails.add(key)
    return refs, emails


def _linked(connection: Connection, targets: set[RecordRef]) -> set[RecordRef]:
    incoming = links_to(connection, targets).values()
    return {link.source for links in incoming for link in links if is_person(link.source)}


def _members(connection: Connection, refs: set[RecordRef]) -> set[str]:
    found: set[str] = set()
    for crm, name, ids in by_object(refs):
        own = (records.c.crm == crm) & (records.c.object == name) & records.c.record_id.in_(ids)
        known = select(records.c.person_id).where(own, records.c.person_id.is_not(None))
        found |= set(connection.execute(known).scalars())
    return found


def _addressed(connection: Connection, emails: set[str]) -> set[str]:
    found: set[str] = set()
    for batch in chunks(sorted(emails)):
        known = select(records.c.person_id).where(records.c.email.in_(batch), records.c.person_id.is_not(None))
        found |= set(connection.execute(known).scalars())
        same = (
            (addresses.c.crm == records.c.crm)
            & (addresses.c.object == records.c.object)
            & (addresses.c.record_id == records.c.record_id)
        )
        also = select(records.c.person_id).select_from(addresses.join(records, same))
        mine = addresses.c.email.in_(batch) & records.c.person_id.is_not(None)
        found |= set(connection.execute(also.where(mine)).scalars())
    return found
