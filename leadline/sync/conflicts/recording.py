"""Finding conflicts while rows are stored: a value that we had written is another one now, and not by us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from leadline.common.values import Crm, Raw, RecordRef, SourceRecord
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.rules.convert import stage_of
from leadline.rules.model import Book
from leadline.rules.state import Unreadable
from leadline.sync.intake.rows import Observation, observed
from leadline.sync.plan.normal import kind_of, same
from leadline.sync.pull.bounds import Bound
from leadline.sync.store.conflicts import Conflict, latest_conflicts, remember_conflicts
from leadline.sync.store.mirror import MirrorRecord, Written, records_of_persons


@dataclass(slots=True)
class Contested:
    """The conflicts of one page of rows."""

    bound: Bound
    _found: list[tuple[Conflict, str | None]] = field(default_factory=list)
    _unsure: set[tuple[RecordRef, str]] = field(default_factory=set)

    def look(
        self,
        record: SourceRecord,
        old: MirrorRecord,
        changed: Mapping[str, Raw | Unreadable],
        ledger: Mapping[str, Written],
        verified: Mapping[str, Raw],
    ) -> None:
        """Note each changed field that had our value and has another one now.

        A row older than our write shows the time before it. Where the field showed neither our value nor anything of
        ours before, only an earlier conflict over the same write makes it one.
        """
        targets = self.bound.book.write.get(self.bound.crm)
        described = self.bound.described.get(record.ref.object)
        if targets is None or described is None:
            return
        for name in (name for name in targets.fields_of(record.ref.object) if name in changed and name in ledger):
            entry, now, known = ledger[name], changed[name], described.fields.get(name)
            if known is None or isinstance(now, Unreadable) or record.stamp < entry.at:
                continue
            kind = kind_of(known)
            if same(now, entry.value, kind, self.bound.crm):
                continue
            self._found.append((self._conflict(record, name, now, entry), old.person_id))
            if name not in verified and not same(old.fields.get(name), entry.value, kind, self.bound.crm):
                self._unsure.add((record.ref, name))

    def save(self, connection: Connection) -> None:
        """Store what was found."""
        if not self._found:
            return
        before = latest_conflicts(connection, {ref for ref, _ in self._unsure}) if self._unsure else {}
        sure = []
        for conflict, person in self._found:
            key = (conflict.ref, conflict.field)
            if key in self._unsure and (key not in before or before[key].written_at != conflict.written_at):
                continue
            sure.append((conflict, person))
        remember_conflicts(connection, _mirrored(connection, self.bound, sure))

    def _conflict(self, record: SourceRecord, name: str, theirs: Raw, entry: Written) -> Conflict:
        told = next((change for change in record.history if change.field == name), None)
        return Conflict(
            ref=record.ref,
            field=name,
            ours=entry.value,
            theirs=theirs,
            written_at=entry.at,
            at=told.at if told is not None else record.stamp,
            seen=self.bound.upper,
            cycle=self.bound.cycle,
            author=told.author if told is not None else record.author,
            by_user=told.by_user if told is not None else bool(record.author),
            mirrors=False,
        )


def _mirrored(
    connection: Connection, bound: Bound, found: Sequence[tuple[Conflict, str | None]]
) -> tuple[Conflict, ...]:
    """Say of each conflict whether the other CRM showed this person the same, now or before."""
    people = records_of_persons(connection, {person for _, person in found if person is not None})
    others = {person: [one.ref for one in own if _is_other(one.ref, bound.crm)] for person, own in people.items()}
    seen = observed(connection, {ref for refs in others.values() for ref in refs}, bound.cycle)
    result = []
    for conflict, person in found:
        refs = others.get(person or "", ())
        shown = [value for ref in refs for value in _shown(bound.book, conflict, ref.crm, seen.get(ref, ()))]
        kind = kind_of(bound.described[conflict.ref.object].fields[conflict.field])
        mirrors = any(same(value, conflict.theirs, kind, bound.crm) for value in shown if value is not None)
        result.append(replace(conflict, mirrors=mirrors))
    return tuple(result)


def _is_other(ref: RecordRef, crm: Crm) -> bool:
    return ref.crm != crm and ref.object in PERSON_OBJECTS[ref.crm]


def _shown(book: Book, conflict: Conflict, other: Crm, history: Sequence[Observation]) -> list[Raw]:
    """Return, in this CRM's words, what another record of the person ever showed in the field of the same meaning."""
    here, there = book.write[conflict.ref.crm], book.write.get(other)
    if there is None:
        return []
    if here.stage is not None and conflict.field == here.stage.field:
        if there.stage is None:
            return []
        stages = [stage_of(book, other, value) for value in _values(there.stage.field, history)]
        return [here.stage.values.get(stage) for stage in stages if stage is not None]
    role = next((name for name, field in here.roles().items() if field == conflict.field), None)
    field = there.roles().get(role) if role is not None else None
    return [] if field is None else _values(field, history)


def _values(field: str, history: Sequence[Observation]) -> list[Raw]:
    found = (item.changed[field] for item in history if field in item.changed)
    return [value for value in found if not isinstance(value, Unreadable)]
