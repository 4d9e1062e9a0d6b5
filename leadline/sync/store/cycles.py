"""Cycles, leases, books and small facts about the store itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Text, func, select, type_coerce, update

from leadline.sync.store.batches import insert_new, upsert
from leadline.sync.store.schema import books, cycles, leases, meta

CycleStatus = Literal["running", "done", "partial", "refused", "failed"]

WRITING: Final = ("sync", "apply")
"""Kinds of runs that write to the CRMs."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One run. ``frontier`` is None until every CRM was read, ``evaluated`` until people were evaluated to it."""

    id: int
    kind: str
    status: CycleStatus
    started: datetime
    finished: datetime | None
    frontier: datetime | None
    evaluated: datetime | None
    book_hash: str | None
    counts: Mapping[str, Any]


def start_cycle(connection: Connection, kind: str, started: datetime) -> int:
    """Record a new cycle and return its number. ``started`` is a CRM's instant, never the local clock's."""
    row = {"kind": kind, "status": "running", "started": started, "counts": {}}
    key = connection.execute(cycles.insert().values(row)).inserted_primary_key
    return int(key[0]) if key else 0


def set_frontier(connection: Connection, cycle: int, frontier: datetime | None, book_hash: str | None) -> None:
    """Record how far the cycle may evaluate, and under which book."""
    connection.execute(update(cycles).where(cycles.c.id == cycle).values(frontier=frontier, book_hash=book_hash))


def finish_cycle(
    connection: Connection, cycle: int, status: CycleStatus, finished: datetime, counts: Mapping[str, Any]
) -> None:
    """Record how a cycle ended; ``counts`` are JSON types and are merged over what is there."""
    present = connection.execute(select(cycles.c.counts).where(cycles.c.id == cycle)).scalar_one()
    values = {"status": status, "finished": finished, "counts": {**present, **counts}}
    connection.execute(update(cycles).where(cycles.c.id == cycle).values(values))


def end_killed_cycles(connection: Connection) -> int:
    """Record that runs without an end failed (``killed`` in their counts); return how many those were.

    Only who has just taken the writer lease may call this: then nobody else is at work.
    """
    left = connection.execute(select(cycles.c.id, cycles.c.counts).where(cycles.c.status == "running")).all()
    for cycle, counts in left:
        values = {"status": "failed", "counts": {**counts, "killed": True}}
        connection.execute(update(cycles).where(cycles.c.id == cycle).values(values))
    return len(left)


def get_cycle(connection: Connection, cycle: int) -> Cycle | None:
    """Return one cycle."""
    row = connection.execute(select(cycles).where(cycles.c.id == cycle)).mappings().first()
    return Cycle(**row) if row else None


def last_cycles(connection: Connection, count: int = 1) -> list[Cycle]:
    """Return the latest cycles, newest first."""
    rows = connection.execute(select(cycles).order_by(cycles.c.id.desc()).limit(count)).mappings()
    return [Cycle(**row) for row in rows]


def last_read(connection: Connection) -> Cycle | None:
    """Return the newest cycle that knows a frontier; None before every CRM was read for the first time."""
    return _newest(connection, cycles.c.frontier.is_not(None))


def last_evaluated(connection: Connection) -> Cycle | None:
    """Return the newest cycle that evaluated people; None before the first."""
    return _newest(connection, cycles.c.evaluated.is_not(None))


def last_good(connection: Connection) -> datetime | None:
    """Return when a `sync` or `apply` last ended well or nearly so, by the CRMs' clock; None when none did."""
    well = cycles.c.kind.in_(WRITING) & cycles.c.status.in_(("done", "partial"))
    return connection.execute(select(func.max(cycles.c.finished)).where(well)).scalar()


def last_planned(connection: Connection) -> Cycle | None:
    """Return the newest cycle that made a plan, or whose plan was stopped by a guard; None before the first."""
    told = type_coerce(cycles.c.counts, Text)
    return _newest(connection, told.like('%"plan":%') | told.like('%"stops":%'))


def frontier_before(connection: Connection, cycle: int) -> datetime | None:
    """Return the greatest frontier of any cycle before this one; None when there is none."""
    return connection.execute(select(func.max(cycles.c.frontier)).where(cycles.c.id < cycle)).scalar()


def set_evaluated(connection: Connection, cycle: int, frontier: datetime) -> None:
    """Record that people were evaluated to ``frontier`` in this cycle."""
    connection.execute(update(cycles).where(cycles.c.id == cycle).values(evaluated=frontier))


