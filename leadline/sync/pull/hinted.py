"""A quick pull soon after a CRM told of a change: what was told of by id, and what changed since the last pull.

It looks back for seconds only, and leaves archived rows out. So the next thorough pull begins where the quick ones
began, not where they ended: what came late to a search index, or was committed late, is missed by none of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from leadline.common.values import Crm, ObjectDescription, RecordRef
from leadline.sync.store.cycles import get_meta, set_meta
from leadline.sync.store.mirror import StreamCursor

LOOK_BACK: Final = timedelta(seconds=5)
"""Short, because a row that came late costs only time: what was told of is read by id, the rest comes by the look
after the last hints, or by the next thorough pull. Every cycle reads again all that changed within it.
"""

MOST: Final = 1_000
"""Records read by id in one pull: ten calls of HubSpot. What is beyond is found by its stamp."""


@dataclass(frozen=True, slots=True)
class Hinted:
    """What a pull was told of: records to read by id (HubSpot's search index may not have them yet).

    It is a quick one unless it is ``thorough``. ``described`` is what a thorough pull has just been shown of the
    objects of both CRMs; empty: they are asked.
    """

    refs: frozenset[RecordRef] = frozenset()
    look_back: timedelta = LOOK_BACK
    described: Mapping[Crm, Mapping[str, ObjectDescription]] = field(default_factory=dict)
    thorough: bool = False

    def ids(self, crm: Crm, name: str) -> tuple[str, ...]:
        """Return the ids of one object that were told of, at most ``MOST``."""
        return tuple(sorted(ref.id for ref in self.refs if (ref.crm, ref.object) == (crm, name)))[:MOST]


def begin_quick(connection: Connection, crm: Crm, cursors: Iterable[StreamCursor]) -> None:
    """Remember where the thorough pull stopped that came before the first of several quick ones."""
    complete = [cursor.upper for cursor in cursors if cursor.upper is not None]
    if complete and not get_meta(connection, _key(crm)):
        set_meta(connection, _key(crm), min(complete).isoformat())


def thorough_from(connection: Connection, crm: Crm) -> datetime | None:
    """Return from when on a thorough pull must read; None: from its cursors on, as no quick one came since."""
    told = get_meta(connection, _key(crm))
    return datetime.fromisoformat(told) if told else None


def end_thorough(connection: Connection, crm: Crm) -> None:
    """Note that a thorough pull has read everything of this CRM."""
    if get_meta(connection, _key(crm)):
        set_meta(connection, _key(crm), "")


def moved_back(cursor: StreamCursor, start: datetime | None) -> StreamCursor:
    """Return the cursor to read from where quick pulls have moved the stored one beyond ``start``."""
    return cursor if start is None or cursor.stamp <= start else replace(cursor, stamp=start, id="")


def _key(crm: Crm) -> str:
    return f"quick:{crm}"
