"""Storing a page of records: only real changes become observations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, select, update

from leadline.common.folding import fold
from leadline.common.values import Raw, RecordRef, SourceRecord
from leadline.common.vocabulary import PERSON_OBJECTS, is_stage_date
from leadline.rules.state import UNREADABLE, Unreadable
from leadline.sync.conflicts.recording import Contested
from leadline.sync.needs import ObjectNeed
from leadline.sync.plan.normal import kind_of, same
from leadline.sync.pull.bounds import Bound
from leadline.sync.pull.links import links_of
from leadline.sync.pull.returning import went_back
from leadline.sync.store.applying import verified_writes
from leadline.sync.store.batches import insert, upsert
from leadline.sync.store.mirror import (
    Link,
    MirrorRecord,
    Written,
    links_from,
    load_records,
    load_written,
    remember_written,
)
from leadline.sync.store.schema import links, observations, records, touched

_EMAIL: Final = ("Email", "email")
_LINK: Final = ("crm", "object", "record_id", "name", "to_crm", "to_object", "to_id")
_PRESENT: Final = and_(*(links.c[name] == bindparam(f"of_{name}") for name in _LINK), links.c.until_cycle.is_(None))
"""The present row of one link, as ``_which`` names it."""


def store_records(connection: Connection, bound: Bound, need: ObjectNeed, page: Sequence[SourceRecord]) -> int:
    """Store a page and return how many rows were news.

    A row that was there with the same fields, links and fate appends nothing. ``at`` of an observation is the
    record's own stamp; where a value changed although the stamp did not (formulas, roll-ups, lost access), it
    is the upper bound, since the change happened some time before that.
    """
    unique = {record.ref: record for record in page}
    known = load_records(connection, unique)
    shown = {ref: _fields(record, known.get(ref), need) for ref, record in unique.items()}
    verified = verified_writes(connection, known)
    # Most rows of a look-back are as they were: what we wrote to them is not asked for.
    asked = [ref for ref, old in known.items() if ref in verified or shown[ref] != old.all_fields()]
    work = _Work(bound, load_written(connection, asked), verified, frozenset(need.ruled))
    present = links_from(connection, known)
    for ref, record in unique.items():
        work.take(record, known.get(ref), shown[ref])
        if not record.deleted:
            work.relink(links_of(record), present.get(record.ref, ()))
    work.save(connection)
    return len(work.news)


def hide_object(connection: Connection, bound: Bound, name: str, fields: Iterable[str]) -> int:
    """Mark the rule fields of an object that is no longer visible as unreadable; return how many records."""
    own = (records.c.crm == bound.crm) & (records.c.object == name) & records.c.deleted.is_(False)
    ids = connection.execute(select(records.c.record_id).where(own)).scalars()
    known = load_records(connection, [RecordRef(bound.crm, name, key) for key in ids])
    marks = dict.fromkeys(fields, UNREADABLE)
    work = _Work(bound, {}, {})
    for ref, old in known.items():
        row = SourceRecord(ref, old.stamp, old.created, {}, author="")
        work.take(row, old, {**old.all_fields(), **marks})
    work.save(connection)
    return len(work.news)


def touch(connection: Connection, cycle: int, refs: Iterable[RecordRef], emails: Iterable[str] = ()) -> None:
    """Note what the next evaluation must look at: records, and e-mail addresses that something happened to."""
    rows = [{"crm": ref.crm, "object": ref.object, "record_id": ref.id, "cycle": cycle} for ref in sorted(set(refs))]
    rows += [{"crm": "", "object": "", "record_id": email, "cycle": cycle} for email in sorted(set(emails))]
    upsert(connection, touched, rows)


def _fields(record: SourceRecord, old: MirrorRecord | None, need: ObjectNeed) -> dict[str, Raw | Unreadable]:
    if record.deleted and old is not None:  # a deleted row may come back almost empty: it keeps what it had
        return {**old.all_fields(), **record.fields}
    return {**record.fields, **dict.fromkeys(need.unreadable, UNREADABLE)}


@dataclass(slots=True)
class _Work:
    """The rows that one page leads to."""

    bound: Bound
    ledger: Mapping[RecordRef, Mapping[str, Written]]
    verified: Mapping[RecordRef, Mapping[str, Raw]]
    ruled: frozenset[str] = frozenset()
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    news: list[dict[str, Any]] = field(default_factory=list)
    opened: list[Link] = field(default_factory=list)
    moved: list[Link] = field(default_factory=list)
    closed: list[Link] = field(default_factory=list)
    settled: list[Written] = field(default_factory=list)
    touched: set[RecordRef] = field(default_factory=set)
    contested: Contested = field(init=False)

    def __post_init__(self) -> None:
        self.contested = Contested(self.bound)

    def take(self, record: SourceRecord, old: MirrorRecord | None, fields: Mapping[str, Raw | Unreadable]) -> None:
        if old is not None and record.ref.crm == "hubspot" and record.stamp < old.stamp:
            return  # a lagging search index still shows an older row than the one that is stored
        before = old.all_fields() if old else {}
        changed = {name: value for name, value in fields.items() if name not in before or before[name] != value}
        if old is not None and not record.deleted:
            changed |= {name: fields[name] for name in self._went_back(record, old)}
        fate = old is not None and (old.deleted, old.merged_into) != (record.deleted, record.merged_into)
        if old is not None and changed and not record.deleted and record.ref in self.ledger:
            ours = self.verified.get(record.ref, {})
            self.contested.look(record, old, changed, self.ledger[record.ref], ours)
        if old is None or changed or fate:
            self._observe(record, old, changed, fate=fate)
        elif record.stamp == old.stamp:
            return
        self.snapshots.append(
            {
                **_place(record.ref),
                "stamp": record.stamp,
                "created": record.created or (old.created if old else None),
                "fields": fields,
                "author": record.author,
                "deleted": record.deleted,
                "merged_into": record.merged_into,
                "email": _email(record.ref, fields),
                "cycle": self.bound.cycle,
            }
        )

    def relink(self, wanted: Iterable[Link], present: Iterable[Link]) -> None:
        """Open, move and close links; people at either end are looked at again."""
        there = {(link.name, link.target): link for link in present}
        for link in wanted:
            found = there.pop((link.name, link.target), None)
            if found is None:
                self.opened.append(link)
            elif found.position != link.position:
                self.moved.append(link)
        self.closed += there.values()

    def save(self, connection: Connection) -> None:
        insert(connection, observations, self.news)
        upsert(connection, records, self.snapshots)
        cycle = self.bound.cycle
        if self.closed:
            ended = update(links).where(_PRESENT).values(until_cycle=cycle)
            connection.execute(ended, [_which(link) for link in self.closed])
        if self.moved:
            moved = update(links).where(_PRESENT).values(position=bindparam("to_position"))
            connection.execute(moved, [{**_which(link), "to_position": link.position} for link in self.moved])
        opened = [{**_link_place(link), "since_cycle": cycle, "until_cycle": None} for link in self.opened]
        upsert(
            connection,
            links,
            [{**row, "position": link.position} for row, link in zip(opened, self.opened, strict=True)],
        )
        remember_written(connection, self.settled)
        self.contested.save(connection)
        for link in (*self.opened, *self.closed):
            self.touched.add(link.source)
            if link.target.object in PERSON_OBJECTS[link.target.crm]:
                self.touched.add(link.target)
        touch(connection, cycle, self.touched)

    def _observe(
        self, record: SourceRecord, old: MirrorRecord | None, changed: dict[str, Raw | Unreadable], *, fate: bool
    ) -> None:
        echo = self._echo(record, changed) if old else []
        # A stage date follows from the stage; adoption has read it already. An owner that an action assigned is news
        # to rules that ask for it.
        stages = {name for name in changed if is_stage_date(record.ref.crm, name)}
        if old is None or fate or any(name in self.ruled or name not in {*echo, *stages} for name in changed):
            self.touched.add(record.ref)
        fresh = old is None or record.stamp > old.stamp or not any(name in old.all_fields() for name in changed)
        self.news.append(
            {
                **_place(record.ref),
                "at": record.stamp if fresh else self.bound.upper,
                "seen": self.bound.upper,
                "cycle": self.bound.cycle,
                "changed": changed,
                "author": record.author,
                "deleted": record.deleted,
                "merged_into": record.merged_into,
                "echo": echo,
            }
        )

    def _went_back(self, record: SourceRecord, old: MirrorRecord) -> tuple[str, ...]:
        verified = self.verified.get(record.ref)
        if not verified or record.ref.object not in self.bound.described:
            return ()
        fields = self.bound.described[record.ref.object].fields
        return went_back(record, old, self.ledger.get(record.ref, {}), verified, fields)

    def _echo(self, record: SourceRecord, changed: Mapping[str, Raw | Unreadable]) -> list[str]:
        """Return the fields whose new values are ours, and settle what we wrote: an echo comes once."""
        echo: list[str] = []
        described = (
            self.bound.described[record.ref.object].fields if record.ref.object in self.bound.described else {}
        )
        for name, entry in self.ledger.get(record.ref, {}).items():
            if entry.settled or name not in changed or name not in described:
                continue
            value = changed[name]
            if not isinstance(value, Unreadable) and same(
                value, entry.value, kind_of(described[name]), record.ref.crm
            ):
                echo.append(name)
            elif record.stamp < entry.at:
                continue  # a lagging index still shows the time before our write
            self.settled.append(Written(entry.ref, name, entry.value, entry.plan_hash, entry.at, settled=True))
        return sorted(echo)


def _place(ref: RecordRef) -> dict[str, Any]:
    return {"crm": ref.crm, "object": ref.object, "record_id": ref.id}


def _link_place(link: Link) -> dict[str, Any]:
    target = {"to_crm": link.target.crm, "to_object": link.target.object, "to_id": link.target.id}
    return {**_place(link.source), "name": link.name, **target}


def _which(link: Link) -> dict[str, Any]:
    return {f"of_{name}": value for name, value in _link_place(link).items()}


def _email(ref: RecordRef, fields: Mapping[str, Raw | Unreadable]) -> str | None:
    if ref.object not in PERSON_OBJECTS[ref.crm]:
        return None
    for name in _EMAIL:
        value = fields.get(name)
        if isinstance(value, str) and "@" in value:
            return fold(value)
    return None
