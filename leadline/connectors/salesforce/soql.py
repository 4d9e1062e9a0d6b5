"""SOQL from names and values: names are checked, values are quoted, so data can never become query text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from leadline.common.errors import ContractError

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*){0,5}")
_ESCAPES: Final = str.maketrans(
    {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)


def name(text: str) -> str:
    """Return an object's, field's or relationship's name; raises ContractError for anything else."""
    if not _NAME.fullmatch(text):
        raise ContractError(f"{text!r} cannot be the name of a Salesforce field or object")
    return text


def quoted(text: str) -> str:
    """Return a text literal."""
    return f"'{text.translate(_ESCAPES)}'"


def any_of(texts: Iterable[str]) -> str:
    """Return a list literal for IN."""
    return f"({','.join(quoted(text) for text in texts)})"


def instant(at: datetime) -> str:
    """Return an instant literal in UTC, to the millisecond (rounded down), which is as fine as Salesforce keeps."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def day(of: date) -> str:
    """Return a date literal."""
    return of.isoformat()


@dataclass(frozen=True, slots=True)
class Window:
    """Which changes: from ``after`` on (exclusive of the row ``beyond`` at exactly that instant) to ``until``."""

    until: datetime
    after: datetime | None = None
    beyond: str = ""

    def conditions(self, stamp: str = "SystemModstamp") -> list[str]:
        """Return the window's conditions on a stamp field and Id."""
        found = [f"{stamp} <= {instant(self.until)}"]
        if self.after is not None and self.beyond:
            edge = instant(self.after)
            found.append(f"({stamp} > {edge} OR ({stamp} = {edge} AND Id > {quoted(self.beyond)}))")
        elif self.after is not None:
            found.append(f"{stamp} >= {instant(self.after)}")
        return found


def select(fields: Sequence[str], source: str, where: Sequence[str], order: Sequence[str]) -> str:
    """Return a query; ``fields`` are names or sub-queries in brackets, ``where`` are conditions that all hold."""
    chosen = ", ".join(item if item.startswith("(") else name(item) for item in dict.fromkeys(fields))
    conditions = f" WHERE {' AND '.join(where)}" if where else ""
    ordering = f" ORDER BY {', '.join(name(item) for item in order)}" if order else ""
    return f"SELECT {chosen} FROM {name(source)}{conditions}{ordering}"  # noqa: S608 - names checked, values quoted
