"""One stream of one CRM in one pull: the records of an object, or the activities of a kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection

from leadline.common.canonical import digest
from leadline.common.values import Cursor, SourceRecord
from leadline.connectors.protocol import LOOK_BACK, ActivityRequest, ReadConnector, RecordRequest
from leadline.sync.intake.counters import remember_supply
from leadline.sync.needs import ActivityNeed, ObjectNeed
from leadline.sync.pull.authors import name_authors
from leadline.sync.pull.bounds import Bound
from leadline.sync.pull.happenings import store_activities
from leadline.sync.pull.hinted import MOST
from leadline.sync.pull.notes import Notes
from leadline.sync.pull.rows import store_records
from leadline.sync.pull.upkeep import remember_full, reread_due
from leadline.sync.store import Store
from leadline.sync.store.applying import unseen_records
from leadline.sync.store.mirror import StreamCursor, move_cursor
from leadline.sync.store.past import save_past

Request = TypeVar("Request", RecordRequest, ActivityRequest)


def pull_records(
    store: Store,
    connector: ReadConnector,
    bound: Bound,
    need: ObjectNeed,
    cursor: StreamCursor | None,
    notes: Notes,
) -> None:
    """Store what changed of one object, then what the CRM's index has not shown yet; the cursor moves with each page.

    All of it is read anew where what is asked for is another than before, where a full read is due, or where the
    CRM's clock was ahead when it was read last.
    """
    history = notes.upkeep.history_of(bound, need)
    shape = digest([need.fields, need.links, need.unreadable, *([history] if history else [])])
    if cursor is not None and (cursor.shape != shape or _before(bound, cursor)):
        cursor = None
    if cursor is not None and cursor.upper is not None:
        with store.read() as connection:
            cursor = None if reread_due(connection, bound, need, notes.upkeep) else cursor
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
            page = _named(store, connector, bound, need, rows, history)
            with store.write() as connection:
                news = _store_page(connection, bound, need, page, history, notes)
            notes.count(stream, len(page), news)

    if notes.hinted is not None and since is not None:
        by_id(notes.hinted.ids(bound.crm, need.object))
    for rows in connector.records(request):
        page = _named(store, connector, bound, need, rows, history)
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


def pull_activities(
    store: Store,
    connector: ReadConnector,
    bound: Bound,
    need: ActivityNeed,
    cursor: StreamCursor | None,
    notes: Notes,
) -> None:
    """Pages of activities have no promised order, so the cursor moves only when all of them are stored."""
    shape = digest([need.hints, need.attributes])
    same_shape = cursor is not None and cursor.shape == shape
    known = cursor is not None and same_shape and not _before(bound, cursor)
    since = Cursor(cursor.stamp, cursor.id) if cursor is not None and known else None
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


def _before(bound: Bound, cursor: StreamCursor) -> bool:
    """Tell whether the CRM's present lies so far before a cursor that no look-back reaches it.

    Its Date header was ahead then: what changed between that pull and now is behind the cursor, unread.
    """
    return bound.upper < cursor.stamp - LOOK_BACK


def _quickly(request: Request, notes: Notes) -> Request:
    """Return a request that looks back for seconds only, in a quick pull and where there is a cursor at all."""
    if notes.hinted is None or not notes.quick or request.since is None:
        return request
    return replace(request, look_back=notes.hinted.look_back, quick=True)


def _named(
    store: Store,
    connector: ReadConnector,
    bound: Bound,
    need: ObjectNeed,
    rows: tuple[SourceRecord, ...],
    history: tuple[str, ...],
) -> tuple[SourceRecord, ...]:
    if history and bound.crm == "hubspot":
        # Who changed one of these fields last need not be who moved the stage.
        rows = tuple(replace(record, author="") for record in rows)
    return name_authors(store, connector, bound, need, rows)


def _store_page(
    connection: Connection,
    bound: Bound,
    need: ObjectNeed,
    page: tuple[SourceRecord, ...],
    history: tuple[str, ...],
    notes: Notes,
) -> int:
    living = notes.erased.living(page)
    news = store_records(connection, bound, need, living)
    if history:
        stream = f"{bound.crm} {need.object}"
        changes = save_past(connection, living, bound.upper, bound.cycle)
        notes.past[stream] = notes.past.get(stream, 0) + changes
    return news


def _further(one: Cursor | None, other: Cursor) -> Cursor:
    return other if one is None or (one.stamp, one.id) < (other.stamp, other.id) else one
