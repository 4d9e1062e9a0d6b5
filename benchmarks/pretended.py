"""A CRM in memory behind the connectors' protocol: a benchmark of cycles that asks no network and counts no calls."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from leadline.common.values import (
    Crm,
    FieldDescription,
    ObjectDescription,
    Quota,
    Raw,
    RecordRef,
    RecordWrite,
    SourceActivity,
    SourceRecord,
    WriteResult,
)
from leadline.connectors.protocol import (
    ActivityRequest,
    CreateResult,
    Creation,
    CreationKind,
    Group,
    Made,
    RecordRequest,
    User,
)

BEGINNING: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
PAGE: Final = 2_000


@dataclass
class PretendedCrm:
    """Rows by reference and activities, told by their stamps; a write is there at once. ``now`` is its clock."""

    crm: Crm
    fields: Mapping[str, Mapping[str, str]]
    now: datetime = BEGINNING
    rows: dict[RecordRef, SourceRecord] = field(default_factory=dict)
    happened: list[SourceActivity] = field(default_factory=list)

    def put(self, ref: RecordRef, fields: Mapping[str, Raw]) -> None:
        """Create or change a record at the present instant; other fields stay."""
        old = self.rows.get(ref) or SourceRecord(ref, self.now, self.now, {})
        self.rows[ref] = replace(old, stamp=self.now, fields={**old.fields, **fields})

    def happen(self, kind: str, key: str, email: str, attributes: Mapping[str, Raw], ago: timedelta) -> None:
        """Let somebody with this address have done something, so long ago."""
        at = self.now - ago
        self.happened.append(
            SourceActivity(self.crm, kind, key, at, email=email, attributes=attributes, stamp=self.now)
        )

    def organisation(self) -> str:
        """Return a name."""
        return f"pretended {self.crm}"

    def server_time(self) -> datetime:
        """Return the clock."""
        return self.now

    def heard(self) -> datetime:
        """Return the clock."""
        return self.now

    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        """Describe every field by its type; all can be written."""
        return {
            name: ObjectDescription(
                name, {item: FieldDescription(item, kind) for item, kind in self.fields[name].items()}
            )
            for name in objects
            if name in self.fields
        }

    def records(self, request: RecordRequest) -> Iterator[tuple[SourceRecord, ...]]:
        """Yield what changed since the cursor, by stamp and id."""
        after = request.since.stamp if request.since else datetime.min.replace(tzinfo=UTC)
        found = [
            replace(row, fields={name: row.fields.get(name) for name in request.fields})
            for ref, row in self.rows.items()
            if ref.object == request.object and after < row.stamp <= request.until
        ]
        found.sort(key=lambda row: (row.stamp, row.ref.id))
        yield from (tuple(found[start : start + PAGE]) for start in range(0, len(found), PAGE))

    def reread(self, request: RecordRequest, ids: Sequence[str]) -> Iterator[tuple[SourceRecord, ...]]:
        """Yield these records as they are now."""
        found = [self.rows[ref] for key in ids if (ref := RecordRef(self.crm, request.object, key)) in self.rows]
        yield tuple(replace(row, fields={name: row.fields.get(name) for name in request.fields}) for row in found)

    def ids(self, name: str, after: str = "") -> Iterator[tuple[str, ...]]:
        """Yield the ids that stand."""
        yield tuple(sorted(ref.id for ref in self.rows if ref.object == name and ref.id > after))

    def activities(self, request: ActivityRequest) -> Iterator[tuple[SourceActivity, ...]]:
        """Yield what was stamped since the cursor."""
        after = request.since.stamp if request.since else datetime.min.replace(tzinfo=UTC)
        mine = [item for item in self.happened if item.kind == request.kind and after < item.stamp <= request.until]
        yield from (tuple(mine[start : start + PAGE]) for start in range(0, len(mine), PAGE))

    def write(self, writes: Sequence[RecordWrite]) -> Generator[tuple[WriteResult, ...], None, None]:
        """Take every value, a second later: the next pull sees our writes come back."""
        self.now += timedelta(seconds=1)
        for one in writes:
            self.put(one.ref, one.fields)
        yield tuple(WriteResult(one.ref, "done") for one in writes)

    def read_back(self, refs: Sequence[RecordRef], fields: Sequence[str]) -> Mapping[RecordRef, Mapping[str, Raw]]:
        """Return what is there."""
        return {ref: {name: self.rows[ref].fields.get(name) for name in fields} for ref in refs}

    def batches(self, writes: Sequence[RecordWrite]) -> Sequence[tuple[RecordWrite, ...]]:
        """Return one batch."""
        return [tuple(writes)] if writes else []

    def forecast(self, writes: Sequence[RecordWrite]) -> Mapping[str, int]:
        """Return one call each."""
        return {"write": int(bool(writes)), "read_back": int(bool(writes))}

    def quota(self) -> Quota:
        """Return no limit."""
        return Quota(None, None)

    def spend_at_most(self, calls: int | None, why: str = "") -> None:
        """Allow any number."""

    def left(self) -> int | None:
        """Return that any number is left."""
        return None

    def time_zone(self) -> str:
        """Return UTC."""
        return "UTC"

    def calls(self) -> Mapping[str, int]:
        """Return none."""
        return {}

    def users(self) -> Sequence[User]:
        """Return nobody."""
        return ()

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """Return none."""
        del names
        return {}

    def prepare_creations(self, kinds: Collection[CreationKind]) -> None:
        """Nothing: the book makes nothing."""

    def forecast_creations(self, creations: Sequence[Creation]) -> Mapping[str, int]:
        """Return none: the book makes nothing."""
        del creations
        return {"write": 0, "read_back": 0}

    def find_created(
        self, creations: Sequence[Creation], known: Mapping[str, str] | None = None
    ) -> Mapping[str, Made]:
        """Return nothing."""
        del creations, known
        return {}

    def settling(self, creations: Sequence[Creation]) -> timedelta:
        """Return that nothing is on its way."""
        del creations
        return timedelta(0)

    def creation_batches(self, creations: Sequence[Creation]) -> Sequence[tuple[Creation, ...]]:
        """Return none."""
        del creations
        return ()

    def create(self, creations: Sequence[Creation]) -> Iterator[tuple[CreateResult, ...]]:
        """Make nothing."""
        del creations
        return iter(())

    def close_tasks(self, ids: Sequence[str]) -> Iterator[tuple[WriteResult, ...]]:
        """Close nothing."""
        del ids
        return iter(())

    def close(self) -> None:
        """Hold nothing open."""
