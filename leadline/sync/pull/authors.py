"""Who changed a written field, where the rows themselves do not say it (HubSpot's search answers name no author)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from leadline.common.values import FieldChange, Raw, RecordRef, SourceRecord
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.connectors.protocol import ReadConnector, RecordRequest
from leadline.sync.needs import ObjectNeed
from leadline.sync.plan.normal import kind_of, same
from leadline.sync.pull.bounds import Bound
from leadline.sync.pull.returning import went_back
from leadline.sync.store import Store
from leadline.sync.store.applying import verified_writes
from leadline.sync.store.mirror import MirrorRecord, load_records, load_written


def name_authors(
    store: Store, connector: ReadConnector, bound: Bound, need: ObjectNeed, page: Sequence[SourceRecord]
) -> tuple[SourceRecord, ...]:
    """Return the page with the history of each written field that changed to a value that is not ours.

    These are stages, whoever set them before, and values that we had written. Asks for their history, and only when
    there is such a row: by id, because a search index may not have the row yet that a webhook told of; one call for
    each 100 of them and one of the history for each 50. The author is the one of the stage, else of the latest
    change; what no user did (workflows, integrations) gets no author.
    """
    targets = bound.book.write.get(bound.crm)
    if bound.crm != "hubspot" or targets is None or not targets.fields_of(need.object):
        return tuple(page)
    of_people = need.object in PERSON_OBJECTS[bound.crm]
    stage = targets.stage.field if targets.stage is not None and of_people else None
    written = [field for field in targets.fields_of(need.object) if field in need.fields]
    wanted = _changed(store, bound, need, stage, written, page)
    if not wanted:
        return tuple(page)
    stamps = [record.stamp for record in page if record.ref in wanted]
    asked = tuple(sorted({field for fields in wanted.values() for field in fields}))
    request = RecordRequest(need.object, (), max(stamps), history=asked)
    histories: dict[RecordRef, tuple[FieldChange, ...]] = {}
    for rows in connector.reread(request, sorted(ref.id for ref in wanted)):
        for row in rows:
            latest = {change.field: change for change in sorted(row.history, key=lambda change: change.at)}
            histories[row.ref] = tuple(latest[field] for field in sorted(wanted.get(row.ref, ())) if field in latest)
    return tuple(_named(record, stage, histories.get(record.ref, ())) for record in page)


def _named(record: SourceRecord, stage: str | None, changes: tuple[FieldChange, ...]) -> SourceRecord:
    if not changes:
        return record
    moved = next((change for change in changes if change.field == stage), None)
    told = moved or max(changes, key=lambda change: change.at)
    return replace(record, author=told.author if told.by_user else "", history=changes)


def _changed(
    store: Store,
    bound: Bound,
    need: ObjectNeed,
    stage: str | None,
    written: Sequence[str],
    page: Sequence[SourceRecord],
) -> dict[RecordRef, set[str]]:
    """Return, by known record, the fields that differ from the mirror by a value that is not ours."""
    with store.read() as connection:
        known = load_records(connection, [record.ref for record in page if not record.deleted and not record.author])
        verified = verified_writes(connection, known)
        looked = [record for record in page if record.ref in known and _may_differ(record, known, verified, written)]
        ledger = load_written(connection, [record.ref for record in looked])
    described = bound.described[need.object].fields
    wanted: dict[RecordRef, set[str]] = {}
    for record in looked:
        old, ours = known[record.ref], ledger.get(record.ref, {})
        returned = went_back(record, old, ours, verified.get(record.ref, {}), described)
        for field in written:
            entry, now = ours.get(field), record.fields.get(field)
            if (entry is None and field != stage) or field not in described:
                continue
            if old.fields.get(field) == now and field not in returned:
                continue
            mine = entry is not None and same(now, entry.value, kind_of(described[field]), bound.crm)
            if not mine or (entry is not None and entry.settled and field == stage):
                wanted.setdefault(record.ref, set()).add(field)
    return wanted


def _may_differ(
    record: SourceRecord,
    known: Mapping[RecordRef, MirrorRecord],
    verified: Mapping[RecordRef, Mapping[str, Raw]],
    written: Sequence[str],
) -> bool:
    """Tell who must be looked at: what shows the same as before can only have returned to it from what we wrote."""
    before = known[record.ref].fields
    return record.ref in verified or any(before.get(field) != record.fields.get(field) for field in written)
