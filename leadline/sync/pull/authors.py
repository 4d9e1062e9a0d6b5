"""Who changed a stage, where the rows themselves do not say it (HubSpot's search answers name no author)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from leadline.common.values import Cursor, RecordRef, SourceRecord
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.connectors.protocol import ReadConnector, RecordRequest
from leadline.rules.model import Book
from leadline.sync.needs import ObjectNeed
from leadline.sync.plan.normal import kind_of, same
from leadline.sync.pull.bounds import Bound
from leadline.sync.pull.returning import went_back
from leadline.sync.store import Store
from leadline.sync.store.applying import verified_writes
from leadline.sync.store.mirror import load_records, load_written

_BEFORE = timedelta(milliseconds=1)
"""HubSpot's stamps are whole milliseconds; a window leaves out its own beginning."""


def name_authors(
    store: Store, connector: ReadConnector, bound: Bound, need: ObjectNeed, book: Book, page: Sequence[SourceRecord]
) -> tuple[SourceRecord, ...]:
    """Return the page with the author of each stage that changed and that we did not write.

    Asks for the stage's history, and only when there is such a row: at most one search and one history read for
    each 50 rows between the first and the last of them. What no user did (workflows, integrations) gets no author.
    """
    field = _stage_field(book, bound, need)
    if field is None:
        return tuple(page)
    wanted = _changed(store, bound, need, field, page)
    if not wanted:
        return tuple(page)
    stamps = [record.stamp for record in page if record.ref in wanted]
    since = Cursor(min(stamps) - _BEFORE)
    request = RecordRequest(need.object, (), max(stamps), since, timedelta(0), history=(field,))
    authors: dict[RecordRef, str] = {}
    for rows in connector.records(request):
        for row in rows:
            changes = [change for change in row.history if change.field == field]
            if changes:
                latest = max(changes, key=lambda change: change.at)
                authors[row.ref] = latest.author if latest.by_user else ""
    return tuple(
        replace(record, author=authors.get(record.ref, "")) if record.ref in wanted else record for record in page
    )


def _stage_field(book: Book, bound: Bound, need: ObjectNeed) -> str | None:
    targets = book.write.get(bound.crm)
    if bound.crm != "hubspot" or targets is None or targets.stage is None:
        return None
    field = targets.stage.field
    return field if need.object in PERSON_OBJECTS[bound.crm] and field in need.fields else None


def _changed(
    store: Store, bound: Bound, need: ObjectNeed, field: str, page: Sequence[SourceRecord]
) -> set[RecordRef]:
    """Return the known records whose stage field differs from the mirror by a value that is not ours."""
    with store.read() as connection:
        known = load_records(connection, [record.ref for record in page if not record.deleted and not record.author])
        ledger = load_written(connection, known)
        verified = verified_writes(connection, known)
    described = bound.described[need.object].fields
    kind = kind_of(described[field])

    def differs(record: SourceRecord) -> bool:
        old, ours = known[record.ref], ledger.get(record.ref, {})
        moved = old.fields.get(field) != record.fields.get(field)
        return moved or field in went_back(record, old, ours, verified.get(record.ref, {}), described)

    differing = [record for record in page if record.ref in known and differs(record)]
    wanted: set[RecordRef] = set()
    for record in differing:
        ours = ledger.get(record.ref, {}).get(field)
        if ours is None or ours.settled or not same(record.fields.get(field), ours.value, kind, bound.crm):
            wanted.add(record.ref)
    return wanted
