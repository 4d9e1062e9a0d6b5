"""Who was adopted without writing: nothing is written about them until their stage or a grade changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from leadline.rules.deciding import decision_from_json
from leadline.sync.plan.desired import basis_of
from leadline.sync.store.batches import chunks
from leadline.sync.store.cycles import get_meta, set_meta
from leadline.sync.store.schema import decisions, persons

QUIETLY: Final = "adopted_quietly"
"""The key under which the state keeps the cycle that was adopted without writing."""


def adopt_quietly(connection: Connection, cycle: int) -> None:
    """Note that everybody who is known at this cycle is left as the CRMs show them."""
    set_meta(connection, QUIETLY, str(cycle))


def quiet_people(connection: Connection, people: Sequence[str]) -> frozenset[str]:
    """Return which of these people are still as they were adopted."""
    since = get_meta(connection, QUIETLY)
    if since is None:
        return frozenset()
    quiet: set[str] = set()
    for batch in chunks(people):
        known = select(persons.c.id).where(persons.c.id.in_(batch), persons.c.created_cycle <= int(since))
        quiet |= set(connection.execute(known).scalars())
        later = decisions.c.person_id.in_(batch) & (decisions.c.cycle > int(since))
        query = select(decisions.c.person_id, decisions.c.body).where(later)
        for person, body in connection.execute(query):
            if person in quiet:
                made = decision_from_json(body)
                if made.before is None or basis_of(made.before) != basis_of(made.after):
                    quiet.discard(person)
    return frozenset(quiet)
