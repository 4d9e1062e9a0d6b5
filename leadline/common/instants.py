"""Instants as people write them on a command line or in a file."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from leadline.common.errors import UsageError
from leadline.common.values import Precision

FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Beyond these an instant to settle at is a slip of the pen, and windows around it would leave the calendar."""


def read_instant(text: str) -> tuple[datetime, Precision]:
    """Read an ISO 8601 instant or day; without a zone it is UTC.

    A day alone (``2026-06-30``) is its first instant with day precision. Raises ValueError with a readable text.
    """
    stripped = text.strip()
    try:
        day = date.fromisoformat(stripped)
    except ValueError:
        pass
    else:
        return datetime.combine(day, time(), tzinfo=UTC), "day"
    try:
        at = datetime.fromisoformat(stripped)
    except ValueError as error:
        raise ValueError(f"not an ISO 8601 instant such as 2026-06-30T16:00:00Z: {stripped[:40]!r}") from error
    try:
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)), "instant"
    except OverflowError as error:
        raise ValueError(f"an instant outside the years 1 to 9999: {stripped[:40]!r}") from error


def require_plausible(at: datetime, option: str) -> None:
    """Raise UsageError, naming the command's option, for an instant that nobody can mean."""
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise UsageError(f"{option} lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
