"""Writing and reading back, 100 records a call: https://developers.hubspot.com/docs/guides/api/crm/objects/contacts.

One bad value makes HubSpot refuse all 100, so a refused batch is halved until only the bad records fail.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from leadline.common.canonical import raw_text
from leadline.common.chunking import chunk_count, chunks
from leadline.common.values import Raw, RecordRef, RecordWrite, WriteResult
from leadline.connectors.hubspot.answers import RejectedError, part_failures, rejected_write
from leadline.connectors.hubspot.client import HubSpotClient, raw, results_of
from leadline.connectors.hubspot.names import kind_of
from leadline.connectors.hubspot.reading import RECORDS_A_CALL, read_rows


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
        if len(batch) == 1:
            yield rejected_write(batch[0].ref, error)
            return
        middle = len(batch) // 2
        yield from _write(client, batch[:middle])
        yield from _write(client, batch[middle:])
        return
    yield from _results(batch, answer)


def _results(batch: Sequence[RecordWrite], answer: Mapping[str, Any]) -> Iterator[WriteResult]:
    """Read a 200 or 207: a record that is in neither results nor errors was not confirmed, so it is tried again."""
    done = {str(row.get("id")) for row in results_of(answer, "a batch")}
    failed = part_failures(answer)
    for item in batch:
        if item.ref.id in failed:
            status, code, text, fields = failed[item.ref.id]
            yield WriteResult(item.ref, status, code, text, fields)
        elif item.ref.id in done:
            yield WriteResult(item.ref, "done")
        elif failed:
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
                found[back] = {field: values.get(field) for field in fields}
    return found
