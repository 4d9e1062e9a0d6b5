"""Bulk API 2.0 ingest jobs: CSV up, one result for each row down."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, Final

from leadline.connectors.practice.salesforce import bulk
from leadline.connectors.practice.salesforce.answers import Answer, ApiError, RecordError, SaveResult
from leadline.connectors.practice.salesforce.bulk import CSV, DELIMITERS, Job
from leadline.connectors.practice.salesforce.calling import Call
from leadline.connectors.practice.salesforce.records import external
from leadline.connectors.practice.salesforce.schema import SObject
from leadline.connectors.practice.salesforce.writing import Saver, saver

OPERATIONS: Final = ("insert", "update", "upsert", "delete", "hardDelete")
LARGEST: Final = 150_000_000  # bytes of one job's upload
KIND: Final = "V2Ingest"
CLEARED: Final = "#N/A"


def create(call: Call) -> Answer:
    """Answer ``POST /jobs/ingest``: an open job that waits for its CSV."""
    body = call.mapping()
    operation = body.get("operation")
    if operation not in OPERATIONS:
        raise ApiError(400, "INVALIDJOB", f"operation must be one of {', '.join(OPERATIONS)}")
    target = call.org.schema.find(str(body.get("object")))
    if target is None:
        raise ApiError(400, "INVALIDENTITY", f"Unable to find object: {body.get('object')}")
    job = bulk.new_job(call, KIND, operation, target.name, body)
    if operation == "upsert":
        job.external = external(target, str(body.get("externalIdFieldName") or "")).name
    return Answer(body=_shown(call, job))


def upload(call: Call, identifier: str) -> Answer:
    """Answer ``PUT /jobs/ingest/id/batches``: 201."""
    job = bulk.found(call, identifier, KIND)
    if job.state != "Open" or job.upload:
        raise ApiError(400, "INVALIDJOBSTATE", f"the job is {job.state} and takes one upload while it is Open")
    if len(call.body) > LARGEST:
        raise ApiError(400, "INVALIDJOB", "the upload is larger than 150 MB")
    job.upload = call.body
    return Answer(201)


def change(call: Call, identifier: str) -> Answer:
    """Answer ``PATCH /jobs/ingest/id``: UploadComplete starts the work, Aborted ends it."""
    job = bulk.found(call, identifier, KIND)
    state = call.mapping().get("state")
    if state == "Aborted":
        return bulk.abort(call, identifier, KIND)
    if state != "UploadComplete" or job.state != "Open":
        raise ApiError(400, "INVALIDJOBSTATE", f"the job is {job.state} and cannot become {state}")
    job.state = "UploadComplete"
    _load(call, job)
    return Answer(body=_shown(call, job))


def read(call: Call, identifier: str) -> Answer:
    """Answer ``GET /jobs/ingest/id``."""
    job = bulk.found(call, identifier, KIND)
    bulk.polled(call, job)
    complete = job.state == "JobComplete"
    counts = {
        "numberRecordsProcessed": len(job.successful) + len(job.failed) if complete else 0,
        "numberRecordsFailed": len(job.failed) if complete else 0,
        "retries": 0,
        "totalProcessingTime": len(job.successful),
    }
    return Answer(body={**_shown(call, job), **counts, **({"errorMessage": job.error} if job.error else {})})


def successful(call: Call, identifier: str) -> Answer:
    """Answer ``successfulResults``: the id, whether it was created, and the row as it was sent."""
    job = _over(call, identifier)
    return _csv(job, ["sf__Id", "sf__Created", *job.columns], job.successful)


def failed(call: Call, identifier: str) -> Answer:
    """Answer ``failedResults``: ``CODE:message:fields --`` and the row as it was sent."""
    job = _over(call, identifier)
    return _csv(job, ["sf__Id", "sf__Error", *job.columns], job.failed)


def unprocessed(call: Call, identifier: str) -> Answer:
    """Answer ``unprocessedrecords``: nothing, because every row gets a result here unless the job failed."""
    job = _over(call, identifier)
    return _csv(job, job.columns, [])


def _load(call: Call, job: Job) -> None:
    try:
        text = job.upload.decode("utf-8-sig")
    except UnicodeDecodeError:
        _fail(job, "InvalidBatch : the upload is not UTF-8")
        return
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[job.delimiter]) if row]
    target = call.org.schema.objects[job.object]
    if not rows:
        _fail(job, "InvalidBatch : the upload has no header")
        return
    job.columns, data = rows[0], rows[1:]
    unknown = [name for name in job.columns if name.lower() not in target.by_name]
    if unknown:
        _fail(job, f"InvalidBatch : Field name not found : {unknown[0]}")
        return
    writes = saver(call)
    for row in data:
        padded = [*row, *[""] * (len(job.columns) - len(row))][: len(job.columns)]
        try:
            result = _save(writes, job, target, dict(zip(job.columns, padded, strict=True)))
        except (RecordError, ApiError) as error:
            fields = " ".join(error.fields or ())
            job.failed.append(["", f"{error.code}:{error}:{fields} --", *padded])
        else:
            job.successful.append([result.id or "", "true" if result.created else "false", *padded])


def _save(writes: Saver, job: Job, target: SObject, row: dict[str, str]) -> SaveResult:
    """Save one row: an empty value leaves a field as it is, ``#N/A`` clears it."""
    given: dict[str, Any] = {n: None if value == CLEARED else value for n, value in row.items() if value != ""}
    identifier = next((value for name, value in given.items() if name.lower() == "id"), None)
    if job.operation in {"delete", "hardDelete"}:
        result = writes.delete(target, identifier or "")
        if job.operation == "hardDelete" and result.id:
            writes.org.store.remove(target.name, result.id)
        return result
    if job.operation == "update":
        return writes.update(target, identifier or "", given)
    if job.operation == "upsert" and job.external:
        wanted = job.external.lower()
        value = next((item for name, item in given.items() if name.lower() == wanted), None)
        rest = {name: item for name, item in given.items() if name.lower() != wanted}
        return writes.upsert(target, target.by_name[wanted], value, rest)
    return writes.create(target, given)


def _fail(job: Job, why: str) -> None:
    job.state, job.error = "Failed", why


def _over(call: Call, identifier: str) -> Job:
    job = bulk.found(call, identifier, KIND)
    if job.state not in {"JobComplete", "Failed", "Aborted"}:
        raise ApiError(400, "INVALIDJOBSTATE", f"Results are not available while the job is {job.state}")
    return job


def _csv(job: Job, header: list[str], lines: Iterable[list[str]]) -> Answer:
    return Answer(200, bulk.csv_bytes(job, header, lines), media=CSV)


def _shown(call: Call, job: Job) -> dict[str, Any]:
    content = f"services/data/v{call.version}/jobs/ingest/{job.id}/batches"
    extra = {"externalIdFieldName": job.external} if job.external else {}
    return {**bulk.shown(call, job), **extra, "contentUrl": content}
