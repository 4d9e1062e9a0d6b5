"""When something happens in a rule test: an instant, a day, or so long after the test's start.

Instants without an offset, and days, are those of the book's zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from leadline.common.instants import read_instant
from leadline.common.values import Precision
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar
from leadline.rules.deciding.localdays import day_start
from leadline.rules.reading.durations import parsed
from leadline.rules.reading.report import Report, short

DEFAULT_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When a test begins that names no instant at all, only lengths of time."""
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""Outside, adding a window or a cool-down could leave the calendar."""


@dataclass(frozen=True, slots=True)
class When:
    """An instant (UTC) as written; for a day ``at`` is its first instant and ``end`` its last, else they are one."""

    at: datetime
    end: datetime
    precision: Precision


def timed_entries(report: Report, node: Node, what: str) -> tuple[Entry, ...]:
    """Return ``instant: ...`` entries in file order, from a list of mappings or from one mapping."""
    found: list[Entry] = []
    for item in report.items(node):
        if isinstance(item, MappingNode):
            found += item.entries
        else:
            report.wrong(item, f"{what} is a list of `instant: ...`", "such as `- 2026-03-02 09:00: ...`")
    return tuple(found)


def start_of(report: Report, given: Node | None, keys: list[Scalar], zone: str) -> datetime:
    """Return when a test starts: as said, else at its earliest instant; relative ones count from there."""
    if given is not None:
        read = when(report, given, None, zone) if isinstance(given, Scalar) else None
        if not isinstance(given, Scalar):
            report.wrong(given, "`start` is an instant or a day")
        return read.at if read is not None else DEFAULT_START
    silent = Report()
    instants = [read.at for key in keys if not _relative(key) and (read := when(silent, key, None, zone)) is not None]
    return min(instants, default=DEFAULT_START)


def when(report: Report, key: Scalar, start: datetime | None, zone: str) -> When | None:
    """Return the instant that a key says; ``+30d`` is 30 days after ``start``."""
    try:
        read = _read(key, start, zone)
    except (ValueError, OverflowError):
        read = None
    if read is None:
        hint = f"write 2026-03-02 09:00 ({zone}), 2026-03-02, or +30d after the start"
        report.add(key.mark, f"`{short(key.text)}` is no instant", hint, "instant")
    elif not EARLIEST <= read.at < LATEST:
        report.add(key.mark, f"`{short(key.text)}` is not between 1970 and 2199", code="out-of-range")
        return None
    return read


def told(at: datetime, zone: str) -> str:
    """Write an instant to the minute, or exactly where it is not on one, in the book's zone."""
    local = at.astimezone(ZoneInfo(zone))
    exact = f"{local:%Y-%m-%d %H:%M}" + (f":{local:%S}" if local.second or local.microsecond else "")
    return f"{exact}Z" if zone == "UTC" else f"{exact} {zone}"


def _relative(key: Scalar) -> bool:
    return key.text.strip().startswith("+")


def _read(key: Scalar, start: datetime | None, zone: str) -> When | None:
    text = key.text.strip()
    if _relative(key):
        length = parsed(text[1:].strip())
        at = start + length if start is not None and isinstance(length, timedelta) else None
        return None if at is None else When(at, at, "instant")
    at, precision = read_instant(text)
    if precision == "day":
        day = at.date()
        return When(day_start(day, zone), day_start(day + timedelta(days=1), zone) - datetime.resolution, "day")
    if datetime.fromisoformat(text).tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return When(at, at, "instant")
