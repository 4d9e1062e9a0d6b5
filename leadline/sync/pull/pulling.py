"""One pull: freeze every CRM's upper bound, read what changed, move the cursors with the data, join people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, func, select

from leadline.common.canonical import digest
from leadline.common.errors import OutsideError, PermissionMissingError
from leadline.common.values import CRMS, Crm, Cursor, SourceRecord
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.connectors.protocol import ActivityRequest, ReadConnector, RecordRequest
from leadline.rules.model import Book
from leadline.sync.conflicts.fighting import fight_warnings
from leadline.sync.identity import join_people
from leadline.sync.intake.counters import remember_supply
from leadline.sync.knowing import remember_denied, remember_described, shown_differently
from leadline.sync.needs import ActivityNeed, CrmNeeds, ObjectNeed, needs_of, objects_needed, rule_fields
from leadline.sync.privacy.tombstones import Tombstones
from leadline.sync.pull.authors import name_authors
from leadline.sync.pull.beginning import begin, remember_shown
from leadline.sync.pull.bounds import Bound
from leadline.sync.pull.happenings import store_activities
from leadline.sync.pull.hinted import MOST, Hinted, begin_quick, end_thorough, moved_back, thorough_from
from leadline.sync.pull.rows import hide_object, store_records
from leadline.sync.pull.upkeep import Upkeep, reconcile_ids, remember_full, reread_due
from leadline.sync.results import PullResult
from leadline.sync.store import Store
from leadline.sync.store.applying import unseen_records
from leadline.sync.store.cycles import frontier_before, set_frontier, start_cycle
from leadline.sync.store.mirror import StreamCursor, load_cursors, move_cursor
from leadline.sync.store.past import save_past
from leadline.sync.store.schema import touched

Tell = Callable[[str, int], None]
"""Called after each page with the stream and the rows read so far."""


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
        quick = hinted is not None and not hinted.thorough
        chosen = Upkeep(ids=None, calculated=None) if persons_only or quick else upkeep or Upkeep()
        notes = _Notes(tell, Tombstones.load(connection), chosen, hinted)
    for crm, described in start.described.items():
        bound = Bound(crm, cycle, start.upper[crm], described, book)
        try:
            _pull_crm(store, connectors[crm], book, bound, notes, persons_only=persons_only)
        except OutsideError as error:
            errors[crm] = error
    notes.warnings += [
        f"the book reads {crm}, which is not configured" for crm in _crms_of(book) if crm not in connectors
    ]
    with store.write() as connection:
        people = join_people(connection, cycle, book.identity)
        frontier = _frontier(connection, cycle, start.upper, complete=not errors and not persons_only)
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
        errors=dict(errors),
        described=start.described,
        incremental=frozenset(notes.incremental),
        past=notes.past,
        listed=notes.listed,
        confirmed=notes.confirmed,
    )


@dataclass(slots=True)
class _Notes:
    """What there is to tell about one pull."""

    tell: Tell | None
    erased: Tombstones
    upkeep: Upkeep
    hinted: Hinted | None = None
    incremental: set[str] = field(default_factory=set)
    past: dict[str, int] = field(default_factory=dict)
    listed: dict[str, int] = field(default_factory=dict)
    confirmed: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    news: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def quick(self) -> bool:
        """Whether what is read is bounded by seconds."""
        return self.hinted is not None and not self.hinted.thorough

    def count(self, stream: str, rows: int, news: int) -> None:
        self.rows[stream] = self.rows.get(stream, 0) + rows
        self.news[stream] = self.news.get(stream, 0) + news
        if self.tell is not None:
            self.tell(stream, self.rows[stream])


def _pull_crm(
    store: Store, connector: ReadConnector, book: Book, bound: Bound, notes: _Notes, *, persons_only: bool
) -> None:
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
        _pull_records(store, connector, book, bound, need, cursors.get(need.object), notes)
        _look_after(store, connector, bound, need, notes)
    denied: list[str] = []
    for activity in () if persons_only else needs.activities:
        cursor = cursors.get(f"activity:{activity.kind}")
        try:
            _pull_activities(store, connector, bound, activity, cursor, notes)
        except PermissionMissingError as error:
            notes.warnings.append(f"{bound.crm}: {activity.kind} activities cannot be read: {error}")
            denied.append(activity.kind)
    if not persons_only:
        with store.write() as connection:
            remember_denied(connection, bound.crm, denied)
            if not notes.quick:
                end_thorough(connection, bound.crm)


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


def _pull_records(
    store: Store,
    connector: ReadConnector,
    book: Book,
    bound: Bound,
    need: ObjectNeed,
    cursor: StreamCursor | None,
    notes: _Notes,
) -> None:
    history = notes.upkeep.history_of(book, bound.crm, need)
    shape = digest([need.fields, need.links, need.unreadable, *([history] if history else [])])
    if cursor is not None and cursor.shape != shape:
        cursor = None
    if cursor is not None and cursor.upper is not None:
        with store.read() as connection:
            cursor = None if reread_due(connection, book, bound, need, notes.upkeep) else cursor
    since = Cursor(cursor.stamp, cursor.id) if cursor else None
    complete = cursor.upper if cursor else None
    reached = since
    stream = f"{bound.crm} {need.object}"
    notes.count(stream, 0, 0)
    if history:
        notes.past.setdefault(stream, 0)
    if since is not None and not notes.quick:
        notes.incremental.add(stream)
    request = RecordRequest(need.object, need.fields, bound.upper, since, links=need.links, history=history)
    request = _quickly(request, notes)

    def by_id(ids: Sequence[str]) -> None:
        for rows in connector.reread(request, ids):
            page = _named(store, connector, book, bound, need, rows, history)
            with store.write() as connection:
                news = _store_page(connection, bound, need, page, history, notes)
            notes.count(stream, len(page), news)

    if notes.hinted is not None and since is not None:
        by_id(notes.hinted.ids(bound.crm, need.object))
    for rows in connector.records(request):
        page = _named(store, connector, book, bound, need, rows, history)
        with store.write() as connection:
            news = _store_page(connection, bound, need, page, history, notes)
            reached = _further(reached, Cursor(page[-1].stamp, page[-1].ref.id)) if page else reached
            if reached is not None:
                place = StreamCursor(reached.stamp, reached.id, complete, shape)
                move_cursor(connection, bound.crm, need.object, place, bound.cycle)
        notes.count(stream, len(page), news)
    if complete is not None:
        with store.read() as connection:
            unseen = unseen_records(connection, bound.crm, need.object, complete, MOST)
        by_id(unseen)  # what somebody did there after our write would be written over, unseen
    with store.write() as connection:
        done = StreamCursor(bound.upper, "", bound.upper, shape)
        move_cursor(connection, bound.crm, need.object, done, bound.cycle)
        if complete is None:
            remember_full(connection, bound, need.object)


Request = TypeVar("Request", RecordRequest, ActivityRequest)


def _quickly(request: Request, notes: _Notes) -> Request:
    """Return a request that looks back for seconds only, in a quick pull and where there is a cursor at all."""
    if notes.hinted is None or not notes.quick or request.since is None:
        return request
    return replace(request, look_back=notes.hinted.look_back, quick=True)


def _named(
    store: Store,
    connector: ReadConnector,
    book: Book,
    bound: Bound,
    need: ObjectNeed,
    rows: tuple[SourceRecord, ...],
    history: tuple[str, ...],
) -> tuple[SourceRecord, ...]:
    if history and bound.crm == "hubspot":
        # Who changed one of these fields last need not be who moved the stage.
        rows = tuple(replace(record, author="") for record in rows)
    return name_authors(store, connector, bound, need, book, rows)


def _store_page(
    connection: Connection,
    bound: Bound,
    need: ObjectNeed,
    page: tuple[SourceRecord, ...],
    history: tuple[str, ...],
    notes: _Notes,
) -> int:
    living = notes.erased.living(page)
    news = store_records(connection, bound, need, living)
    if history:
        stream = f"{bound.crm} {need.object}"
        changes = save_past(connection, living, bound.upper, bound.cycle)
        notes.past[stream] = notes.past.get(stream, 0) + changes
    return news


def _look_after(store: Store, connector: ReadConnector, bound: Bound, need: ObjectNeed, notes: _Notes) -> None:
    found = reconcile_ids(store, connector, bound, need, notes.upkeep)
    if found is None:
        return
    stream = f"{bound.crm} {need.object}"
    notes.listed[stream], notes.confirmed[stream] = found.listed, found.confirmed
    notes.news[stream] += found.gone
    if found.warning:
        notes.warnings.append(found.warning)


def _pull_activities(
    store: Store,
    connector: ReadConnector,
    bound: Bound,
    need: ActivityNeed,
    cursor: StreamCursor | None,
    notes: _Notes,
) -> None:
    """Pages of activities have no promised order, so the cursor moves only when all of them are stored."""
    shape = digest([need.hints, need.attributes])
    same_shape = cursor is not None and cursor.shape == shape
    since = Cursor(cursor.stamp, cursor.id) if cursor is not None and same_shape else None
    stream = f"{bound.crm} activity:{need.kind}"
    notes.count(stream, 0, 0)
    if since is not None and not notes.quick:
        notes.incremental.add(stream)
    request = ActivityRequest(need.kind, bound.upper, since, hints=need.hints, attributes=need.attributes)
    for page in connector.activities(_quickly(request, notes)):
        with store.write() as connection:
            news = store_activities(connection, bound, need.kind, notes.erased.living_activities(page))
        notes.count(stream, len(page), news)
    with store.write() as connection:
        done = StreamCursor(bound.upper, "", bound.upper, shape)
        move_cursor(connection, bound.crm, f"activity:{need.kind}", done, bound.cycle)
        remember_supply(connection, bound.crm, need.kind, bound.cycle, bound.upper)


def _further(one: Cursor | None, other: Cursor) -> Cursor:
    return other if one is None or (one.stamp, one.id) < (other.stamp, other.id) else one


def _frontier(
    connection: Connection, cycle: int, upper: Mapping[Crm, datetime], *, complete: bool
) -> datetime | None:
    """Return the smallest bound, never behind an earlier frontier; an incomplete pull lets time stand still."""
    before = frontier_before(connection, cycle)
    if not complete:
        return before
    smallest = min(upper.values())
    return smallest if before is None else max(before, smallest)


def _crms_of(book: Book) -> list[Crm]:
    named = {source.crm for item in book.sourced for source in item.sources}
    named |= {source.crm for item in book.activities.values() for source in item.sources}
    return [crm for crm in CRMS if crm in named | set(book.write)]
