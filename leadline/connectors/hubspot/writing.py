"""Writing and reading back, 100 records a call: https://developers.hubspot.com/docs/guides/api/crm/objects/contacts.

One bad value makes HubSpot refuse all 100, so a refused batch is halved until only the bad records fail.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, Final

from leadline.common.canonical import raw_text
from leadline.common.chunking import chunk_count, chunks
from leadline.common.values import Raw, RecordRef, RecordWrite, WriteResult
from leadline.connectors.contract import scalar
from leadline.connectors.hubspot.answers import (
    OF_PROPERTY,
    OF_VALUE,
    RejectedError,
    part_failures,
    rejected_write,
    unnamed_failures,
)
from leadline.connectors.hubspot.client import HubSpotClient, raw, results_of
from leadline.connectors.hubspot.names import kind_of
from leadline.connectors.hubspot.reading import RECORDS_A_CALL, read_rows
from leadline.connectors.paging import halves, parted

_MOST_PARTS: Final = 8
"""Values by which a refused batch is parted: halving takes as many calls to find one record in a hundred."""


def batches(writes: Sequence[RecordWrite]) -> Sequence[tuple[RecordWrite, ...]]:
    """Return the calls that ``write`` makes: 100 records of one object each."""
    by_object: dict[str, list[RecordWrite]] = {}
    for item in writes:
        by_object.setdefault(item.ref.object, []).append(item)
    return tuple(batch for group in by_object.values() for batch in chunks(group, RECORDS_A_CALL))


def read_back_calls(refs: Sequence[RecordRef]) -> int:
    """Return how many calls ``read_back`` makes."""
    by_object: dict[str, set[str]] = {}
    for ref in refs:
        by_object.setdefault(ref.object, set()).add(ref.id)
    return sum(chunk_count(len(ids), RECORDS_A_CALL) for ids in by_object.values())


def write(client: HubSpotClient, writes: Sequence[RecordWrite]) -> Generator[tuple[WriteResult, ...], None, None]:
    """Yield the results of each batch, in the order of its records."""
    for batch in batches(writes):
        yield tuple(_write(client, batch))


def _write(client: HubSpotClient, batch: Sequence[RecordWrite]) -> Iterator[WriteResult]:
    path = kind_of(batch[0].ref.object).path
    inputs = [
        {"id": item.ref.id, "properties": {name: raw_text(value) for name, value in item.fields.items()}}
        for item in batch
    ]
    try:
        answer = client.call("write", lambda apis: apis.batch.update(path, {"inputs": inputs}, **raw()))
    except RejectedError as error:
        parts = _parts(batch, error)
        if len(parts) == 1:
            yield from (rejected_write(item.ref, error) for item in batch)
            return
        found = {result.ref: result for part in parts for result in _write(client, part)}
        yield from (found[item.ref] for item in batch)
        return
    yield from _results(client, batch, answer)


def _parts(batch: Sequence[RecordWrite], error: RejectedError) -> Sequence[Sequence[RecordWrite]]:
    """Return what to send by itself after a refusal; one part: all of it is refused.

    A property that is gone or read-only is so for whoever writes it, and an option that is gone for whoever writes
    it: then a few calls tell what two for each record would. Else halves are sent until one record stands alone.
    """
    if error.fields and error.code in OF_PROPERTY | OF_VALUE:
        values = error.code in OF_VALUE
        parts = parted(
            batch,
            lambda item: tuple((n, item.fields[n] if values else None) for n in error.fields if n in item.fields),
        )
        concerned = any(name in batch[0].fields for name in error.fields)
        if 1 < len(parts) <= _MOST_PARTS or (len(parts) == 1 and concerned):
            return parts
    return halves(batch)


def _results(client: HubSpotClient, batch: Sequence[RecordWrite], answer: Mapping[str, Any]) -> Iterator[WriteResult]:
    """Read a 200 or 207; what it says nothing of was not confirmed, so it is tried again.

    A 207 may refuse without a record's id, as a 400 does: what it does not name is halved until one stands alone.
    """
    rows = results_of(answer, "a batch")
    done = {str(row.get("id")) for row in rows}
    failed = part_failures(answer)
    unsaid = [item for item in batch if item.ref.id not in failed and item.ref.id not in done]
    nameless = unnamed_failures(answer)
    again: dict[RecordRef, WriteResult] = {}
    if nameless and len(batch) > 1:
        for part in halves(unsaid) if len(unsaid) == len(batch) else (unsaid,):
            again |= {result.ref: result for result in _write(client, part)} if part else {}
    for item in batch:
        if item.ref in again:
            yield again[item.ref]
        elif item.ref.id in failed or (nameless and item.ref.id not in done):
            status, code, text, fields = failed.get(item.ref.id) or nameless[0]
            yield WriteResult(item.ref, status, code, text, fields)
        elif item.ref.id in done:
            yield WriteResult(item.ref, "done")
        elif failed or len(rows) < len(batch):
            yield WriteResult(item.ref, "transient", "NOT_CONFIRMED", "HubSpot said nothing of this record")
        else:
            # A survivor of a merge answers under its new id.
            yield WriteResult(
                item.ref, "gone", "OTHER_ID", "HubSpot answered under another id: the record was merged"
            )


def read_back(
    client: HubSpotClient, refs: Sequence[RecordRef], fields: Sequence[str]
) -> Mapping[RecordRef, Mapping[str, Raw]]:
    """Return present values by record, from the records themselves; archived and merged records are absent."""
    found: dict[RecordRef, Mapping[str, Raw]] = {}
    by_object: dict[str, dict[str, RecordRef]] = {}
    for ref in refs:
        by_object.setdefault(ref.object, {})[ref.id] = ref
    for name, wanted in by_object.items():
        for row in read_rows(client, "read_back", kind_of(name), wanted, fields):
            back = wanted.get(str(row.get("id")))
            if back is not None:
                values = row.get("properties") or {}
                found[back] = {field: scalar(values.get(field)) for field in fields}
    return found
