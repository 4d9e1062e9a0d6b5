"""One pull: freeze every CRM's upper bound, read what changed, move the cursors with the data, join people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select

from leadline.common.canonical import instant_text
from leadline.common.errors import OutsideError, PermissionMissingError
from leadline.common.values import CRMS, Crm
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.connectors.protocol import LOOK_BACK, ReadConnector
from leadline.rules.model import Book
from leadline.sync.conflicts.fighting import fight_warnings
from leadline.sync.identity import join_people
from leadline.sync.knowing import remember_denied, remember_described, shown_differently
from leadline.sync.needs import CrmNeeds, ObjectNeed, needs_of, objects_needed, rule_fields
from leadline.sync.privacy.tombstones import Tombstones
from leadline.sync.pull.beginning import Beginning, begin, remember_shown
from leadline.sync.pull.bounds import Bound
from leadline.sync.pull.hinted import Hinted, begin_quick, end_thorough, moved_back, thorough_from
from leadline.sync.pull.notes import Notes, Tell
from leadline.sync.pull.rows import hide_object
from leadline.sync.pull.streams import pull_activities, pull_records
from leadline.sync.pull.upkeep import Upkeep, reconcile_ids
from leadline.sync.results import PullResult
from leadline.sync.store import Store
from leadline.sync.store.cycles import frontier_before, set_frontier, start_cycle
from leadline.sync.store.mirror import StreamCursor, load_cursors, move_cursor
from leadline.sync.store.schema import touched


def pull(  # noqa: PLR0913 - one keyword for each thing a run chooses
    store: Store,
    connectors: Mapping[Crm, ReadConnector],
    book: Book,
    *,
    kind: str = "pull",
    tell: Tell | None = None,
    persons_only: bool = False,
    upkeep: Upkeep | None = None,
    begun: Callable[[Mapping[Crm, datetime]], None] = lambda _: None,
    hinted: Hinted | None = None,
) -> PullResult:
    """Read what changed since the last pull from every CRM and join records into people.

    Starts a cycle (its status stays ``running``: whoever runs the cycle finishes it). A CRM that fails on the way
    keeps what it had stored, its error is in the result, and the frontier stands still. When not a single CRM
    answers, that error is raised and nothing is recorded. Raises RefusedError when a CRM is not the organisation
    this state belongs to, BookError when the book names a field that no CRM has. With ``persons_only`` just the
    records of people are refreshed, and the frontier stays where it is. ``upkeep`` is how often ids are compared and
    calculated fields read anew, daily when it is None. ``begun`` is told each CRM's upper bound before the first row.
    With ``hinted`` it is a quick one, which looks back for seconds; the next other one looks back over all of them.
    """
    start = begin(store, connectors, book, hinted.described if hinted else {})
    errors = start.errors
    begun(start.upper)
    with store.write() as connection:
        cycle = start_cycle(connection, kind, max(start.upper.values()))
    with store.read() as connection:
        notes = Notes(tell, Tombstones.load(connection), upkeep or Upkeep(), hinted)
    if persons_only or notes.quick:
        notes.upkeep = Upkeep(ids=None, calculated=None)
    for crm, described in start.described.items():
        bound = Bound(crm, cycle, start.upper[crm], described, book)
        try:
            _pull_crm(store, connectors[crm], bound, notes, persons_only=persons_only)
        except OutsideError as error:
            errors[crm] = error
    notes.warnings += [
        f"the book reads {crm}, which is not configured" for crm in _crms_of(book) if crm not in connectors
    ]
    return _joined(store, book, cycle, start, notes, whole=not errors and not persons_only)


def _pull_crm(store: Store, connector: ReadConnector, bound: Bound, notes: Notes, *, persons_only: bool) -> None:
    book = bound.book
    needs = needs_of(book, bound.crm, bound.described)
    notes.warnings += needs.warnings
    with store.write() as connection:
        remember_shown(connection, book, bound.crm, bound.described)
        notes.warnings += shown_differently(connection, book, bound.crm, bound.described)
        remember_described(connection, bound.crm, bound.described)
        for name in objects_needed(book, bound.crm):
            hidden = name not in bound.described
            if hidden and hide_object(connection, bound, name, rule_fields(book, bound.crm, name)):
                move_cursor(connection, bound.crm, name, StreamCursor(bound.upper, "", None, "hidden"), bound.cycle)
        cursors = _cursors(connection, bound.crm, needs, quick=notes.quick, persons_only=persons_only)
    for need in needs.objects:
        if persons_only and not _written(book, bound.crm, need.object):
            continue
        pull_records(store, connector, bound, need, cursors.get(need.object), notes)
        _look_after(store, connector, bound, need, notes)
    denied: list[str] = []
    for activity in () if persons_only else needs.activities:
        cursor = cursors.get(f"activity:{activity.kind}")
        try:
            pull_activities(store, connector, bound, activity, cursor, notes)
        except PermissionMissingError as error:
            notes.warnings.append(f"{bound.crm}: {activity.kind} activities cannot be read: {error}")
            denied.append(activity.kind)
    if not persons_only:
        with store.write() as connection:
            remember_denied(connection, bound.crm, denied)
            if not notes.quick:
                end_thorough(connection, bound.crm)


def _look_after(store: Store, connector: ReadConnector, bound: Bound, need: ObjectNeed, notes: Notes) -> None:
    found = reconcile_ids(store, connector, bound, need, notes.upkeep)
    if found is None:
        return
    stream = f"{bound.crm} {need.object}"
    notes.listed[stream], notes.confirmed[stream] = found.listed, found.confirmed
    notes.news[stream] += found.gone
    if found.warning:
        notes.warnings.append(found.warning)


def _cursors(
    connection: Connection, crm: Crm, needs: CrmNeeds, *, quick: bool, persons_only: bool
) -> dict[str, StreamCursor]:
    """Return where to begin in each stream."""
    found = load_cursors(connection, crm)
    if quick:
        wanted = {*(need.object for need in needs.objects), *(f"activity:{need.kind}" for need in needs.activities)}
        begin_quick(connection, crm, (cursor for stream, cursor in found.items() if stream in wanted))
    elif not persons_only:
        start = thorough_from(connection, crm)
        found = {stream: moved_back(cursor, start) for stream, cursor in found.items()}
    return found


def _written(book: Book, crm: Crm, name: str) -> bool:
    """Say whether plans write to an object: to people, and to accounts where the book names fields of theirs."""
    return name in PERSON_OBJECTS[crm] or (crm in book.write and bool(book.write[crm].fields_of(name)))


def _joined(store: Store, book: Book, cycle: int, start: Beginning, notes: Notes, *, whole: bool) -> PullResult:
    """Join people, set the frontier, and tell what was read."""
    with store.write() as connection:
        people = join_people(connection, cycle, book.identity)
        frontier = _frontier(connection, cycle, start.upper, complete=whole)
        notes.warnings += _behind(start.upper, frontier) if whole and frontier is not None else ()
        set_frontier(connection, cycle, frontier, book.hash)
        notes.warnings += fight_warnings(connection, book, max(start.upper.values()))
        waiting = connection.execute(select(func.count()).select_from(touched)).scalar_one()
    return PullResult(
        cycle=cycle,
        frontier=frontier,
        upper=start.upper,
        rows=notes.rows,
        news=notes.news,
        people=people.total,
        new_people=people.new,
        touched=waiting,
        warnings=tuple(notes.warnings),
        errors=dict(start.errors),
        described=start.described,
        incremental=frozenset(notes.incremental),
        past=notes.past,
        listed=notes.listed,
        confirmed=notes.confirmed,
    )


def _frontier(
    connection: Connection, cycle: int, upper: Mapping[Crm, datetime], *, complete: bool
) -> datetime | None:
    """Return the smallest bound, never behind an earlier frontier; an incomplete pull lets time stand still."""
    before = frontier_before(connection, cycle)
    if not complete:
        return before
    smallest = min(upper.values())
    return smallest if before is None else max(before, smallest)


def _behind(upper: Mapping[Crm, datetime], frontier: datetime) -> list[str]:
    """Tell of each CRM whose present lies before what an earlier run took for the present."""
    return [
        f"{crm} says that it is {instant_text(at)}, and said before that it was {instant_text(frontier)}: its clock, "
        "or that of a proxy before it, was wrong; nothing falls due until then, and all was read anew"
        for crm, at in upper.items()
        if at < frontier - LOOK_BACK
    ]


def _crms_of(book: Book) -> list[Crm]:
    named = {source.crm for item in book.sourced for source in item.sources}
    named |= {source.crm for item in book.activities.values() for source in item.sources}
    return [crm for crm in CRMS if crm in named | set(book.write)]
