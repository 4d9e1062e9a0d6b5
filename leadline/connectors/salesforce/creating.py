"""Making tasks and notes, each once under its key, and changing memberships of campaigns.

A task is upserted by the external id field ``task_key``, so that a repeated request finds what the first one made:
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_upsert.htm
A note is a completed Task: it stands in the timeline and needs no permission beside that for tasks. ContentNote has
no external id, so a lost answer could make a second one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from leadline.common.chunking import chunk_count, chunks
from leadline.common.errors import ContractError, PermissionMissingError
from leadline.common.values import Raw, RecordRef
from leadline.connectors.protocol import CreateResult, Creation, Made
from leadline.connectors.record_ids import full_id
from leadline.connectors.salesforce import memberships, soql
from leadline.connectors.salesforce.answers import failed_write
from leadline.connectors.salesforce.client import Row, SalesforceClient, part_fault
from leadline.connectors.salesforce.writing import IDS_A_READ, RECORDS_A_CALL, RECORDS_A_COLLECTION

TASKS: Final = frozenset({"task", "note"})
KEYS_A_QUERY: Final = 200
"""Keys in one IN list: with them a query stays below the 16,384 bytes of a request line."""

_LONGEST_SUBJECT: Final = 255
_LONGEST_TEXT: Final = 32_000
_PEOPLE: Final = frozenset({"Lead", "Contact"})
_OBJECTS: Final = {"00Q": "Lead", "003": "Contact", "001": "Account", "006": "Opportunity"}


def creation_batches(creations: Sequence[Creation]) -> Sequence[tuple[Creation, ...]]:
    """Return what is sent together: 1,000 tasks and notes a call, then 200 memberships in two calls."""
    tasks = [item for item in creations if item.kind in TASKS]
    others = [item for item in creations if item.kind not in TASKS]
    return (*chunks(tasks, RECORDS_A_CALL), *memberships.batches(others))


def forecast(creations: Sequence[Creation]) -> Mapping[str, int]:
    """Return the calls of making and verifying these."""
    tasks = sum(1 for item in creations if item.kind in TASKS)
    members = memberships.batches([item for item in creations if item.kind not in TASKS])
    return {
        "write": chunk_count(tasks, RECORDS_A_CALL) + 2 * len(members),
        "read_back": chunk_count(tasks, IDS_A_READ) + len(members),
    }


def create(client: SalesforceClient, creations: Sequence[Creation]) -> Iterator[tuple[CreateResult, ...]]:
    """Yield the results of each batch. Everything here may be repeated: the organisation refuses a second one."""
    for batch in creation_batches(creations):
        if batch[0].kind in TASKS:
            yield tuple(_tasks(client, batch))
        else:
            yield memberships.change(client, batch)


def _tasks(client: SalesforceClient, batch: Sequence[Creation]) -> Iterator[CreateResult]:
    collections = tuple(chunks(batch, RECORDS_A_COLLECTION))
    parts = [
        {
            "method": "PATCH",
            "url": f"{client.data_path}/composite/sobjects/Task/{client.task_key}",
            "referenceId": f"c{place}",
            "httpHeaders": client.write_headers,
            "body": {"allOrNone": False, "records": [_record(client.task_key, item) for item in group]},
        }
        for place, group in enumerate(collections)
    ]
    for group, (status, body) in zip(collections, client.composite(parts, "write"), strict=True):
        if 200 <= status < 300:
            if not isinstance(body, list) or len(body) != len(group):
                raise ContractError("Salesforce answered a collection with another number of results")
            yield from (result_of(item.key, entry) for item, entry in zip(group, body, strict=True))
        elif status == 404:
            raise PermissionMissingError(
                f"Salesforce shows no external id field Task.{client.task_key}: create it (text, unique, external "
                "id) and grant the user access to it, or name another one under `salesforce.task_key`"
            )
        elif len(group) == 1 or status >= 500:
            # Not about one record: the user lacks access to tasks, or the organisation is not well.
            raise part_fault(status, body) or ContractError(f"Salesforce answered HTTP {status}")
        else:
            for half in (group[: len(group) // 2], group[len(group) // 2 :]):
                yield from _tasks(client, half)


def _record(key_field: str, item: Creation) -> dict[str, Any]:
    given = item.fields
    about = "WhoId" if item.ref.object in _PEOPLE else "WhatId"
    record: dict[str, Any] = {
        "attributes": {"type": "Task"},
        key_field: item.key,
        about: item.ref.id,
        "Subject": str(given.get("subject") or "Leadline")[:_LONGEST_SUBJECT],
        "Description": str(given.get("text") or "")[:_LONGEST_TEXT],
    }
    if given.get("owner"):
        record["OwnerId"] = given["owner"]
    day = given.get("at") if item.kind == "note" else given.get("due")
    if day:
        # A task has a day and no time: the day that the instant has in the zone it is written in.
        record["ActivityDate"] = str(day)[:10]
    if item.kind == "note":
        record["Status"] = "Completed"
    elif given.get("urgent"):
        record["Priority"] = "High"
    return record


def result_of(key: str, entry: Any) -> CreateResult:
    """Turn one entry of a collection's answer into a result; texts are ours."""
    told: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {}
    if told.get("success") is True:
        return CreateResult(key, "done", full_id(str(told.get("id") or "")))
    failed = failed_write(RecordRef("salesforce", "Task", ""), (told.get("errors") or [{}])[0])
    return CreateResult(key, failed.status, "", failed.code, failed.message)


