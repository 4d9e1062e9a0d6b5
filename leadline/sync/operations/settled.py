"""Whether those whom planning takes as settled are so: compared once more as the last time, asking no CRM."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Text, select, type_coerce

from leadline.common.values import CRMS, RecordRef
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.sync.knowing import described_before
from leadline.sync.plan.records import Compared, RecordPlanner, Skipped
from leadline.sync.plan.remembering import COMPARED_BY, COMPARED_IN, compared_by
from leadline.sync.plan.stored import account_views, person_views
from leadline.sync.plan.write import PlannedWrite
from leadline.sync.store.accounts import each_account_values
from leadline.sync.store.cycles import active_book, book_sources, get_cycle, get_meta
from leadline.sync.store.outcomes import each_lifecycle
from leadline.sync.store.schema import unsettled
from leadline.sync.store.unsettled import LeftOut, accounts_since, people_since

_Place = tuple[str, RecordRef | None]


@dataclass(frozen=True, slots=True)
class Differing:
    """A person, or a record of an account of theirs, whom the next plan would pass over, and what it would miss."""

    person: str
    record: RecordRef | None
    what: str


def differing(connection: Connection) -> Iterator[Differing]:
    """Yield who is taken as settled and is not; nobody where the next plan compares everybody in any case.

    A comparison depends on the state alone (``plan.remembering`` says on what), so it is made again at the frontier
    of the last one; whoever has changed since is left to the next plan.
    """
    book, last = _active(connection), get_meta(connection, COMPARED_IN)
    cycle = get_cycle(connection, int(last)) if last is not None else None
    if book is None or cycle is None or cycle.frontier is None:
        return
    described = {crm: shown for crm in CRMS if (shown := described_before(connection, crm))}
    if get_meta(connection, COMPARED_BY) != compared_by(connection, book, described):
        return
    skipped: list[Skipped] = []
    planner = RecordPlanner(book, cycle.frontier, described, skipped.append)
    told = _told(connection)
    changed = set(people_since(connection, cycle.id, cycle.frontier))
    lives = (row for row in each_lifecycle(connection) if row.person_id not in changed)
    for person in person_views(connection, cycle.frontier, lives):
        writes = (write for record in person.records for write in planner.writes(person, record))
        yield from _missed((person.person, None), writes, skipped, told)
    yield from _accounts(connection, planner, skipped, told, cycle.id, cycle.frontier)


def _accounts(
    connection: Connection,
    planner: RecordPlanner,
    skipped: list[Skipped],
    told: Mapping[_Place, Counter[LeftOut]],
    cycle: int,
    frontier: datetime,
) -> Iterator[Differing]:
    changed = set(accounts_since(connection, cycle, frontier))
    rows = (row for row in each_account_values(connection) if row.ref not in changed)
    for account in account_views(connection, frontier, rows):
        yield from _missed((account.person, account.record.ref), planner.account_writes(account), skipped, told)


def _missed(
    place: _Place, writes: Iterable[PlannedWrite], skipped: list[Skipped], told: Mapping[_Place, Counter[LeftOut]]
) -> Iterator[Differing]:
    """Yield the first thing that a comparison finds and the state does not remember; ``skipped`` is emptied."""
    skipped.clear()
    missed = [f"{write.ref}.{write.field} would be written" for write in writes]
    found = Counter(Compared(place[0], place[1], writes=False, skipped=tuple(skipped)).left_out())
    if not missed and found != told.get(place, Counter()):
        others = sorted((found - told.get(place, Counter())) or (told.get(place, Counter()) - found))
        missed = [f"{crm} {name}: {why}: counted otherwise" for crm, name, why in others]
    if missed:
        yield Differing(*place, missed[0])


def _told(connection: Connection) -> dict[_Place, Counter[LeftOut]]:
    """Return what is remembered to be left out, by whom it is about; most rows say one of a few things."""
    said: dict[str, Counter[LeftOut]] = {}
    found: dict[_Place, Counter[LeftOut]] = {}
    places = (unsettled.c.person_id, unsettled.c.crm, unsettled.c.object, unsettled.c.record_id)
    for person, crm, name, key, text in connection.execute(select(*places, type_coerce(unsettled.c.left_out, Text))):
        if text not in said:
            said[text] = Counter({(crm, name, why): count for crm, name, why, count in json.loads(text)})
        found[person, RecordRef(crm, name, key) if crm else None] = said[text]
    return found


def _active(connection: Connection) -> Book | None:
    active = active_book(connection)
    sources = book_sources(connection, active) if active is not None else None
    return read_book(sources) if sources is not None else None
