"""The sObject resources: one record at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadline.connectors.practice.salesforce.answers import Answer, ApiError, RecordError, SaveResult
from leadline.connectors.practice.salesforce.calling import Call, not_found
from leadline.connectors.practice.salesforce.ids import normal_id
from leadline.connectors.practice.salesforce.schema import Field, SObject
from leadline.connectors.practice.salesforce.store import Row
from leadline.connectors.practice.salesforce.values import as_json
from leadline.connectors.practice.salesforce.writing import known, saver


def create(call: Call, name: str) -> Answer:
    """Answer ``POST /sobjects/X``: 201 with the new id."""
    target, given = call.sobject(name), call.mapping()
    try:
        result = saver(call).create(target, given)
    except RecordError as error:
        raise error.whole() from None
    location = f"/services/data/v{call.version}/sobjects/{target.name}/{result.id}"
    return Answer(201, result.plain(), {"Location": location})


def read(call: Call, name: str, identifier: str) -> Answer:
    """Answer ``GET /sobjects/X/id?fields=A,B``."""
    target = call.sobject(name)
    row = _row(call, target, identifier)
    chosen = chosen_fields(target, (call.params.get("fields") or "").split(","))
    return Answer(body=shown(call, target, row, chosen or target.fields))


def update(call: Call, name: str, identifier: str) -> Answer:
    """Answer ``PATCH /sobjects/X/id``: 204."""
    target, given = call.sobject(name), call.mapping()
    known(target, given)
    try:
        saver(call).update(target, _row(call, target, identifier, deleted=True)["Id"], given)
    except RecordError as error:
        raise error.whole() from None
    return Answer(204)


def delete(call: Call, name: str, identifier: str) -> Answer:
    """Answer ``DELETE /sobjects/X/id``: 204."""
    target = call.sobject(name)
    try:
        saver(call).delete(target, _row(call, target, identifier, deleted=True)["Id"])
    except RecordError as error:
        raise error.whole() from None
    return Answer(204)


def read_external(call: Call, name: str, field: str, value: str) -> Answer:
    """Answer ``GET /sobjects/X/ExternalId__c/value``."""
    target = call.sobject(name)
    column = external(target, field)
    row = call.org.store.with_key(target.name, column.name, value)
    if row is not None and call.org.store.get(target.name, row["Id"]) is not None:
        return Answer(body=shown(call, target, row, target.fields))
    raise not_found()


def upsert(call: Call, name: str, field: str, value: str) -> Answer:
    """Answer ``PATCH /sobjects/X/ExternalId__c/value``: 201 when created, else 200 (204 before v46)."""
    target, given = call.sobject(name), call.mapping()
    column = external(target, field)
    if column.name.lower() in {key.lower() for key in given}:
        message = f"The {column.name} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message, [column.name])
    try:
        result: SaveResult = saver(call).upsert(target, column, value, given)
    except RecordError as error:
        raise error.whole() from None
    if not result.created and float(call.version) < 46:
        return Answer(204)
    return Answer(201 if result.created else 200, result.plain(upsert=True))


def external(target: SObject, name: str) -> Field:
    """Return the external id field of that name. Raises ApiError NOT_FOUND."""
    field = target.by_name.get(name.lower())
    if field is None or not (field.external_id or field.name == "Id"):
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise ApiError(404, "NOT_FOUND", message)
    return field


def chosen_fields(target: SObject, names: Sequence[str]) -> list[Field]:
    """Return the fields of those names. Raises ApiError INVALID_FIELD."""
    chosen = []
    for name in (item.strip() for item in names):
        if not name:
            continue
        known(target, {name: None})
        chosen.append(target.by_name[name.lower()])
    return chosen


def shown(call: Call, target: SObject, row: Row, fields: Sequence[Field]) -> Mapping[str, Any]:
    """Return a record as the sObject resources show it."""
    url = f"/services/data/v{call.version}/sobjects/{target.name}/{row['Id']}"
    record: dict[str, Any] = {"attributes": {"type": target.name, "url": url}}
    for field in fields:
        record[field.name] = as_json(row.get(field.name, False if field.type == "boolean" else None))
    return record


def _row(call: Call, target: SObject, identifier: str, *, deleted: bool = False) -> Row:
    wanted = normal_id(identifier)
    row = call.org.store.get(target.name, wanted) if wanted else None
    if row is None and wanted and deleted:
        row = call.org.store.latest(target.name, wanted)
    if row is None:
        raise not_found()
    if row.get("IsDeleted") and not deleted:
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", [])
    return row
