"""When something happens in a rule test: an instant, a day, or so long after the test's start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from leadline.common.instants import read_instant
from leadline.common.values import Precision
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar
from leadline.rules.reading.durations import parsed
from leadline.rules.reading.report import Report, short

DEFAULT_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When a test begins that names no instant at all, only lengths of time."""
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""Outside, adding a window or a cool-down could leave the calendar."""


@dataclass(frozen=True, slots=True)
class When:
    """An instant (UTC) as written: ``at`` is the first instant of a day."""

    at: datetime
    precision: Precision

    @property
    def end(self) -> datetime:
        """The instant itself, or the last instant of a day."""
        return self.at if self.precision == "instant" else self.at + timedelta(days=1) - datetime.resolution


def timed_entries(report: Report, node: Node, what: str) -> tuple[Entry, ...]:
    """Return ``instant: ...`` entries in file order, from a list of mappings or from one mapping."""
    found: list[Entry] = []
    for item in report.items(node):
        if isinstance(item, MappingNode):
            found += item.entries
        else:
            report.wrong(item, f"{what} is a list of `instant: ...`", "such as `- 2026-03-02 09:00: ...`")
    return tuple(found)


def start_of(report: Report, given: Node | None, keys: list[Scalar]) -> datetime:
    """Return when a test starts: as said, else at its earliest instant; relative ones count from there."""
    if given is not None:
        read = when(report, given, None) if isinstance(given, Scalar) else None
        if not isinstance(given, Scalar):
            report.wrong(given, "`start` is an instant or a day")
        return read.at if read is not None else DEFAULT_START
    silent = Report()
    instants = [read.at for key in keys if not _relative(key) and (read := when(silent, key, None)) is not None]
    return min(instants, default=DEFAULT_START)


def when(report: Report, key: Scalar, start: datetime | None) -> When | None:
    """Return the instant that a key says; ``+30d`` is 30 days after ``start``."""
    try:
        read = _read(key, start)
    except (ValueError, OverflowError):
        read = None
    if read is None:
        hint = "write 2026-03-02 09:00 (UTC), 2026-03-02, or +30d after the start"
        report.add(key.mark, f"`{short(key.text)}` is no instant", hint, "instant")
    elif not EARLIEST <= read.at < LATEST:
        report.add(key.mark, f"`{short(key.text)}` is not between 1970 and 2199", code="out-of-range")
        return None
    return read


def _relative(key: Scalar) -> bool:
    return key.text.strip().startswith("+")


def _read(key: Scalar, start: datetime | None) -> When | None:
    text = key.text.strip()
    if not _relative(key):
        return When(*read_instant(text))
    length = parsed(text[1:].strip())
    if start is None or not isinstance(length, timedelta):
        return None
    return When(start + length, "instant")