def evaluated_before(connection: Connection, cycle: int) -> datetime | None:
    """Return the greatest frontier that any cycle before this one evaluated to; None when none did."""
    return connection.execute(select(func.max(cycles.c.evaluated)).where(cycles.c.id < cycle)).scalar()


def acquire_lease(connection: Connection, name: str, owner: str, now: datetime, lasts: timedelta) -> bool:
    """Take or renew a lease: True when ``owner`` has it until ``now + lasts``, False when another one holds it.

    One owner at a time, decided by the database: the update is conditional on the row it replaces. ``now`` must
    come from one clock that all owners share.
    """
    expires = now + lasts
    row = {"name": name, "owner": owner, "expires": expires}
    free = (leases.c.owner == owner) | (leases.c.expires <= now)
    taken = connection.execute(update(leases).where(leases.c.name == name, free).values(row)).rowcount
    if not taken:
        insert_new(connection, leases, [row])
    holder = connection.execute(select(leases.c.owner).where(leases.c.name == name)).scalar_one()
    return bool(holder == owner)


def renew_lease(connection: Connection, name: str, owner: str, now: datetime, lasts: timedelta) -> bool:
    """Renew a lease, expired or not; False when it is no longer ``owner``'s, even if nobody has it by now."""
    mine = (leases.c.name == name) & (leases.c.owner == owner)
    return bool(connection.execute(update(leases).where(mine).values(expires=now + lasts)).rowcount)


def release_lease(connection: Connection, name: str, owner: str) -> None:
    """Give a lease back; nothing happens when another one holds it."""
    connection.execute(leases.delete().where(leases.c.name == name, leases.c.owner == owner))


def shorten_lease(connection: Connection, name: str, latest: datetime) -> None:
    """Let a lease end at ``latest`` if it would end later; who holds it and is alive renews it anyway."""
    later = leases.c.expires > latest
    connection.execute(update(leases).where(leases.c.name == name, later).values(expires=latest))


def lease_holder(connection: Connection, name: str) -> tuple[str, datetime] | None:
    """Return who holds a lease and until when, expired or not."""
    row = connection.execute(select(leases.c.owner, leases.c.expires).where(leases.c.name == name)).first()
    return (row[0], row[1]) if row else None


def get_meta(connection: Connection, key: str) -> str | None:
    """Return a small fact about the store, such as ``organisation:salesforce``."""
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def set_meta(connection: Connection, key: str, value: str) -> None:
    """Set a small fact about the store."""
    upsert(connection, meta, [{"key": key, "value": value}])


def remember_book(connection: Connection, book_hash: str, name: str, sources: Mapping[str, bytes]) -> None:
    """Keep a book's files by hash, so that ``verify`` can read them again. Once kept they never change."""
    encoded = {path: base64.b64encode(text).decode() for path, text in sources.items()}
    row = {"hash": book_hash, "name": name, "sources": json.dumps(encoded, sort_keys=True).encode()}
    insert_new(connection, books, [row])


def book_sources(connection: Connection, book_hash: str) -> dict[str, bytes] | None:
    """Return a book's files by hash; None when the store never saw it."""
    found = connection.execute(select(books.c.sources).where(books.c.hash == book_hash)).scalar()
    if found is None:
        return None
    return {path: base64.b64decode(text) for path, text in json.loads(bytes(found)).items()}


def book_hashes(connection: Connection, start: str) -> list[str]:
    """Return the hashes that begin so of the books that the store keeps, sorted."""
    near = books.c.hash.startswith(start, autoescape=True)
    return list(connection.execute(select(books.c.hash).where(near).order_by(books.c.hash)).scalars())


def activate_book(connection: Connection, book_hash: str, at: datetime, cycle: int) -> None:
    """Record that a book's plan has passed the guards: from here on it is the active one."""
    values = {"activated": at, "activated_cycle": cycle}
    connection.execute(update(books).where(books.c.hash == book_hash).values(values))


def active_book(connection: Connection) -> str | None:
    """Return the hash of the book activated last; None before the first activation."""
    order = books.c.activated_cycle.desc()
    found = select(books.c.hash).where(books.c.activated_cycle.is_not(None)).order_by(order).limit(1)
    return connection.execute(found).scalar()


def _newest(connection: Connection, where: ColumnElement[bool]) -> Cycle | None:
    row = connection.execute(select(cycles).where(where).order_by(cycles.c.id.desc()).limit(1)).mappings().first()
    return Cycle(**row) if row else None
