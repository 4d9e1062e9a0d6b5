"""The collections resources: up to 200 records in one call, each with its own result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from leadline.connectors.practice.salesforce.answers import Answer, ApiError, RecordError, SaveResult
from leadline.connectors.practice.salesforce.calling import Call
from leadline.connectors.practice.salesforce.ids import normal_id
from leadline.connectors.practice.salesforce.records import chosen_fields, external, shown
from leadline.connectors.practice.salesforce.schema import SObject
from leadline.connectors.practice.salesforce.writing import known, saver

MOST_RECORDS: Final = 200
MOST_READ: Final = 2000  # records of one retrieve by POST
ROLLED_BACK: Final = "ALL_OR_NONE_OPERATION_ROLLED_BACK"

Save = Callable[[], SaveResult]


def create(call: Call) -> Answer:
    """Answer ``POST /composite/sobjects``."""
    writes = saver(call)

    def save(target: SObject, record: Mapping[str, Any]) -> SaveResult:
        return writes.create(target, record)

    return _each(call, save)


def update(call: Call) -> Answer:
    """Answer ``PATCH /composite/sobjects``."""
    writes = saver(call)

    def save(target: SObject, record: Mapping[str, Any]) -> SaveResult:
        identifier = next((value for key, value in record.items() if key.lower() == "id"), None)
        if not isinstance(identifier, str) or not identifier:
            raise RecordError("MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
        return writes.update(target, identifier, record)

    return _each(call, save)


def upsert(call: Call, name: str, field: str) -> Answer:
    """Answer ``PATCH /composite/sobjects/X/ExternalId__c``."""
    target, writes = call.sobject(name), saver(call)
    column = external(target, field)

    def save(of: SObject, record: Mapping[str, Any]) -> SaveResult:
        if of is not target:
            raise RecordError("INVALID_ID_FIELD", "record type does not match the resource")
        value = next((item for key, item in record.items() if key.lower() == column.name.lower()), None)
        rest = {key: item for key, item in record.items() if key.lower() != column.name.lower()}
        return writes.upsert(target, column, value, rest)

    return _each(call, save, upsert=True)


def delete(call: Call) -> Answer:
    """Answer ``DELETE /composite/sobjects?ids=a,b&allOrNone=``."""
    identifiers = [item for item in (call.params.get("ids") or "").split(",") if item]
    _check_many(len(identifiers))
    writes = saver(call)

    def deletion(identifier: str) -> Save:
        def save() -> SaveResult:
            owner = call.org.schema.of_id(identifier)
            if owner is None or normal_id(identifier) is None:
                raise RecordError("MALFORMED_ID", f"malformed id {identifier}")
            return writes.delete(owner, identifier)

        return save

    all_or_none = (call.params.get("allOrNone") or "").lower() == "true"
    results = _together(call, [deletion(identifier) for identifier in identifiers], all_or_none=all_or_none)
    return Answer(body=[result.plain() for result in results])


def retrieve(call: Call, name: str) -> Answer:
    """Answer ``/composite/sobjects/X``, GET with ids and fields or POST of them: null where there is no record."""
    target = call.sobject(name)
    if call.method == "GET":
        identifiers = [item for item in (call.params.get("ids") or "").split(",") if item]
        names = (call.params.get("fields") or "").split(",")
    else:
        body = call.mapping()
        identifiers, names = _texts(body.get("ids")), _texts(body.get("fields"))
    if not identifiers or not any(names):
        raise ApiError(400, "MISSING_ARGUMENT", "ids and fields are required")
    if len(identifiers) > MOST_READ:
        raise _too_many(len(identifiers), MOST_READ)
    fields = chosen_fields(target, names)
    if "Id" not in {field.name for field in fields}:
        fields.append(target.by_name["id"])
    found = []
    for identifier in identifiers:
        row = call.org.store.get(target.name, normal_id(identifier) or "")
        found.append(None if row is None or row.get("IsDeleted") else shown(call, target, row, fields))
    return Answer(body=found)


def _each(call: Call, save: Callable[[SObject, Mapping[str, Any]], SaveResult], *, upsert: bool = False) -> Answer:
    body = call.mapping()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ApiError(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of list from the field records")
    _check_many(len(records))
    targets = [_target(call, record) for record in records]
    for target, record in zip(targets, records, strict=True):
        known(target, record)

    def saving(target: SObject, record: Mapping[str, Any]) -> Save:
        return lambda: save(target, record)

    saves = [saving(target, record) for target, record in zip(targets, records, strict=True)]
    results = _together(call, saves, all_or_none=body.get("allOrNone") is True)
    return Answer(body=[result.plain(upsert=upsert) for result in results])


def _together(call: Call, saves: Sequence[Save], *, all_or_none: bool) -> list[SaveResult]:
    """Save one after another; with ``all_or_none`` one refusal takes the others back."""
    store = call.org.store
    store.begin()
    results = []
    try:
        for save in saves:
            try:
                results.append(save())
            except RecordError as error:
                results.append(SaveResult(None, error))
    except ApiError:
        store.rollback()
        raise
    if not all_or_none or all(result.error is None for result in results):
        store.commit()
        return results
    store.rollback()
    message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    rolled_back = RecordError(ROLLED_BACK, message)
    return [result if result.error else SaveResult(None, rolled_back) for result in results]


def _target(call: Call, record: Mapping[str, Any]) -> SObject:
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    target = call.org.schema.find(name) if isinstance(name, str) else None
    if target is None:
        raise ApiError(400, "INVALID_TYPE", "Required attribute type is missing or names no known sObject")
    return target


def _check_many(count: int) -> None:
    if not count:
        raise ApiError(400, "MISSING_ARGUMENT", "records or ids are required")
    if count > MOST_RECORDS:
        raise _too_many(count, MOST_RECORDS)


def _too_many(count: int, most: int) -> ApiError:
    return ApiError(
        400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {most} records: {count}"
    )


def _texts(given: Any) -> list[str]:
    return [item for item in given if isinstance(item, str)] if isinstance(given, list) else []
