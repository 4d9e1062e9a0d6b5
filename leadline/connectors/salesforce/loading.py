"""Writing very many records of one object by a Bulk API 2.0 ingest job. Calls: 3, a look or more, 1 for what failed.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0_ingest.htm
A job knows neither duplicate rule headers nor a place to stop in: `duplicates: allow` writes by calls. No assignment
rule runs, because none is named. A job that fails, is refused or is too slow is ended, and its records are written by
calls: values are absolute, so writing one twice does no harm.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Sequence
from typing import Final

from leadline.common.canonical import raw_text
from leadline.common.chunking import chunk_count
from leadline.common.errors import ContractError, PermissionMissingError
from leadline.common.values import Raw, RecordWrite, WriteResult
from leadline.connectors.record_ids import full_id
from leadline.connectors.salesforce import soql
from leadline.connectors.salesforce.answers import failed_write
from leadline.connectors.salesforce.client import SalesforceClient
from leadline.connectors.salesforce.jobs import JobUnusableError, started

WORTH: Final = 6000
"""Records of one object above which a job takes fewer calls than composite calls of 1,000 records."""

MOST: Final = 100_000
"""Records of one job. An upload may have 150 MB, base64 counted: 100,000 records of a kilobyte fit."""

_WAITS: Final = (1.0, 2.0, 4.0, 8.0, *([15.0] * 19))
"""Seconds before each look at a job: five minutes in all. Whoever writes renews their lease at each look."""

_CLEARED: Final = "#N/A"
"""An empty cell leaves a field as it is; this clears it."""


def load(client: SalesforceClient, writes: Sequence[RecordWrite]) -> Generator[tuple[WriteResult, ...], None, None]:
    """Write records of one object by one job. Yields an empty page before each look, at last the results, in order.

    Whoever stops listening ends the job. Raises JobUnusableError, and what the client raises.
    """
    body = {
        "object": soql.name(writes[0].ref.object),
        "operation": "update",
        "contentType": "CSV",
        "lineEnding": "LF",
    }
    with started(client, "ingest", body, "write") as job:
        _upload(client, job.path, writes)
        told = yield from job.until_done(_WAITS)
        if told.get("numberRecordsProcessed") != len(writes):
            raise JobUnusableError("a bulk job of Salesforce did not write all records")
        yield _results(client, job.path, writes, failed=told.get("numberRecordsFailed") != 0)


def calls(records: int) -> int:
    """Return how many calls a job takes that is done at the first look and has failures."""
    return 5 * chunk_count(records, MOST)


def _upload(client: SalesforceClient, path: str, writes: Sequence[RecordWrite]) -> None:
    try:
        client.put(f"{path}/batches", csv_of(writes), "text/csv; charset=UTF-8", "write")
        client.patch(path, {"state": "UploadComplete"}, "write")
    except (ContractError, PermissionMissingError) as error:
        raise JobUnusableError(f"Salesforce did not take the records of a bulk job ({error})") from error


def csv_of(writes: Sequence[RecordWrite]) -> bytes:
    """Return the upload: a column for each field that any record writes; a record leaves the others as they are."""
    names = sorted({name for item in writes for name in item.fields})
    out = io.StringIO(newline="")
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["Id", *names])
    for item in writes:
        lines.writerow([item.ref.id, *(_cell(item.fields[name]) if name in item.fields else "" for name in names)])
    return out.getvalue().encode()


def _cell(value: Raw) -> str:
    return raw_text(value) or _CLEARED


def _results(
    client: SalesforceClient, path: str, writes: Sequence[RecordWrite], *, failed: bool
) -> tuple[WriteResult, ...]:
    errors: dict[str, str] = {}
    if failed:
        try:
            body = client.raw(f"{path}/failedResults", "write").body
            rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
        except (ContractError, UnicodeDecodeError, csv.Error) as error:
            raise JobUnusableError("Salesforce did not say which records of a bulk job failed") from error
        errors = {full_id(str(row.get("Id"))): str(row.get("sf__Error")) for row in rows}
    return tuple(_result(item, errors.get(full_id(item.ref.id))) for item in writes)


def _result(item: RecordWrite, error: str | None) -> WriteResult:
    """Read ``CODE:message:FIELD OTHER --``; the message may hold colons, and values of the record."""
    if error is None:
        return WriteResult(item.ref, "done")
    code, _, rest = error.partition(":")
    fields = rest.rpartition(":")[2].removesuffix("--").split()
    return failed_write(item.ref, {"statusCode": code, "fields": fields})
