"""The hash of a resolved book: what it means, not how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from dataclasses import Field as DataclassField
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final, get_args

from leadline.common.canonical import digest, plain
from leadline.common.folding import fold
from leadline.rules.fieldops import TEXT_OPS
from leadline.rules.model import (
    Action,
    Activity,
    ActivityTest,
    Book,
    Condition,
    Criterion,
    Deals,
    DealTest,
    Field,
    FieldTest,
    Guards,
    Score,
    Stage,
    Temperatures,
    WriteTargets,
)

SEMANTICS: Final = 1
"""Raised whenever the same book would decide differently, so that old decisions keep their own hash."""


def book_hash(book: Book) -> str:
    """Return 64 hex digits over the resolved book and the version of its meaning.

    Comments, file names, positions, the order of keys that have no order and repeated list entries do not count;
    the order of a field's sources, of transitions and of a condition's parts does. So does, where the book names a
    zone, what the zone's clock shows in the installed zone data.
    """
    # Points add up in any order, but reasons of disqualification are told in the order of the book.
    listed = [criterion for score in book.scores.values() for criterion in score.criteria]
    reasons = [criterion.disqualify for criterion in listed if criterion.disqualify is not None]
    zones = {"zones": _clocks(book.zone)} if book.zone != "UTC" else {}
    return digest({"semantics": SEMANTICS, "book": _canonical(book), "reasons": reasons, **zones})


def _clocks(zone: str) -> dict[str, list[list[int]]]:
    """Return what the zone's clock shows by the installed zone data: other data is another book."""
    # Only a book that names a zone waits for the zone data to load.
    from leadline.rules.business_time.zones import zone_offsets

    return {zone: [[since, offset] for since, offset in zone_offsets(zone)]}


def meaning(value: Any) -> Any:
    """Return what a part of a book means, as the hash sees it: equal exactly where the hash cannot tell two apart."""
    return plain(_canonical(value))


# Places, display texts and the hash itself: nothing that decides.
_LEFT_OUT: Final = {"mark", "marks", "hash", "file", "label"}
# Added to the model later: at their default they are left out, so that a book which does not use them keeps its hash.
_ADDED: Final[dict[type, frozenset[str]]] = {
    Deals: frozenset({"kinds", "fields"}),
    Activity: frozenset({"otherwise"}),
    DealTest: frozenset({"kind"}),
    ActivityTest: frozenset({"most", "days"}),
    Criterion: frozenset({"counted"}),
    Book: frozenset(
        {"zone", "rates", "accounts", "on_enter", "capacity", "rotas", "calendars", "slas", "language", "identity"}
    ),
    Field: frozenset({"currency", "crm_values"}),
    FieldTest: frozenset({"currency"}),
    Guards: frozenset({"most_actions", "paths", "fields", "crms", "per_hour"}),
    Stage: frozenset({"exit", "renamed"}),
    WriteTargets: frozenset({"on_conflict", "due", "slas", "account"}),
}
_TAGGED: Final[tuple[type, ...]] = (*get_args(Condition), *get_args(Action))


_PLAIN: Final = frozenset({str, int, bool, Decimal, type(None)})


def _canonical(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, timedelta):
        return {"microseconds": value // timedelta(microseconds=1)}
    if isinstance(value, FieldTest) and value.op == "pattern":
        return ["FieldTest", value.field, value.op, sorted({str(operand) for operand in value.operands})]
    if isinstance(value, FieldTest) and value.op in TEXT_OPS:
        return ["FieldTest", value.field, value.op, sorted({fold(str(operand)) for operand in value.operands})]
    if isinstance(value, Temperatures):
        # A cell has one temperature, so neither the cells nor the temperatures have an order.
        cells = sorted([name, sorted(cells)] for name, cells in value.cells)
        return {**_parts(value), "cells": cells}
    if isinstance(value, Score):
        listed = sorted(value.criteria, key=lambda criterion: criterion.name)
        return {**_parts(value), "criteria": [_canonical(criterion) for criterion in listed]}
    if is_dataclass(value) and not isinstance(value, type):
        parts = _parts(value)
        return [type(value).__name__, parts] if isinstance(value, _TAGGED) else parts
    if isinstance(value, Mapping):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_canonical(item) for item in value]
    return value


def _parts(value: Any) -> dict[str, Any]:
    kind: type = type(value)
    given = ((item, added, getattr(value, item.name)) for item, added in _meant(kind))
    return {item.name: _canonical(part) for item, added, part in given if not (added and part == _default(item))}


@cache
def _meant(kind: type) -> tuple[tuple[DataclassField[Any], bool], ...]:
    """Return the parts of a dataclass that count, and which of them are left out at their default."""
    left_out = _LEFT_OUT if kind is not Field else {"mark"}
    added = _ADDED.get(kind, frozenset())
    return tuple((item, item.name in added) for item in fields(kind) if item.name not in left_out)


def _default(item: DataclassField[Any]) -> Any:
    return item.default if item.default_factory is MISSING else item.default_factory()
