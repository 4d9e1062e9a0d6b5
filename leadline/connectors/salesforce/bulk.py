"""Bulk API 2.0 query jobs: very many rows in few calls. Calls: 1 + polls + ceil(n / 50,000).

Our own thin client over simple-salesforce's session: its bulk2 polls every five seconds, never signs in again and
reads the result as ISO-8859-1. A job may fail, be too slow, or not be allowed at all: then the query API reads on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from leadline.common.errors import ContractError, PermissionMissingError
from leadline.common.values import Raw
from leadline.connectors.record_ids import full_id
from leadline.connectors.salesforce.client import Row, SalesforceClient
from leadline.connectors.salesforce.describing import Descriptions
from leadline.connectors.salesforce.jobs import JobUnusableError, started

WORTH: Final = 6000
"""Rows above which a job takes fewer calls than queries of 2,000 rows: three at least, with one poll."""

ROWS_A_PAGE: Final = 50_000
"""``maxRecords`` of one result page; the default depends on the service. A page is parsed in parts of 2,000 rows."""

_WAITS: Final = (1.0, 2.0, 4.0, 8.0, *([15.0] * 10))
"""Seconds before each look at a job: three minutes in all, which is less than a lease lasts."""

_PART: Final = 2000
_COUNTED: Final = ("Lead", "Contact", "Account", "Opportunity", "Task", "Event", "CampaignMember")


class BulkReader:
    """Decides when a job is worth it, and reads by one."""

    def __init__(self, client: SalesforceClient, described: Descriptions) -> None:
        self._client = client
        self._described = described
        self._counts: dict[str, int] | None = None

    def worth(self, source: str) -> bool:
        """Say whether a full read of an object has so many rows; one call counts all objects, as describing does."""
        if self._counts is None:
            self._counts = self._counted()
        return self._counts.get(source, 0) > WORTH

    def pages(self, query: str, source: str) -> Iterator[Sequence[Row]]:
        """Yield the rows of a query, deleted ones included, as the query API gives them. Raises JobUnusableError."""
        path = self._finished(query)
        types = self._described.types(source)
        locator = ""
        while True:
            more = f"&locator={locator}" if locator else ""
            try:
                answer = self._client.raw(f"{path}/results?maxRecords={ROWS_A_PAGE}{more}", "read")
                told = answer.headers.get("sforce-numberofrecords", "")
                if not told.isdigit() or "sforce-locator" not in answer.headers:
                    raise ContractError("Salesforce answered a bulk query with something else than a result")
                yield from read_csv(answer.body, types, int(told))
            except ContractError as error:
                raise JobUnusableError(f"Salesforce gave no further part of a bulk result ({error})") from error
            locator = answer.headers["sforce-locator"]
            if locator == "null":
                return

    def _counted(self) -> dict[str, int]:
        try:
            told = self._client.get(f"limits/recordCount?sObjects={','.join(_COUNTED)}", "describe")
        except (ContractError, PermissionMissingError):
            return {}
        rows = told.get("sObjects") if isinstance(told, Mapping) else None
        return {str(row["name"]): int(row["count"]) for row in rows or () if isinstance(row, Mapping)}

    def _finished(self, query: str) -> str:
        """Create a job and return its path once it is complete."""
        with started(self._client, "query", {"operation": "queryAll", "query": query}, "read") as job:
            for _ in job.until_done(_WAITS):
                pass  # nobody waits for pages meanwhile
            return job.path


def read_csv(body: bytes, types: Mapping[str, str], expected: int) -> Iterator[Sequence[Row]]:
    """Yield the rows of a result (always UTF-8, whatever its header says) in parts, typed and nested as in JSON.

    Raises ContractError for what is no such CSV, and behind the last part where rows are lacking.
    """
    found = 0
    lines = csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8-sig", newline=""))
    try:
        header = next(lines, [])
        columns = [(name.split("."), _READERS.get(types.get(name, "string"), _text)) for name in header]
        while part := [_row(columns, values) for values in islice(lines, _PART)]:
            found += len(part)
            yield part
    except (UnicodeDecodeError, csv.Error, ArithmeticError) as error:
        raise ContractError("Salesforce answered a bulk query with what is not CSV in UTF-8") from error
    if found != expected:
        raise ContractError(f"Salesforce's bulk result broke off after {found:,} of {expected:,} rows")


def _row(columns: Sequence[tuple[list[str], Callable[[str], Raw]]], values: Sequence[str]) -> Row:
    if len(values) != len(columns):
        raise ContractError("Salesforce answered a bulk query with a row that is too short")
    row: dict[str, Any] = {}
    for (path, read), value in zip(columns, values, strict=True):
        at = row
        for step in path[:-1]:
            at = at.setdefault(step, {})
        at[path[-1]] = read(value) if value else None
    return row


def _text(value: str) -> Raw:
    return value


def _number(value: str) -> Raw:
    """Read a number as JSON would: with a fraction or an exponent it is a Decimal."""
    return int(value) if value.lstrip("-").isdigit() else Decimal(value)


def _truth(value: str) -> Raw:
    return value == "true"


def _instant(value: str) -> Raw:
    """Write ``...Z`` as REST does, so that a value looks the same however it was read."""
    return f"{value[:-1]}+0000" if value.endswith("Z") else value


def _reference(value: str) -> Raw:
    return full_id(value)


_READERS: Final[Mapping[str, Callable[[str], Raw]]] = {
    "boolean": _truth,
    "int": _number,
    "long": _number,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "datetime": _instant,
    "reference": _reference,
    "id": _reference,
}
