"""What every report consists of, and how it is printed and given to machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from leadline.common.canonical import plain
from leadline.common.stats import Share
from leadline.sync.reports.lives import Basis
from leadline.terminal.tables import cell, percent, table

if TYPE_CHECKING:
    from rich.console import Console

NOBODY_YET: Final = "Nobody was decided on yet. `leadline plan -o plan.json` makes the first plan; apply it."
_DRAWN: Final = frozenset({"float", "Curve"})
"""Fields of these types are for charts, and left out for machines: they have no exact form."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. ``key`` names its chart for a page; ``numbers`` are the columns (from 0) that hold numbers."""

    key: str
    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    numbers: Sequence[int] = ()
    said: str = ""
    deep: bool = False
    """Only a page has room for it."""


@dataclass(frozen=True, slots=True)
class Told:
    """One report: what it is about, what it stands on, what it found, its tables, and what its words mean."""

    title: str
    basis: str
    findings: Sequence[str]
    sheets: Sequence[Sheet]
    definitions: Sequence[str]


def render_told(console: Console, told: Told) -> None:
    """Print a report; what its words mean comes last."""
    for sheet in told.sheets:
        if not sheet.rows or sheet.deep:
            continue
        console.print(f"\n{sheet.heading}", markup=False)
        console.print(table(sheet.columns, sheet.rows, right=tuple(sheet.numbers)))
    for line in (*told.findings, told.basis):
        console.print(line, markup=False)
    for line in told.definitions:
        console.print(f"- {line}", markup=False, style="dim")


def nobody_yet(title: str) -> Told:
    """Return what a report says where nobody was decided on yet: tables of zeros would hide that."""
    return Told(title, NOBODY_YET, [], [], [])


def basis_line(basis: Basis) -> str:
    """Say what a report stands on."""
    if basis.frontier is None:
        return NOBODY_YET
    began = f" A rule book is active since {cell(basis.began)}." if basis.began is not None else ""
    return (
        f"As of {cell(basis.frontier)}, the last evaluation.{began} Instants are UTC; weeks begin on Monday,"
        f" {basis.zone} time."
    )


def share_cells(share: Share) -> tuple[str | None, str | None]:
    """Write a share and its 95 % interval as percentages; None where there is nothing to share."""
    if share.share is None or share.low is None or share.high is None:
        return None, None
    return percent(share.part, share.whole), f"{100 * share.low:.1f} to {100 * share.high:.1f} %"


def span_cells(low: timedelta | None, high: timedelta | None) -> str | None:
    """Write an interval of spans, whose end may not be known yet."""
    return None if low is None else f"{cell(low)} to {cell(high) if high is not None else '?'}"


def for_machines(found: Any) -> Any:
    """Turn a report into JSON types: spans are whole seconds under ``<name>_seconds``, shares decimals of 0 to 1."""
    if is_dataclass(found) and not isinstance(found, type):
        return dict(_named(found))
    if isinstance(found, Mapping):
        return {str(key): for_machines(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [for_machines(item) for item in found]
    return plain(found)


def seconds(span: timedelta | None) -> int | None:
    """Return a span as whole seconds."""
    return None if span is None else int(span.total_seconds())


def _named(found: Any) -> Iterator[tuple[str, Any]]:
    for item in fields(found):
        value = getattr(found, item.name)
        if item.type in _DRAWN:
            continue
        if "timedelta" in str(item.type):
            yield f"{item.name}_seconds", seconds(value)
        else:
            yield item.name, for_machines(value)
