"""What became of promises, and who or what took their time: over the rows of timers and what was mirrored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from leadline.common.errors import UsageError
from leadline.rules.deciding import Engine
from leadline.rules.deciding.promises import Promise, always
from leadline.rules.model import Book
from leadline.rules.nearest import nearest
from leadline.rules.state import Timer
from leadline.sync.reports.lives import Basis, basis_of
from leadline.sync.slas.attribution import Attribution, attribute, unassigned_between
from leadline.sync.slas.owners import KnownUser, known_users, owners_of
from leadline.sync.slas.summing import SlaLine, Told, summed
from leadline.sync.store import Store
from leadline.sync.store.batches import chunks
from leadline.sync.store.schema import cycles, decisions, journal
from leadline.sync.store.timers import TimerRow, all_timers

PEOPLE_AT_ONCE: Final = 1_000
_SHOWN: Final = ("verified", "done")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which timers count; None lets all in. ``week`` is an ISO week of the start in UTC, ``2026-W30``."""

    sla: str | None = None
    stage: str | None = None
    owner: str | None = None
    source: str | None = None
    week: str | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """One open timer of which much is used: ``left`` and ``used`` are microseconds of business time.

    ``left`` is below zero for one that was breached and not answered yet.
    """

    person: str
    sla: str
    stage: str
    owner: str
    due: datetime
    used: int
    left: int


@dataclass(frozen=True, slots=True)
class SlaReport:
    """The whole report as of ``frontier``; ``lines`` are in the order of their ``by`` and key."""

    frontier: datetime | None
    basis: Basis
    timers: int
    lines: tuple[SlaLine, ...]
    at_risk: tuple[Risk, ...]


def sla_report(store: Store, book: Book, chosen: Chosen | None = None) -> SlaReport:
    """Return attainment, times and attribution of the timers that are chosen, and the open ones at risk.

    At risk is a running timer of which half or more is used, and a breached one that nobody answered yet. Arithmetic
    is by the calendars of the present book. Raises UsageError for an SLA, stage, owner or source that no timer has.
    """
    wanted = chosen or Chosen()
    with store.read() as connection:
        users = known_users(connection)
        frontier = connection.execute(select(func.max(cycles.c.evaluated))).scalar()
        basis = basis_of(connection, book)
        rows = [(row, _told_owner(row, users)) for row in all_timers(connection)]
        rows = _chosen(rows, wanted)
        found = _Arithmetic(connection, book, users, frontier)
        lost = found.attributions([row for row, _ in rows if row.breached is not None])
    told = [Told(row, owner, lost.get(row.key)) for row, owner in rows]
    return SlaReport(frontier, basis, len(told), summed(told), found.at_risk(rows))


def owner_name(owner: str | None, users: Mapping[str, KnownUser]) -> str:
    """Return who an owner is: their name or address, the CRM's id where the CRM never said, or nobody."""
    if owner is None:
        return "(nobody)"
    user = users.get(owner)
    return (user.name or user.email) if user is not None and (user.name or user.email) else owner


