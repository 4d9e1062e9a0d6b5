"""Bulk API 2.0: query jobs whose result is CSV, and what ingest jobs share with them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from leadline.connectors.practice.salesforce.answers import Answer, ApiError
from leadline.connectors.practice.salesforce.calling import Call, not_found
from leadline.connectors.practice.salesforce.soql.parsing import parse
from leadline.connectors.practice.salesforce.soql.running import Outcome, run
from leadline.connectors.practice.salesforce.soql.syntax import Call as SoqlCall
from leadline.connectors.practice.salesforce.soql.syntax import Query
from leadline.connectors.practice.salesforce.values import as_csv, as_json

DELIMITERS: Final = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
ENDINGS: Final = {"LF": "\n", "CRLF": "\r\n"}
PAGE: Final = 50_000  # rows of a result page when the client does not say
CSV: Final = "text/csv; charset=UTF-8"


@dataclass(slots=True)
class Job:
    """One bulk job. ``polls`` is how often its state was asked for since the work could begin."""

    id: str
    kind: str
    operation: str
    object: str
    user: str
    created: datetime
    delimiter: str = "COMMA"
    ending: str = "LF"
    state: str = "Open"
    external: str | None = None
    error: str | None = None
    polls: int = 0
    outcome: Outcome | None = None
    upload: bytes = b""
    successful: list[list[str]] = field(default_factory=list)
    failed: list[list[str]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)


def create_query(call: Call) -> Answer:
    """Answer ``POST /jobs/query``. What bulk queries cannot do is refused."""
    body = call.mapping()
    operation = body.get("operation")
    if operation not in {"query", "queryAll"}:
        raise ApiError(400, "INVALIDJOB", "operation must be query or queryAll")
    text = body.get("query")
    query = parse(text if isinstance(text, str) else "")
    _refuse_unsupported(query)
    outcome = run(call.org.store, query, version=call.version, everything=operation == "queryAll")
    job = new_job(call, "V2Query", operation, outcome.object, body)
    job.state, job.outcome = "UploadComplete", outcome
    return Answer(body=shown(call, job))


def read_query(call: Call, identifier: str) -> Answer:
    """Answer ``GET /jobs/query/id``."""
    job = found(call, identifier, "V2Query")
    polled(call, job)
    done = len(job.outcome.records) if job.outcome and job.state == "JobComplete" else 0
    return Answer(
        body={
            **shown(call, job),
            "numberRecordsProcessed": done,
            "retries": 0,
            "totalProcessingTime": done,
            "isPkChunkingSupported": True,
        }
    )


def results(call: Call, identifier: str) -> Answer:
    """Answer ``GET /jobs/query/id/results?locator=&maxRecords=``: CSV, the next locator in ``Sforce-Locator``."""
    job = found(call, identifier, "V2Query")
    if job.state != "JobComplete" or job.outcome is None:
        raise ApiError(400, "INVALIDJOBSTATE", f"Results are not available while the job is {job.state}")
    given = (call.params.get("locator") or "0", call.params.get("maxRecords") or str(PAGE))
    if not all(text.isdecimal() for text in given) or int(given[0]) > len(job.outcome.records):
        raise ApiError(400, "INVALID_LOCATOR", "locator or maxRecords is not valid")
    begin, most = int(given[0]), max(1, int(given[1]))
    rows = job.outcome.records[begin : begin + most]
    getters = [get for _, get in job.outcome.columns]
    lines = ([as_csv(get(row)) for get in getters] for row in rows)
    body = csv_bytes(job, [name for name, _ in job.outcome.columns], lines)
    following = begin + len(rows)
    locator = str(following) if following < len(job.outcome.records) else "null"
    headers = {"Sforce-Locator": locator, "Sforce-NumberOfRecords": str(len(rows))}
    return Answer(200, body, headers, CSV)


def listed(call: Call, kind: str) -> Answer:
    """Answer ``GET /jobs/query`` and ``GET /jobs/ingest``."""
    jobs = [shown(call, job) for job in call.org.jobs.values() if job.kind == kind]
    return Answer(body={"done": True, "records": jobs, "nextRecordsUrl": None})


def abort(call: Call, identifier: str, kind: str) -> Answer:
    """Answer ``PATCH`` of a job with ``{"state": "Aborted"}``."""
    job = found(call, identifier, kind)
    if call.mapping().get("state") != "Aborted" or job.state == "JobComplete":
        raise ApiError(400, "INVALIDJOBSTATE", f"the job is {job.state} and can only be aborted before it is done")
    job.state = "Aborted"
    return Answer(body=shown(call, job))


def delete(call: Call, identifier: str, kind: str) -> Answer:
    """Answer ``DELETE`` of a job that is over: 204."""
    job = found(call, identifier, kind)
    if job.state not in {"JobComplete", "Aborted", "Failed"}:
        raise ApiError(400, "INVALIDJOBSTATE", f"a job that is {job.state} cannot be deleted")
    del call.org.jobs[job.id]
    return Answer(204)


def new_job(call: Call, kind: str, operation: str, name: str, body: Mapping[str, Any]) -> Job:
    """Register a job. Raises ApiError INVALIDJOB for formats that do not exist."""
    delimiter, ending = body.get("columnDelimiter", "COMMA"), body.get("lineEnding", "LF")
    if body.get("contentType", "CSV") != "CSV" or delimiter not in DELIMITERS or ending not in ENDINGS:
        raise ApiError(400, "INVALIDJOB", "contentType must be CSV with a known columnDelimiter and lineEnding")
    now = call.org.harness.clock.now()
    job = Job(call.org.fresh_id("750"), kind, operation, name, call.session.user, now, delimiter, ending)
    call.org.jobs[job.id] = job
    return job


def found(call: Call, identifier: str, kind: str) -> Job:
    """Return a job of that kind. Raises ApiError NOT_FOUND."""
    job = next((job for key, job in call.org.jobs.items() if identifier in {key, key[:15]}), None)
    if not isinstance(job, Job) or job.kind != kind:
        raise not_found()
    return job


def polled(call: Call, job: Job) -> None:
    """Let a job move on because its state was asked for."""
    if job.state in {"UploadComplete", "InProgress"}:
        job.polls += 1
        job.state = "JobComplete" if job.polls >= call.org.options.bulk_polls else "InProgress"


def shown(call: Call, job: Job) -> dict[str, Any]:
    """Return a job as the API shows it."""
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.user,
        "createdDate": as_json(job.created),
        "systemModstamp": as_json(job.created),
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(call.version),
        "jobType": job.kind,
        "lineEnding": job.ending,
        "columnDelimiter": job.delimiter,
    }


def csv_bytes(job: Job, header: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    """Return CSV in the job's own delimiter and line ending, every value quoted, UTF-8."""
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=DELIMITERS[job.delimiter], lineterminator=ENDINGS[job.ending], quoting=csv.QUOTE_ALL
    )
    writer.writerow(header)
    writer.writerows(lines)
    return text.getvalue().encode()


def _refuse_unsupported(query: Query) -> None:
    """Refuse what bulk queries cannot do: sub-queries, aggregates, offset."""
    calls = [item for item in query.select if not isinstance(item, Query) and isinstance(item.operand, SoqlCall)]
    children = any(isinstance(item, Query) for item in query.select)
    if children or calls or query.group or query.offset:
        message = "Bulk API query does not support aggregates, GROUP BY, OFFSET, functions or nested queries"
        raise ApiError(400, "INVALIDJOB", message)
