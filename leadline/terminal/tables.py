"""Small helpers for text: tables that read the same in a terminal and in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from leadline.terminal.printable import printable

if TYPE_CHECKING:
    from rich.table import Table


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()) -> Table:
    """Return a plain table; ``right`` names the columns (from 0) that hold numbers. None prints as a dash."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(columns):
        drawn.add_column(name, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(escape(printable(cell(value))) for value in row))
    return drawn


def cell(value: object) -> str:
    """Write one value: instants to the minute in UTC, numbers grouped, nothing as a dash."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}Z"
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)


def duration(span: timedelta) -> str:
    """Write a span in its two largest units: ``12d 4h``, ``3h 20m``, ``45s``."""
    seconds = int(span.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    parts = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return sign + " ".join(parts[:2]) if parts else "0s"


def percent(part: int, whole: int) -> str:
    """Write a share with one decimal, or a dash when there is nothing to share."""
    return f"{100 * part / whole:.1f} %" if whole else "-"
