"""The plan's read-only view of the state store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from leadline.common.values import Raw, RecordRef
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.rules.deciding import decision_from_json, outcome_from_json
from leadline.rules.model import Book
from leadline.sync.effects.due import due_effects
from leadline.sync.plan.quiet import quiet_people
from leadline.sync.plan.records import Compared
from leadline.sync.plan.remembering import Scope
from leadline.sync.plan.source import AccountView, DueEffect, PersonView, Published, RecordView
from leadline.sync.store.accounts import AccountRow, account_values_of, each_account_values
from leadline.sync.store.applying import decision_bodies, population, refusals, verified_writes
from leadline.sync.store.batches import PEOPLE_AT_ONCE, chunks
from leadline.sync.store.conflicts import Conflict, any_conflicts, latest_conflicts
from leadline.sync.store.cycles import active_book
from leadline.sync.store.mirror import MirrorRecord, load_records, load_written, records_of_persons
from leadline.sync.store.outcomes import LifecycleRow, each_lifecycle, latest_decisions, load_lifecycle
from leadline.sync.store.unsettled import LeftOut

PARKED_FOR: Final = timedelta(days=7)
"""How long a value that a CRM refused is not sent again: admins mend validation rules without touching records."""

IGNORED_TIMES: Final = 3
"""How often a value may be dropped in silence before it counts as refused."""


@dataclass(frozen=True, slots=True)
class StoredPlanSource:
    """A ``PlanSource`` over one transaction's view of the store, after the evaluation of ``cycle``.

    ``scope`` says whom it shows: without one everybody. ``hear`` takes in what comparing them comes to.
    """

    connection: Connection
    cycle: int
    frontier: datetime
    scope: Scope = field(default_factory=Scope)
    hear: Callable[[Compared], None] = lambda _: None

    @property
    def adoption(self) -> bool:
        """Whether no book has been activated on this state yet."""
        return active_book(self.connection) is None

    def effects(self, book: Book) -> tuple[DueEffect, ...]:
        """Return the effects that are due, in the order in which they were caused."""
        return due_effects(self.connection, book, self.frontier)

    @property
    def left_out(self) -> Mapping[LeftOut, int]:
        """What those leave out whom it does not show."""
        return self.scope.left_out

    def people(self) -> Iterator[PersonView]:
        """Yield who is in scope and in the lifecycle."""
        return person_views(self.connection, self.frontier, self._lifecycle())

    def accounts(self) -> Iterator[AccountView]:
        """Yield the account records in scope that have something to show."""
        parked: Mapping[RecordRef, Mapping[str, Raw]] | None = None
        for rows in chunks(self._account_values(), PEOPLE_AT_ONCE):
            if parked is None:
                parked = _parked(self.connection, self.frontier - PARKED_FOR)
            yield from _account_views(self.connection, rows, parked)

    def population(self, enough: int) -> int:
        """Count the live records of people in the lifecycle, no further than ``enough``."""
        return population(self.connection, enough)

    def _lifecycle(self) -> Iterator[LifecycleRow]:
        if self.scope.people is None:
            yield from each_lifecycle(self.connection)
            return
        for batch in chunks(self.scope.people, PEOPLE_AT_ONCE):
            yield from load_lifecycle(self.connection, batch).values()

    def _account_values(self) -> Iterator[AccountRow]:
        if self.scope.accounts is None:
            yield from each_account_values(self.connection)
            return
        for batch in chunks(self.scope.accounts, PEOPLE_AT_ONCE):
            yield from account_values_of(self.connection, batch).values()


def person_views(
    connection: Connection, frontier: datetime, lifecycle: Iterable[LifecycleRow]
) -> Iterator[PersonView]:
    """Yield these people with their live records, as a plan at ``frontier`` sees them; few are in memory at once."""
    parked = _parked(connection, frontier - PARKED_FOR)
    contested = any_conflicts(connection)
    for rows in chunks(lifecycle, PEOPLE_AT_ONCE):
        quiet = quiet_people(connection, [row.person_id for row in rows])
        yield from _views(connection, rows, parked, quiet, contested=contested)


def account_views(
    connection: Connection, frontier: datetime, accounts: Iterable[AccountRow]
) -> Iterator[AccountView]:
    """Yield these account records as a plan at ``frontier`` sees them, the live ones; few are in memory at once."""
    parked = _parked(connection, frontier - PARKED_FOR)
    for rows in chunks(accounts, PEOPLE_AT_ONCE):
        yield from _account_views(connection, rows, parked)


def is_live(record: MirrorRecord) -> bool:
    """Whether a mirrored record can be written at all: not deleted, not merged, not a converted lead."""
    if record.deleted or record.merged_into is not None:
        return False
    return record.fields.get("IsConverted") is not True


def _parked(connection: Connection, since: datetime) -> Mapping[RecordRef, Mapping[str, Raw]]:
    """Return values refused for good, and those that were dropped too often."""
    parked: dict[RecordRef, dict[str, Raw]] = {}
    dropped: dict[tuple[RecordRef, str], list[Raw]] = {}
    for refusal in refusals(connection, since):
        for name in refusal.blamed or tuple(refusal.writes):
            value = refusal.writes[name][1]
            if refusal.status == "parked":
                parked.setdefault(refusal.ref, {})[name] = value
                continue
            values = dropped.setdefault((refusal.ref, name), [])
            values.append(value)
            if values.count(value) >= IGNORED_TIMES:
                parked.setdefault(refusal.ref, {})[name] = value
    return parked


def _views(
    connection: Connection,
    rows: Sequence[LifecycleRow],
    parked: Mapping[RecordRef, Mapping[str, Raw]],
    quiet: frozenset[str],
    *,
    contested: bool,
) -> Iterator[PersonView]:
    people = [row.person_id for row in rows]
    shown = _Shown(parked)
    records = {
        person: [
            record for record in found if record.ref.object in PERSON_OBJECTS[record.ref.crm] and is_live(record)
        ]
        for person, found in records_of_persons(connection, people).items()
    }
    refs = [record.ref for found in records.values() for record in found]
    shown.ours = verified_writes(connection, refs)
    shown.contested = _contested(connection, refs) if contested else {}
    decided = latest_decisions(connection, people)
    bodies = decision_bodies(connection, decided.values())
    for row in rows:
        decision = decided.get(row.person_id, "")
        moves = decision_from_json(bodies[decision]).moves if decision in bodies else ()
        outcome = outcome_from_json(row.outcome)
        yield PersonView(
            person=row.person_id,
            outcome=outcome,
            decision=decision,
            records=tuple(shown.view(record, row.published) for record in records.get(row.person_id, [])),
            came_from=moves[-1].source if moves else outcome.previous,
            by=moves[-1].by if moves else None,
            quiet=row.person_id in quiet,
        )


def _account_views(
    connection: Connection, rows: Sequence[AccountRow], parked: Mapping[RecordRef, Mapping[str, Raw]]
) -> Iterator[AccountView]:
    people = {row.person for row in rows}
    refs = [row.ref for row in rows]
    shown = _Shown(parked, verified_writes(connection, refs), _contested(connection, refs))
    mirrored, before = load_records(connection, refs), load_written(connection, refs)
    decided = latest_decisions(connection, people)
    quiet = quiet_people(connection, sorted(people))
    for row in rows:
        record = mirrored.get(row.ref)
        if record is None or not is_live(record) or row.person not in decided:
            continue
        yield AccountView(
            record=shown.view(record, None),
            person=row.person,
            decision=decided[row.person],
            values=row.values,
            quiet=row.person in quiet,
            ours=row.ref in before,
        )


def _contested(connection: Connection, refs: Sequence[RecordRef]) -> Mapping[RecordRef, Mapping[str, Conflict]]:
    found: dict[RecordRef, dict[str, Conflict]] = {}
    for (ref, name), conflict in latest_conflicts(connection, refs).items():
        found.setdefault(ref, {})[name] = conflict
    return found


@dataclass(slots=True)
class _Shown:
    """What records show, once what we wrote and verified is counted in."""

    parked: Mapping[RecordRef, Mapping[str, Raw]]
    ours: Mapping[RecordRef, Mapping[str, Raw]] = field(default_factory=dict)
    contested: Mapping[RecordRef, Mapping[str, Conflict]] = field(default_factory=dict)

    def view(self, record: MirrorRecord, stored: Any) -> RecordView:
        return RecordView(
            ref=record.ref,
            fields={**record.fields, **self.ours.get(record.ref, {})},
            account=str(record.fields.get("AccountId") or ""),
            published=_published(stored, record.ref),
            parked=self.parked.get(record.ref, {}),
            contested=self.contested.get(record.ref, {}),
        )


def _published(stored: Any, ref: RecordRef) -> Published | None:
    found = (stored or {}).get(str(ref))
    return Published(datetime.fromisoformat(found["at"]), found["basis"]) if found else None
