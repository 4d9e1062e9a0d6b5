"""Writing and reading back in the largest batches: 5 collections of 200 in one composite call, 2,000 ids a read.

More than 6,000 records of one object are written by a bulk job (``loading``).

Limits: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

from leadline.common.chunking import chunk_count, chunks
from leadline.common.errors import ContractError, LeadlineError, QuotaError
from leadline.common.values import Raw, RecordRef, RecordWrite, WriteResult
from leadline.connectors.contract import scalar
from leadline.connectors.paging import chunks_together, halves, parted
from leadline.connectors.record_ids import full_id
from leadline.connectors.retrying import TransientError
from leadline.connectors.salesforce import loading, soql
from leadline.connectors.salesforce.answers import HiddenFieldError, failed_write, write_result
from leadline.connectors.salesforce.client import SalesforceClient, part_fault
from leadline.connectors.salesforce.jobs import JobUnusableError

RECORDS_A_COLLECTION: Final = 200
COLLECTIONS_A_CALL: Final = 5
RECORDS_A_CALL: Final = RECORDS_A_COLLECTION * COLLECTIONS_A_CALL
IDS_A_READ: Final = 2000
_AN_ACCOUNT: Final = 100
"""Room for an account at the end of a job, so that keeping accounts together takes no job more."""


def batches(writes: Sequence[RecordWrite], *, loads: bool = True) -> Sequence[tuple[RecordWrite, ...]]:
    """Return what ``write`` sends at a time, object by object: very many records of one object as equal bulk jobs.

    The others come 1,000 a call, which may span objects. Without ``loads`` all of them do. Records of one account
    that stand together stay together: two requests that are at work at once never lock the same row, though the
    answer of the first was lost.
    """
    by_object: dict[str, list[RecordWrite]] = {}
    for item in writes:
        by_object.setdefault(item.ref.object, []).append(item)
    few: list[RecordWrite] = []
    jobs: list[tuple[RecordWrite, ...]] = []
    for items in by_object.values():
        if loads and len(items) > loading.WORTH:
            jobs += _jobs(items)
        else:
            few += items
    return (*jobs, *_together(few, RECORDS_A_CALL))


def _jobs(items: Sequence[RecordWrite]) -> Sequence[tuple[RecordWrite, ...]]:
    """Return equal jobs; a little unequal ones where an account would take one more."""
    parts = chunk_count(len(items), loading.MOST)
    equal = chunk_count(len(items), parts)
    found = tuple(_together(items, equal))
    return found if len(found) == parts else tuple(_together(items, min(loading.MOST, equal + _AN_ACCOUNT)))


def _together(items: Sequence[RecordWrite], size: int) -> Iterator[tuple[RecordWrite, ...]]:
    return chunks_together(items, size, attrgetter("account"))


def calls_of(sent: Sequence[Sequence[RecordWrite]]) -> int:
    """Return how many calls these batches take."""
    return sum(loading.calls(len(batch)) if len(batch) > RECORDS_A_CALL else 1 for batch in sent)


def read_back_calls(refs: Sequence[RecordRef]) -> int:
    """Return how many calls ``read_back`` makes: one for each 2,000 records of an object."""
    by_object: dict[str, set[str]] = {}
    for ref in refs:
        by_object.setdefault(ref.object, set()).add(ref.id)
    return sum(chunk_count(len(ids), IDS_A_READ) for ids in by_object.values())


def write(client: SalesforceClient, writes: Sequence[RecordWrite]) -> Generator[tuple[WriteResult, ...], None, None]:
    """Yield the results of each call, in the order of its records; an empty page while a bulk job is waited for."""
    for batch in batches(writes, loads=client.loads):
        if len(batch) > RECORDS_A_CALL:
            yield from _by_job(client, batch)
        else:
            yield tuple(_write_call(client, batch))


def _by_job(client: SalesforceClient, batch: Sequence[RecordWrite]) -> Generator[tuple[WriteResult, ...], None, None]:
    try:
        yield from loading.load(client, batch)
    except JobUnusableError:
        for part in _together(batch, RECORDS_A_CALL):
            yield tuple(_write_call(client, part))


def _write_call(client: SalesforceClient, batch: Sequence[RecordWrite]) -> Iterator[WriteResult]:
    collections = tuple(chunks(batch, RECORDS_A_COLLECTION))
    parts = [_collection(client, group, place) for place, group in enumerate(collections)]
    for group, (status, body) in zip(collections, client.composite(parts, "write"), strict=True):
        yield from _results(client, group, status, body)


def _collection(client: SalesforceClient, group: Sequence[RecordWrite], place: int) -> dict[str, Any]:
    records = [
        {"attributes": {"type": soql.name(item.ref.object)}, "id": item.ref.id, **item.fields} for item in group
    ]
    return {
        "method": "PATCH",
        "url": f"{client.data_path}/composite/sobjects",
        "referenceId": f"w{place}",
        "httpHeaders": client.write_headers,
        "body": {"allOrNone": False, "records": records},
    }


def _results(client: SalesforceClient, group: Sequence[RecordWrite], status: int, body: Any) -> Iterator[WriteResult]:
    if 200 <= status < 300:
        if not isinstance(body, list) or len(body) != len(group):
            raise ContractError("Salesforce answered a collection with another number of results")
        for item, entry in zip(group, body, strict=True):
            yield write_result(item.ref, entry)
        return
    fault = part_fault(status, body)
    parts = [group] if isinstance(fault, TransientError | QuotaError) else _parts(group, fault)
    if len(parts) == 1:
        yield from (_refused(item.ref, body, fault) for item in group)
        return
    found = {result.ref: result for part in parts for result in _write_call(client, part)}
    yield from (found[item.ref] for item in group)


def _parts(group: Sequence[RecordWrite], fault: Exception | None) -> Sequence[Sequence[RecordWrite]]:
    """Return what to send by itself after a collection was refused as a whole; one part: all of it is refused.

    A field that is hidden is so for whoever writes it; else halves are sent until one record stands alone.
    """
    if isinstance(fault, HiddenFieldError):
        return parted(group, lambda item: item.ref.object == fault.object and fault.field in item.fields)
    return halves(group)


def _refused(ref: RecordRef, body: Any, fault: Exception | None) -> WriteResult:
    first = body[0] if isinstance(body, list) and body and isinstance(body[0], Mapping) else {}
    if isinstance(fault, TransientError | QuotaError):
        return WriteResult(ref, "transient", str(first.get("errorCode") or "UNAVAILABLE"), str(fault))
    result = failed_write(ref, first or {"errorCode": "REFUSED"})
    text = str(fault) if isinstance(fault, LeadlineError) else result.message
    fields = (fault.field,) if isinstance(fault, HiddenFieldError) else result.fields
    return WriteResult(ref, result.status, result.code, text, fields)


def read_back(
    client: SalesforceClient, refs: Sequence[RecordRef], fields: Sequence[str]
) -> Mapping[RecordRef, Mapping[str, Raw]]:
    """Return present values by record; what is gone or hidden, record or field, is absent.

    POST, for a GET holds 800 ids. Each hidden field costs a call.
    """
    found: dict[RecordRef, Mapping[str, Raw]] = {}
    by_object: dict[str, dict[str, RecordRef]] = {}
    for ref in refs:
        by_object.setdefault(ref.object, {})[full_id(ref.id)] = ref
    for name, wanted in by_object.items():
        for ids in chunks(tuple(wanted), IDS_A_READ):
            rows, shown = _shown(client, name, ids, fields)
            for row in rows:
                back = wanted.get(full_id(str(row.get("Id")))) if isinstance(row, Mapping) else None
                if back is not None:
                    found[back] = {field: scalar(row.get(field)) for field in shown}
    return found


def _shown(
    client: SalesforceClient, name: str, ids: Sequence[str], fields: Sequence[str]
) -> tuple[Sequence[Any], Sequence[str]]:
    """Return the rows of these ids, and which of the fields they show: one name of a hidden field breaks it all."""
    shown = list(fields)
    while True:
        body = {"ids": list(ids), "fields": list(dict.fromkeys(("Id", *shown)))}
        try:
            rows = client.post(f"composite/sobjects/{soql.name(name)}", body, "read_back")
        except HiddenFieldError as error:
            if error.field not in shown:
                raise
            shown.remove(error.field)
            continue
        if not isinstance(rows, list):
            raise ContractError("Salesforce answered a collection without a list")
        return rows, shown
