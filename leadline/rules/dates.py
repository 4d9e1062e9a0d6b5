"""Dates, instants and plain numbers as texts, read the same way in rules and from CRMs."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final


def date_text(text: str) -> date | None:
    """Return the date that ``2026-01-31`` says, None when it is none."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def datetime_text(text: str) -> datetime | None:
    """Return the UTC instant that an ISO text says: ``Z``, ``+0000`` and ``+01:00`` are read, no offset means UTC.

    A plain date is its first instant in UTC. None when it is none of these.
    """
    if not _INSTANT.fullmatch(text):
        return None
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def number_text(text: str) -> Decimal | None:
    """Return the exact number that ``0.92`` says, None when it is none."""
    return Decimal(text.strip()) if _NUMBER.fullmatch(text.strip()) else None


_NUMBER: Final = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[-+][0-9]{2}:?[0-9]{2})?)?"
)
