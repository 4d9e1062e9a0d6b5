"""Telling conflicts: who changed what over our value, when, what became of it, and who keeps fighting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select

from leadline.common.canonical import raw_text
from leadline.common.masking import mask
from leadline.common.values import CRMS, ObjectDescription, Raw, RecordRef
from leadline.rules.model import Book
from leadline.sync.conflicts.fighting import Fight, fights
from leadline.sync.knowing import described_before
from leadline.sync.plan.desired import desired_account_values, desired_values
from leadline.sync.plan.normal import same
from leadline.sync.plan.source import AccountView, PersonView
from leadline.sync.plan.standing import by_human, theirs_stands
from leadline.sync.plan.stored import account_views, person_views
from leadline.sync.store import Store
from leadline.sync.store.accounts import account_values_of
from leadline.sync.store.batches import by_object
from leadline.sync.store.conflicts import Conflict, conflicts_since
from leadline.sync.store.cycles import last_read
from leadline.sync.store.mirror import load_records
from leadline.sync.store.outcomes import load_lifecycle
from leadline.sync.store.schema import journal

Who = Literal["person", "machine"]
Became = Literal["written over", "changed again", "gone", "agreed", "stands", "open"]


@dataclass(frozen=True, slots=True)
class ConflictTold:
    """One conflict, and what became of it. ``policy`` is the book's for the field, ``why`` says why it stands."""

    conflict: Conflict
    person: str | None
    who: Who
    policy: str
    became: Became
    at: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class ConflictReport:
    """Conflicts, newest first, and fights."""

    conflicts: tuple[ConflictTold, ...]
    fights: tuple[Fight, ...]


def conflict_report(store: Store, book: Book, since: datetime) -> ConflictReport:
    """Return what others made of values of ours since an instant, by the state alone."""
    with store.read() as connection:
        found = conflicts_since(connection, since)
        if not found:
            return ConflictReport((), ())
        told = _Telling(connection, book, found).told()
    return ConflictReport(told, fights(found, book))


@dataclass(slots=True)
class _Telling:
    connection: Connection
    book: Book
    found: Sequence[Conflict]

    def told(self) -> tuple[ConflictTold, ...]:
        refs = {one.ref for one in self.found}
        mirrored = load_records(self.connection, refs)
        people = {ref: record.person_id for ref, record in mirrored.items()}
        ids = sorted({person for person in people.values() if person is not None})
        read = last_read(self.connection)
        frontier = read.frontier if read is not None else None
        rows = [row for _, row in sorted(load_lifecycle(self.connection, ids).items())]
        views: dict[RecordRef, PersonView | AccountView] = {}
        if frontier is not None:
            people_told = person_views(self.connection, frontier, rows)
            views |= {record.ref: view for view in people_told for record in view.records}
            accounts = account_values_of(self.connection, refs).values()
            views |= {view.record.ref: view for view in account_views(self.connection, frontier, accounts)}
        written = _written_since(self.connection, refs)
        described = {crm: described_before(self.connection, crm) or {} for crm in CRMS}
        newer: set[tuple[RecordRef, str]] = set()
        told = []
        for one in self.found:
            view = views.get(one.ref)
            fate = self._fate(
                one,
                view,
                described[one.ref.crm].get(one.ref.object),
                frontier,
                written.get((one.ref, one.field), ()),
                later=(one.ref, one.field) in newer,
            )
            newer.add((one.ref, one.field))
            policy = (
                self.book.write[one.ref.crm].policy(one.ref.object, one.field)
                if one.ref.crm in self.book.write
                else None
            )
            who: Who = "person" if by_human(one, self.book.machines) else "machine"
            person = view.person if isinstance(view, AccountView) else people.get(one.ref)
            told.append(ConflictTold(one, person, who, policy.wins if policy else "", *fate))
        return tuple(told)

    def _fate(
        self,
        one: Conflict,
        view: PersonView | AccountView | None,
        described: ObjectDescription | None,
        frontier: datetime | None,
        written: Sequence[datetime],
        *,
        later: bool,
    ) -> tuple[Became, datetime | None, str]:
        over = next((at for at in written if at >= one.seen), None)
        if over is not None:
            return "written over", over, ""
        if later:
            return "changed again", None, ""
        targets = self.book.write.get(one.ref.crm)
        if view is None or targets is None or frontier is None:
            return "gone", None, ""
        if isinstance(view, AccountView):
            record, desired = view.record, desired_account_values(view.values, targets, described)
        else:
            record = next(item for item in view.records if item.ref == one.ref)
            desired = desired_values(self.book, view.outcome, targets, described)
        item = next((item for item in desired if item.field == one.field), None)
        if item is None:
            stage = "the account" if isinstance(view, AccountView) else view.outcome.stage
            return "stands", None, f"{stage} has no value there"
        if not same(record.fields.get(one.field), one.theirs, item.kind, one.ref.crm):
            return "changed again", None, ""
        if same(item.value, one.theirs, item.kind, one.ref.crm):
            return "agreed", None, ""
        why = theirs_stands(self.book, frontier, item, record)
        policy = targets.policy(one.ref.object, one.field)
        until = one.at + policy.stands if why and policy.stands is not None else None
        return ("stands", until, why) if why else ("open", None, "")


def _written_since(
    connection: Connection, refs: Iterable[RecordRef]
) -> Mapping[tuple[RecordRef, str], Sequence[datetime]]:
    """Return when values of these records were written and read back, oldest first."""
    found: dict[tuple[RecordRef, str], list[datetime]] = defaultdict(list)
    for crm, name, ids in by_object(refs):
        own = (journal.c.crm == crm) & (journal.c.object == name) & journal.c.record_id.in_(ids)
        query = select(journal.c.record_id, journal.c.writes, journal.c.changed_at).where(own)
        for key, writes, at in connection.execute(query.where(journal.c.status == "verified").order_by(journal.c.id)):
            for field in writes:
                found[RecordRef(crm, name, key), field].append(at)  # type: ignore[arg-type]
    return found


def masked_value(value: Raw) -> str:
    """Return a value as it may be shown: texts that could hold personal data masked."""
    return mask(raw_text(value)) if value is not None else ""


__all__ = ["ConflictReport", "ConflictTold", "Fight", "conflict_report", "fights", "masked_value"]
