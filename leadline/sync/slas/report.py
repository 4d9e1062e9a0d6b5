"""What became of promises, and who or what took their time: over the rows of timers and what was mirrored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from leadline.sync.slas.summing import SlaLine, Sums, Told
from leadline.sync.store import Store
from leadline.sync.store.batches import chunks
from leadline.sync.store.schema import cycles, decisions, journal
from leadline.sync.store.timers import TimerRow, each_timer

ROWS_AT_ONCE: Final = 1_000
"""Timers in memory at a time."""
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
        arithmetic = _Arithmetic(connection, book, users, frontier)
        choice, sums, risks = _Choice(wanted), Sums(), list[Risk]()
        for batch in chunks(each_timer(connection, ROWS_AT_ONCE), ROWS_AT_ONCE):
            rows = [(row, owner) for row in batch if choice.takes(row, owner := owner_name(row.owner, users))]
            lost = arithmetic.attributions([row for row, _ in rows if row.breached is not None])
            for row, owner in rows:
                sums.add(Told(row, owner, lost.get(row.key)))
            risks += arithmetic.at_risk(rows)
    choice.require_known()
    risks.sort(key=lambda risk: (risk.left, risk.due, risk.person))
    return SlaReport(frontier, basis, sums.count, sums.lines(), tuple(risks))


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
        self._cycle = connection.execute(select(func.max(cycles.c.id))).scalar() or 0

    def attributions(self, breached: Sequence[TimerRow]) -> dict[tuple[str, str, datetime], Attribution]:
        """Return, for each breached row, what took the time from its start to the breach."""
        if not breached:
            return {}
        found: dict[tuple[str, str, datetime], Attribution] = {}
        spans = owners_of(self._connection, self._book.primary, {row.person_id for row in breached}, self._cycle)
        shown = _shown(self._connection, self._book, breached)
        for row in breached:
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

    def at_risk(self, rows: Iterable[tuple[TimerRow, str]]) -> Iterator[Risk]:
        """Yield the open timers of which much is used."""
        for row, owner in rows:
            promise, now = self._promises.get(row.sla), self._frontier
            if row.ended is not None or row.due is None or promise is None or now is None or not row.target:
                continue
            timer = Timer(row.stage, row.entered, row.started, row.target, row.calendar, "", pauses=row.pauses)
            used, whole = promise.used(timer, now)[0], promise.used(timer, row.due)[0]
            if row.breached is not None or 2 * used >= whole:
                yield Risk(row.person_id, row.sla, row.stage, owner, row.due, used, whole - used)


class _Choice:
    """Which timers count; remembers what there is, to tell a name that no timer has from one that none is left of."""

    def __init__(self, wanted: Chosen) -> None:
        self._wanted = {
            name: value
            for name in ("sla", "stage", "owner", "source", "week")
            if (value := getattr(wanted, name)) is not None
        }
        self._known: dict[str, set[str]] = {name: set() for name in self._wanted if name != "week"}

    def takes(self, row: TimerRow, owner: str) -> bool:
        """Say whether a timer counts."""
        told = Told(row, owner, None)
        for name, known in self._known.items():
            known.add(told.part(name))
        return all(told.part(name) == value for name, value in self._wanted.items())

    def require_known(self) -> None:
        """Raise UsageError where something was named that no timer has; call it after all were seen."""
        for name, known in self._known.items():
            value = self._wanted[name]
            if value not in known:
                hint = nearest(value, known)
                raise UsageError(f"no timer has the {name} {value}" + (f"; {hint}" if hint else ""))


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