def find_created(
    client: SalesforceClient, creations: Sequence[Creation], known: Mapping[str, str] | None = None
) -> Mapping[str, Made]:
    """Return what stands there by key; a task that was deleted since counts, for it was made."""
    known = known or {}
    tasks = [item for item in creations if item.kind in TASKS]
    told = {full_id(known[item.key]): item.key for item in tasks if known.get(item.key)}
    found = _by_id(client, told)
    found |= _by_key(client, [item.key for item in tasks if item.key not in found])
    return {**found, **memberships.found(client, [item for item in creations if item.kind not in TASKS])}


def _by_id(client: SalesforceClient, told: Mapping[str, str]) -> dict[str, Made]:
    found: dict[str, Made] = {}
    for ids in chunks(tuple(told), IDS_A_READ):
        body = {"ids": list(ids), "fields": ["Id", *_SHOWN]}
        rows = client.post("composite/sobjects/Task", body, "read_back")
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, Mapping):
                key = told.get(full_id(str(row.get("Id"))))
                if key is not None:
                    found[key] = _made(key, row)
    return found


_SHOWN: Final = ("OwnerId", "WhoId", "WhatId", "IsClosed")


def _by_key(client: SalesforceClient, keys: Sequence[str]) -> dict[str, Made]:
    field = client.task_key
    found: dict[str, Made] = {}
    for some in chunks(tuple(dict.fromkeys(keys)), KEYS_A_QUERY):
        wanted = ("Id", "IsDeleted", field, *_SHOWN)
        query = soql.select(wanted, "Task", [f"{soql.name(field)} IN {soql.any_of(some)}"], [])
        rows = [row for page in client.query(query, "read_back") for row in page]
        for row in sorted(rows, key=lambda row: not row.get("IsDeleted")):  # what stands goes over what is deleted
            key = str(row.get(field))
            found[key] = _made(key, row)
    return found


def _made(key: str, row: Row) -> Made:
    ends: list[Raw] = [row.get("WhoId"), row.get("WhatId")]
    about = tuple(
        RecordRef("salesforce", _OBJECTS[end[:3]], full_id(end))
        for end in ends
        if isinstance(end, str) and end[:3] in _OBJECTS
    )
    owner = row.get("OwnerId")
    return Made(
        key=key,
        remote_id=full_id(str(row.get("Id"))),
        owner=full_id(owner) if isinstance(owner, str) else None,
        about=about,
        closed=bool(row.get("IsClosed")),
    )