class _Arithmetic:
    """Business time of rows, by the promises of the present book; an SLA that is gone counts on the clock."""

    def __init__(
        self, connection: Connection, book: Book, users: Mapping[str, KnownUser], frontier: datetime | None
    ) -> None:
        self._connection = connection
        self._book = book
        self._users = users
        self._frontier = frontier
        timing = Engine(book).settling.timing
        self._promises: Mapping[str, Promise] = timing.promises if timing is not None else {}
        self._always = always(book.zone)

    def attributions(self, breached: Sequence[TimerRow]) -> dict[tuple[str, str, datetime], Attribution]:
        """Return, for each breached row, what took the time from its start to the breach."""
        found: dict[tuple[str, str, datetime], Attribution] = {}
        cycle = self._connection.execute(select(func.max(cycles.c.id))).scalar() or 0
        for batch in chunks(breached, PEOPLE_AT_ONCE):
            spans = owners_of(self._connection, self._book.primary, {row.person_id for row in batch}, cycle)
            shown = _shown(self._connection, self._book, batch)
            for row in batch:
                assert row.breached is not None
                promise = self._promises.get(row.sla)
                found[row.key] = attribute(
                    promise.calendar(row.calendar) if promise is not None else self._always,
                    row.started,
                    row.breached,
                    shown=shown[row.key],
                    pauses=row.pauses,
                    unassigned=list(
                        unassigned_between(spans.get(row.person_id, ()), self._users, row.started, row.breached)
                    ),
                )
        return found

    def at_risk(self, rows: Iterable[tuple[TimerRow, str]]) -> tuple[Risk, ...]:
        """Return the open timers of which much is used, those with the least time left first."""
        risks = []
        for row, owner in rows:
            promise, now = self._promises.get(row.sla), self._frontier
            if row.ended is not None or row.due is None or promise is None or now is None or not row.target:
                continue
            timer = Timer(row.stage, row.entered, row.started, row.target, row.calendar, "", pauses=row.pauses)
            used, whole = promise.used(timer, now)[0], promise.used(timer, row.due)[0]
            if row.breached is not None or 2 * used >= whole:
                risks.append(Risk(row.person_id, row.sla, row.stage, owner, row.due, used, whole - used))
        return tuple(sorted(risks, key=lambda risk: (risk.left, risk.due, risk.person)))


def _told_owner(row: TimerRow, users: Mapping[str, KnownUser]) -> str:
    return owner_name(row.owner, users)


def _chosen(rows: Sequence[tuple[TimerRow, str]], wanted: Chosen) -> list[tuple[TimerRow, str]]:
    found = list(rows)
    for name in ("sla", "stage", "owner", "source", "week"):
        value = getattr(wanted, name)
        if value is None:
            continue
        known = {_part(row, owner, name) for row, owner in rows}
        if value not in known and name != "week":
            hint = nearest(value, known)
            raise UsageError(f"no timer has the {name} {value}" + (f"; {hint}" if hint else ""))
        found = [(row, owner) for row, owner in found if _part(row, owner, name) == value]
    return found


def _part(row: TimerRow, owner: str, name: str) -> str:
    return Told(row, owner, None).part(name)


def _shown(
    connection: Connection, book: Book, rows: Sequence[TimerRow]
) -> dict[tuple[str, str, datetime], datetime | None]:
    """Return when each promise was first shown in a CRM.

    That is the first confirmed write of what the cycle decided that learnt of it, plain scores apart; where nothing
    of it had to be written, that cycle's frontier; None where no write of it was ever confirmed.
    """
    made: dict[tuple[str, datetime], list[str]] = {}
    people = sorted({row.person_id for row in rows})
    seen = {row.seen for row in rows}
    query = select(decisions.c.person_id, decisions.c.frontier, decisions.c.id)
    for person, frontier, key in connection.execute(query.where(decisions.c.person_id.in_(people))):
        if frontier in seen:
            made.setdefault((person, frontier), []).append(key)
    scores = {field for targets in book.write.values() for field in targets.scores.values()}
    tried: dict[str, list[datetime | None]] = {}
    sent = select(journal.c.decision_id, journal.c.status, journal.c.changed_at, journal.c.writes)
    for batch in chunks(sorted({key for keys in made.values() for key in keys})):
        for row in connection.execute(sent.where(journal.c.decision_id.in_(batch))).mappings():
            if set(row["writes"]) - scores:
                at = row["changed_at"] if row["status"] in _SHOWN else None
                tried.setdefault(row["decision_id"], []).append(at)
    found: dict[tuple[str, str, datetime], datetime | None] = {}
    for timer in rows:
        writes = [at for key in made.get((timer.person_id, timer.seen), ()) for at in tried.get(key, ())]
        confirmed = [at for at in writes if at is not None]
        found[timer.key] = min(confirmed) if confirmed else None if writes else timer.seen
    return found
