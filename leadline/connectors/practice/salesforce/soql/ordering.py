"""ORDER BY over rows or groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from leadline.connectors.practice.salesforce.schema import TEXT_TYPES
from leadline.connectors.practice.salesforce.soql.resolving import Resolved
from leadline.connectors.practice.salesforce.soql.syntax import Operand, Order


def ordered(rows: list[Any], order: Sequence[Order], resolve: Callable[[Operand], Resolved]) -> list[Any]:
    """Return ``rows`` in the order asked for: texts without case, nulls first unless last is asked for."""
    for term in reversed(order):
        found = resolve(term.operand)
        key = _key(found)
        with_value = [row for row in rows if found.get(row) is not None]
        with_value.sort(key=key, reverse=term.descending)
        if len(with_value) == len(rows):
            rows = with_value
            continue
        nulls = [row for row in rows if found.get(row) is None]
        rows = with_value + nulls if term.nulls_last else nulls + with_value
    return rows


def _key(found: Resolved) -> Callable[[Any], Any]:
    get = found.get
    if found.field.type in TEXT_TYPES:
        return lambda row: get(row).lower()
    return get
