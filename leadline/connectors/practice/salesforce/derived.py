"""What Salesforce itself fills in when a row is written: names, closed marks, response dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from leadline.connectors.practice.salesforce.seeding import PROBABILITY

RESPONDED: Final = frozenset({"Responded", "Attended", "Registered"})


def derive(name: str, row: dict[str, Any], now: datetime) -> None:
    """Set the fields of ``row`` that follow from others, for an object called ``name``."""
    derivation = _DERIVATIONS.get(name)
    if derivation is not None:
        derivation(row, now)


def _person(row: dict[str, Any], _: datetime) -> None:
    row["Name"] = f"{row.get('FirstName') or ''} {row.get('LastName') or ''}".strip()


def _opportunity(row: dict[str, Any], _: datetime) -> None:
    stage = row.get("StageName") or ""
    row["IsClosed"] = stage.startswith("Closed")
    row["IsWon"] = stage == "Closed Won"
    row["Probability"] = float(PROBABILITY.get(stage, row.get("Probability") or 0))


def _task(row: dict[str, Any], now: datetime) -> None:
    row["IsClosed"] = row.get("Status") == "Completed"
    row.setdefault("TaskSubtype", "Task")
    if row["IsClosed"]:
        row.setdefault("CompletedDateTime", now)
    else:
        row.pop("CompletedDateTime", None)


def _event(row: dict[str, Any], _: datetime) -> None:
    start = row.get("StartDateTime") or row.get("ActivityDateTime")
    if start is None:
        return
    minutes = row.get("DurationInMinutes")
    row["StartDateTime"] = row["ActivityDateTime"] = start
    row["ActivityDate"] = start.date()
    row["EndDateTime"] = row.get("EndDateTime") or start + timedelta(minutes=minutes or 60)
    row["DurationInMinutes"] = int((row["EndDateTime"] - start).total_seconds() // 60)
    row.setdefault("EventSubtype", "Event")


def _member(row: dict[str, Any], now: datetime) -> None:
    row["HasResponded"] = row.get("Status") in RESPONDED
    row["Type"] = "Contact" if row.get("ContactId") else "Lead"
    row["LeadOrContactId"] = row.get("ContactId") or row.get("LeadId")
    if row["HasResponded"]:
        row.setdefault("FirstRespondedDate", now.date())


_DERIVATIONS: Final[Mapping[str, Callable[[dict[str, Any], datetime], None]]] = {
    "Lead": _person,
    "Contact": _person,
    "User": _person,
    "Opportunity": _opportunity,
    "Task": _task,
    "Event": _event,
    "CampaignMember": _member,
}
