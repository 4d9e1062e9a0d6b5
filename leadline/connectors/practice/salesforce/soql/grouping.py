"""GROUP BY and the aggregate functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from leadline.connectors.practice.salesforce.schema import NUMBER_TYPES, Field
from leadline.connectors.practice.salesforce.soql.parsing import malformed
from leadline.connectors.practice.salesforce.soql.resolving import Resolved, Scope
from leadline.connectors.practice.salesforce.soql.syntax import Call, FieldPath, Operand, Query
from leadline.connectors.practice.salesforce.store import Row
from leadline.connectors.practice.salesforce.values import as_json

AGGREGATES: Final = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})


def is_aggregate(operand: Operand) -> bool:
    """Tell whether an operand is an aggregate function."""
    return isinstance(operand, Call) and operand.name in AGGREGATES


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that share their grouped values."""

    key: tuple[Any, ...]
    rows: list[Row]


class Grouping:
    """Groups the rows of one scope and answers for each group."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._keys = [scope.resolve(operand) for operand in scope.query.group]
        for operand, key in zip(scope.query.group, self._keys, strict=True):
            if not key.field.groupable:
                raise scope.refuse(operand, f"field '{key.field.name}' can not be grouped in a query call")
        self._columns = self._selected()

    def groups(self, rows: Iterable[Row]) -> list[Group]:
        """Return the groups in order of their values; without GROUP BY there is one, even of no rows."""
        found: dict[tuple[Any, ...], list[Row]] = {}
        getters = [key.get for key in self._keys]
        for row in rows:
            found.setdefault(tuple(get(row) for get in getters), []).append(row)
        if not getters and not found:
            found[()] = []
        ordered = sorted(found, key=lambda key: tuple((value is not None, str(value)) for value in key))
        return [Group(key, found[key]) for key in ordered]

    def resolve(self, operand: Operand) -> Resolved:
        """Return what an operand of HAVING, ORDER BY or SELECT means for a group."""
        if isinstance(operand, Call) and operand.name in AGGREGATES:
            return self._aggregate(operand)
        if isinstance(operand, FieldPath) and len(operand.names) == 1:
            named = self._by_alias(operand.names[0])
            if named is not None:
                return self.resolve(named)
        wanted = self._scope.resolve(operand)
        for place, key in enumerate(self._keys):
            if key.names == wanted.names:
                return Resolved(key.field, key.steps, _keyed(place))
        name = ".".join(wanted.names)
        raise malformed(self._scope.query.text, operand.at, f"Field must be grouped or aggregated: {name}")

    def render(self, group: Group) -> dict[str, Any]:
        """Return one AggregateResult."""
        shown: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        for name, get in self._columns:
            shown[name] = as_json(get(group))
        return shown

    def _selected(self) -> list[tuple[str, Callable[[Any], Any]]]:
        columns, unnamed = [], 0
        for item in self._scope.query.select:
            if isinstance(item, Query):
                message = "Sub-queries are not allowed in an aggregate query"
                raise malformed(self._scope.query.text, item.source_at, message)
            found = self.resolve(item.operand)
            name = item.alias
            if name is None and isinstance(item.operand, Call):
                name, unnamed = f"expr{unnamed}", unnamed + 1
            columns.append((name or found.field.name, found.get))
        return columns

    def _by_alias(self, name: str) -> Operand | None:
        for item in self._scope.query.select:
            if not isinstance(item, Query) and item.alias and item.alias.lower() == name.lower():
                return item.operand
        return None

    def _aggregate(self, call: Call) -> Resolved:
        if call.of is None:
            if call.name == "COUNT":
                return Resolved(Field("COUNT", "int", "COUNT"), (), _size)
            raise malformed(self._scope.query.text, call.at, f"unexpected token: '{call.name}'")
        inner = self._scope.resolve(call.of)
        field, get = inner.field, inner.get
        if call.name in {"SUM", "AVG"} and field.type not in NUMBER_TYPES:
            raise self._scope.refuse(call, f"field {field.name} does not support aggregate operator {call.name}")
        if call.name in {"MIN", "MAX"} and field.type == "boolean":
            raise self._scope.refuse(call, f"field {field.name} does not support aggregate operator {call.name}")
        kind = {"COUNT": "int", "COUNT_DISTINCT": "int", "AVG": "double"}.get(call.name, field.type)
        reduce = _REDUCERS[call.name]
        return Resolved(
            Field(call.name, kind, call.name),
            (),
            lambda group: reduce([value for row in _rows(group) if (value := get(row)) is not None]),
        )


def _rows(group: Any) -> list[Row]:
    rows: list[Row] = group.rows
    return rows


def _size(group: Any) -> int:
    return len(_rows(group))


def _keyed(place: int) -> Callable[[Any], Any]:
    return lambda group: group.key[place]


_REDUCERS: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len({v.lower() if isinstance(v, str) else v for v in values}),
    "SUM": lambda values: sum(values) if values else None,
    "AVG": lambda values: sum(values) / len(values) if values else None,
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
}
