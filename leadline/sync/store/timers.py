"""Rows of SLA timers: one for each run of an SLA of a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, bindparam, select, update

from leadline.common.canonical import instant_text
from leadline.common.instants import read_instant
from leadline.rules.model.slas import SlaStatus
from leadline.sync.store.batches import chunks, upsert
from leadline.sync.store.schema import timers

Pauses = tuple[tuple[datetime, datetime | None], ...]

_SAME: Final = and_(
    timers.c.person_id == bindparam("of_person"),
    timers.c.sla == bindparam("of_sla"),
    timers.c.started == bindparam("of_start"),
)


@dataclass(frozen=True, slots=True)
class TimerRow:
    """One run of an SLA; the columns of the table. ``used`` is in microseconds, ``owner`` is ``<crm>/<id>``.

    ``seen`` is the frontier of the cycle that learnt of it, ``cycle`` the last one that changed it. A ``target`` that
    is empty began and was replaced by another run between two cycles.
    """

    person_id: str
    sla: str
    started: datetime
    entered: datetime
    status: SlaStatus
    due: datetime | None
    breached: datetime | None
    ended: datetime | None
    corrected: bool
    target: str
    calendar: str
    pauses: Pauses
    used: int | None
    stage: str
    owner: str | None
    source: str | None
    seen: datetime
    cycle: int

    @property
    def key(self) -> tuple[str, str, datetime]:
        """What it is found by."""
        return self.person_id, self.sla, self.started


def any_timers(connection: Connection) -> bool:
    """Say whether there is any row."""
    return connection.execute(select(timers.c.sla).limit(1)).first() is not None


def each_timer(connection: Connection, at_once: int = 1_000) -> Iterator[TimerRow]:
    """Yield every row, by person, SLA and start; ``at_once`` rows are in memory at a time."""
    query = select(timers).order_by(timers.c.person_id, timers.c.sla, timers.c.started)
    for row in connection.execute(query.execution_options(yield_per=at_once)).mappings():
        yield _row(row)


def timers_of(connection: Connection, persons: Iterable[str]) -> dict[str, list[TimerRow]]:
    """Return the rows of persons, by SLA and start; who has none is absent."""
    found: dict[str, list[TimerRow]] = {}
    for batch in chunks(sorted(set(persons))):
        query = select(timers).where(timers.c.person_id.in_(batch)).order_by(timers.c.sla, timers.c.started)
        for row in connection.execute(query).mappings():
            found.setdefault(row["person_id"], []).append(_row(row))
    return found


def save_timers(connection: Connection, rows: Sequence[TimerRow]) -> None:
    """Store rows over those with the same key."""
    upsert(connection, timers, [_values(row) for row in rows])


def drop_timers(connection: Connection, rows: Iterable[TimerRow]) -> None:
    """Take rows away."""
    keys = [_key(row) for row in rows]
    if keys:
        connection.execute(timers.delete().where(_SAME), keys)


def move_timers(connection: Connection, joined: Mapping[str, Sequence[str]]) -> None:
    """Give the rows of persons that were joined to the person they belong to now; the same run stays once."""
    everyone = {name for elder, younger in joined.items() for name in (elder, *younger)}
    known = timers_of(connection, everyone)
    moved: list[dict[str, object]] = []
    twice: list[TimerRow] = []
    for elder, younger in joined.items():
        taken = {(row.sla, row.started) for row in known.get(elder, ())}
        for row in (row for name in younger for row in known.get(name, ())):
            if (row.sla, row.started) in taken:
                twice.append(row)
            else:
                moved.append({**_key(row), "to_person": elder})
                taken.add((row.sla, row.started))
    drop_timers(connection, twice)
    if moved:
        connection.execute(update(timers).where(_SAME).values(person_id=bindparam("to_person")), moved)


def _key(row: TimerRow) -> dict[str, object]:
    return {"of_person": row.person_id, "of_sla": row.sla, "of_start": row.started}


def _values(row: TimerRow) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(row, name) for name in TimerRow.__slots__}
    values["pauses"] = [
        [instant_text(start), None if end is None else instant_text(end)] for start, end in row.pauses
    ]
    return values


def _row(found: RowMapping) -> TimerRow:
    values: dict[str, Any] = dict(found)
    stored: list[tuple[str, str | None]] = values["pauses"]
    values["pauses"] = tuple(
        (read_instant(start)[0], None if end is None else read_instant(end)[0]) for start, end in stored
    )
    return TimerRow(**values)
