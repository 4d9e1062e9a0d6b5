"""Where people stand under the candidate book that runs beside the live one; no CRM ever gets anything of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, or_, select

from leadline.sync.store.batches import chunks, upsert
from leadline.sync.store.outcomes import LifecycleRow
from leadline.sync.store.schema import lifecycle, persons, shadow_lifecycle

_COLUMNS = tuple(column.name for column in shadow_lifecycle.columns)


def load_shadow(connection: Connection, person_ids: Iterable[str]) -> dict[str, LifecycleRow]:
    """Return these persons' shadow rows."""
    found: dict[str, LifecycleRow] = {}
    for batch in chunks(sorted(set(person_ids))):
        own = shadow_lifecycle.c.person_id.in_(batch)
        for row in connection.execute(select(shadow_lifecycle).where(own)).mappings():
            found[row["person_id"]] = LifecycleRow(**row)
    return found


def save_shadow(connection: Connection, rows: Sequence[LifecycleRow]) -> None:
    """Store shadow rows."""
    upsert(connection, shadow_lifecycle, [{name: getattr(row, name) for name in _COLUMNS} for row in rows])


def drop_shadow(connection: Connection, person_ids: Iterable[str]) -> None:
    """Forget the shadow rows of these persons."""
    for batch in chunks(sorted(set(person_ids))):
        connection.execute(shadow_lifecycle.delete().where(shadow_lifecycle.c.person_id.in_(batch)))


def clear_shadow(connection: Connection) -> None:
    """Forget every shadow row."""
    connection.execute(shadow_lifecycle.delete())


def behind(connection: Connection, frontier: datetime) -> list[str]:
    """Return whose shadow is missing, older than their live row, or due by ``frontier``, sorted."""
    mine = shadow_lifecycle.c
    both = lifecycle.outerjoin(shadow_lifecycle, mine.person_id == lifecycle.c.person_id)
    late = or_(mine.person_id.is_(None), lifecycle.c.cycle > mine.cycle, mine.next_change <= frontier)
    query = select(lifecycle.c.person_id).select_from(both).where(late).order_by(lifecycle.c.person_id)
    return list(connection.execute(query).scalars())


def gone(connection: Connection) -> dict[str, str | None]:
    """Return the shadows of persons that have no live row any more, and whom they were joined into, if anybody."""
    mine = shadow_lifecycle.c
    both = shadow_lifecycle.outerjoin(lifecycle, mine.person_id == lifecycle.c.person_id)
    both = both.outerjoin(persons, persons.c.id == mine.person_id)
    query = select(mine.person_id, persons.c.alias_of).select_from(both).where(lifecycle.c.person_id.is_(None))
    return {row[0]: row[1] for row in connection.execute(query.order_by(mine.person_id))}
