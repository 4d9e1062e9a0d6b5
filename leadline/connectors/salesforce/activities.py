"""Pulling tasks, events and campaign members. Calls: max(1, ceil(m / 2,000)) a kind, or a bulk job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from leadline.common.errors import UsageError
from leadline.common.values import Precision, RecordRef, SourceActivity
from leadline.connectors.instants import maybe_instant, read_instant
from leadline.connectors.protocol import ActivityRequest
from leadline.connectors.record_ids import full_id
from leadline.connectors.salesforce import soql
from leadline.connectors.salesforce.answers import CRM
from leadline.connectors.salesforce.bulk import BulkReader
from leadline.connectors.salesforce.client import Row, SalesforceClient
from leadline.connectors.salesforce.describing import Descriptions
from leadline.connectors.salesforce.records import pages_of, value_of, window_of

_PERSON_PREFIXES: Final = {"00Q": "Lead", "003": "Contact"}
"""Key prefixes of standard objects are the same in every organisation; WhoId may hold either."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where one kind lives; ``attributes`` and ``people`` are fields, ``when`` finds (instant, precision)."""

    source: str
    attributes: Mapping[str, str]
    people: tuple[str, ...]
    times: tuple[str, ...]
    days: tuple[str, ...]
    when: Callable[[Row], tuple[datetime, Precision]]
    others: tuple[str, ...] = ()


class ActivityPuller:
    """Pulls activities with one client."""

    def __init__(self, client: SalesforceClient, described: Descriptions, bulk: BulkReader) -> None:
        self._client = client
        self._described = described
        self._bulk = bulk

    def pages(self, request: ActivityRequest) -> Iterator[tuple[SourceActivity, ...]]:
        """Yield pages in order of (stamp, id), deleted rows included. An unknown kind is a UsageError."""
        kind = _KINDS.get(request.kind)
        if kind is None:
            raise UsageError(f"Salesforce has no activities of kind {request.kind!r}: use one of {', '.join(_KINDS)}")
        visible = self._described.visible(kind.source)
        own = (
            "Id",
            "SystemModstamp",
            "CreatedDate",
            "IsDeleted",
            *kind.people,
            *kind.times,
            *kind.days,
            *kind.others,
            *([self._client.task_key] if kind.source == "Task" else ()),
        )
        wanted = [name for name in (*own, *kind.attributes.values()) if "." in name or name in visible]
        where = _not_before(request, [name for name in kind.times if name in visible], kind, visible)
        for rows in pages_of(self._client, wanted, kind.source, window_of(request), where, self._bulk):
            # What Leadline made itself (tasks and notes, each under a key) is no news of the person.
            page = tuple(_activity(request.kind, kind, row) for row in rows if not row.get(self._client.task_key))
            oldest = request.oldest if request.since is None else None
            kept = page if oldest is None else tuple(item for item in page if item.at >= oldest)
            if kept:
                yield kept


def _not_before(request: ActivityRequest, times: list[str], kind: _Kind, visible: frozenset[str]) -> list[str]:
    """Return a condition that leaves out what certainly happened before ``oldest``; pages are filtered exactly."""
    if request.oldest is None or request.since is not None:
        return []
    edge, first_day = soql.instant(request.oldest), soql.day(request.oldest.date())
    either = [f"{name} >= {edge}" for name in (*times, "CreatedDate")]
    either += [f"{name} >= {first_day}" for name in kind.days if name in visible]
    return [f"({' OR '.join(either)})"]


def _activity(name: str, kind: _Kind, row: Row) -> SourceActivity:
    at, precision = kind.when(row)
    return SourceActivity(
        crm="salesforce",
        kind=name,
        id=full_id(str(row["Id"])),
        at=at,
        stamp=read_instant(row["SystemModstamp"], CRM),
        precision=precision,
        about=tuple(ref for field in kind.people if (ref := _person(row.get(field))) is not None),
        attributes={attribute: value_of(row, path) for attribute, path in kind.attributes.items()},
        deleted=bool(row.get("IsDeleted")),
    )


def _person(value: Any) -> RecordRef | None:
    target = _PERSON_PREFIXES.get(value[:3]) if isinstance(value, str) else None
    return RecordRef("salesforce", target, full_id(value)) if target else None


def _task_time(row: Row) -> tuple[datetime, Precision]:
    """Return when a task was completed, else its day (which has no time), else when it was made."""
    completed = maybe_instant(row.get("CompletedDateTime"))
    if completed is not None:
        return completed, "instant"
    return _day_or_created(row, "ActivityDate")


def _event_time(row: Row) -> tuple[datetime, Precision]:
    start = maybe_instant(row.get("StartDateTime"))
    if start is not None and not row.get("IsAllDayEvent"):
        return start, "instant"
    return _day_or_created(row, "ActivityDate")


def _member_time(row: Row) -> tuple[datetime, Precision]:
    """Return the day of the first response, else the instant when the member was added."""
    return _day_or_created(row, "FirstRespondedDate")


def _day_or_created(row: Row, field: str) -> tuple[datetime, Precision]:
    day = maybe_instant(row.get(field))
    return (day, "day") if day is not None else (read_instant(row.get("CreatedDate"), CRM), "instant")


_KINDS: Final[Mapping[str, _Kind]] = {
    "task": _Kind(
        source="Task",
        attributes={
            "subtype": "TaskSubtype",
            "status": "Status",
            "type": "Type",
            "subject": "Subject",
            "call_result": "CallDisposition",
        },
        people=("WhoId",),
        times=("CompletedDateTime",),
        days=("ActivityDate",),
        when=_task_time,
    ),
    "event": _Kind(
        source="Event",
        attributes={"subtype": "EventSubtype", "type": "Type", "subject": "Subject"},
        people=("WhoId",),
        times=("StartDateTime",),
        days=("ActivityDate",),
        when=_event_time,
        others=("IsAllDayEvent",),
    ),
    "campaign_member": _Kind(
        source="CampaignMember",
        attributes={
            "type": "Campaign.Type",
            "campaign": "Campaign.Name",
            "status": "Status",
            "responded": "HasResponded",
        },
        people=("LeadId", "ContactId"),
        times=(),
        days=("FirstRespondedDate",),
        when=_member_time,
    ),
}
