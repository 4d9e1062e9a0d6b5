"""``updated`` and ``deleted``: which ids changed in a span, and the limits resource."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from leadline.connectors.practice.salesforce.answers import Answer, ApiError
from leadline.connectors.practice.salesforce.calling import Call
from leadline.connectors.practice.salesforce.values import as_json, parse_instant

UPDATED_BACK: Final = timedelta(days=30)
DELETED_BACK: Final = timedelta(days=15)


def updated(call: Call, name: str) -> Answer:
    """Answer ``/sobjects/X/updated?start=&end=``: ids changed in [start, end), deleted ones left out."""
    target = call.sobject(name)
    start, end = _span(call, UPDATED_BACK)
    ids = [
        row["Id"]
        for row in call.org.store.rows(target.name)
        if start <= row["SystemModstamp"] < end and not row.get("IsDeleted")
    ]
    return Answer(body={"ids": ids, "latestDateCovered": as_json(end)})


def deleted(call: Call, name: str) -> Answer:
    """Answer ``/sobjects/X/deleted?start=&end=``: ids deleted in [start, end), merged ones among them."""
    target = call.sobject(name)
    start, end = _span(call, DELETED_BACK)
    gone = [
        {"id": row["Id"], "deletedDate": as_json(row["SystemModstamp"])}
        for row in call.org.store.rows(target.name)
        if row.get("IsDeleted") and start <= row["SystemModstamp"] < end
    ]
    earliest = min(
        (row["SystemModstamp"] for row in call.org.store.rows(target.name) if row.get("IsDeleted")), default=start
    )
    return Answer(
        body={
            "deletedRecords": gone,
            "earliestDateAvailable": as_json(earliest),
            "latestDateCovered": as_json(end),
        }
    )


def limits(call: Call) -> Answer:
    """Answer ``/limits``."""
    most = call.org.daily_limit
    return Answer(
        body={
            "DailyApiRequests": {"Max": most, "Remaining": max(0, most - call.org.used)},
            "DailyBulkV2QueryJobs": {"Max": 10000, "Remaining": 10000 - len(call.org.jobs)},
            "DailyBulkV2QueryFileStorageMB": {"Max": 976562, "Remaining": 976562},
        }
    )


def record_count(call: Call) -> Answer:
    """Answer ``/limits/recordCount?sObjects=``: about how many rows an object has, deleted ones left out."""
    named = [name for name in call.params.get("sObjects", "").split(",") if name]
    targets = [found for name in named if (found := call.org.schema.find(name)) is not None]
    counts = [
        {"count": sum(not row.get("IsDeleted") for row in call.org.store.rows(target.name)), "name": target.name}
        for target in targets
    ]
    return Answer(body={"sObjects": counts})


def _span(call: Call, back: timedelta) -> tuple[datetime, datetime]:
    start, end = (parse_instant(call.params.get(name, "").replace(" ", "+")) for name in ("start", "end"))
    if start is None or end is None:
        missing = "start" if start is None else "end"
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"{missing} is missing or not an ISO date-time")
    now = call.org.harness.clock.now()
    if start < now - back:
        message = f"startDate before org replication enabled date or more than {back.days} days ago"
        raise ApiError(400, "INVALID_REPLICATION_DATE", message)
    if end <= start or end - start < timedelta(minutes=1):
        message = "The end date must be at least one minute greater than the start date"
        raise ApiError(400, "INVALID_REPLICATION_DATE", message)
    return start, min(end, now.replace(microsecond=0) + timedelta(seconds=1))
