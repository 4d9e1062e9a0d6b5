"""The one way in which cycles under faults may end otherwise: somebody was first heard of by a later run.

Whoever comes into the lifecycle does so at the frontier of the run that first sees them (the design: effective when
seen). Where that run failed it was another one, minutes later: their first stage is dated so, and the decisions that
tell of that date have other ids. Nothing else about them may differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from leadline.sync.store import open_store
from leadline.sync.store.schema import decisions, effects, records
from tests.crash.shown import Apart

_DECISION = re.compile(r"d-[0-9a-f]{20}")


@dataclass(frozen=True)
class Lawful:
    """Who was first seen when in two worlds, where that differs: by record, and by the key of an action."""

    by_name: Mapping[str, tuple[datetime, datetime]]

    @classmethod
    def read(cls, one: str, other: str) -> Lawful:
        """Read both states by their URLs."""
        firsts = []
        for url in (one, other):
            with open_store(url) as store, store.read() as connection:
                firsts.append(dict(_first_seen(connection)))
                names = _names(connection)
        later = {
            person: (at, firsts[1][person])
            for person, at in firsts[0].items()
            if person in firsts[1] and at < firsts[1][person]
        }
        return cls({name: later[person] for name, person in names.items() if person in later})

    def allows(self, apart: Apart) -> bool:
        """Whether a difference is one of the two instants for the other, or one decision's id for another's."""
        if apart.one is None or apart.other is None:
            return False
        names = (apart.one.get("Id"), apart.one.get("Leadline_Key__c"), apart.one.get("values.leadline_key"))
        seen = next(
            (self.by_name[name.strip('"')] for name in names if name and name.strip('"') in self.by_name), None
        )
        return seen is not None and all(
            was is not None and now is not None and (_same_text(was, now) or (_instant(was), _instant(now)) == seen)
            for was, now in apart.fields.values()
        )


def _first_seen(connection: Connection) -> list[tuple[str, datetime]]:
    query = select(decisions.c.person_id, decisions.c.at).where(decisions.c.cause == "adopted")
    return [(person, at) for person, at in connection.execute(query)]


def _names(connection: Connection) -> dict[str, str]:
    """Return the person of every record, by its id, and of every action, by its key."""
    found = dict(connection.execute(select(records.c.record_id, records.c.person_id)).all())
    return {**found, **dict(connection.execute(select(effects.c.key, effects.c.person_id)).all())}


def _same_text(was: str, now: str) -> bool:
    return _DECISION.sub("", was) == _DECISION.sub("", now)


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip('"'))
    except ValueError:
        return None
