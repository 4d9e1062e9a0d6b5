"""Running a query over the store: filter, order, cut; rows are rendered only when a page is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from leadline.connectors.practice.salesforce.answers import ApiError
from leadline.connectors.practice.salesforce.ids import normal_id
from leadline.connectors.practice.salesforce.schema import Field, SObject
from leadline.connectors.practice.salesforce.soql.conditions import Conditions
from leadline.connectors.practice.salesforce.soql.grouping import Grouping, is_aggregate
from leadline.connectors.practice.salesforce.soql.ordering import ordered
from leadline.connectors.practice.salesforce.soql.parsing import caret, malformed
from leadline.connectors.practice.salesforce.soql.rendering import Rendering
from leadline.connectors.practice.salesforce.soql.resolving import Getter, Scope
from leadline.connectors.practice.salesforce.soql.syntax import (
    Call,
    Compare,
    Condition,
    FieldPath,
    Junction,
    Member,
    Query,
    SelectValue,
    Text,
)
from leadline.connectors.practice.salesforce.store import Row, Store

MOST_OFFSET: Final = 2000
MOST_FIELDS_ROWS: Final = 200  # rows of a query with FIELDS()
BATCH: Final = 2000  # rows of a page, and of an aggregate answer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a query found. ``records`` are rendered by ``render``; ``total`` is the answer's totalSize.

    ``columns`` are the flat columns of a bulk result: dotted name and getter.
    """

    total: int
    records: Sequence[Any]
    render: Callable[[Any], dict[str, Any]]
    columns: tuple[tuple[str, Getter], ...]
    object: str


def run(store: Store, query: Query, *, version: str, everything: bool = False) -> Outcome:
    """Return what ``query`` finds. ``everything`` (queryAll) shows deleted and archived rows too.

    Raises ApiError with INVALID_TYPE, INVALID_FIELD, MALFORMED_QUERY and the like.
    """
    target = store.schema.find(query.source)
    if target is None:
        raise _no_object(query)
    return _Run(store, target, query, version, everything or query.all_rows).outcome()


class _Run:
    def __init__(self, store: Store, target: SObject, query: Query, version: str, everything: bool) -> None:
        self.store, self.target, self.version, self.everything = store, target, version, everything
        self.query = _without_fields(query, target)
        self.scope = Scope(store, target, self.query)

    def outcome(self) -> Outcome:
        query = self.query
        self._check_limits()
        select = query.select
        counted = len(select) == 1 and isinstance(select[0], SelectValue) and isinstance(select[0].operand, Call)
        if counted and isinstance(select[0], SelectValue) and _is_count(select[0].operand) and not query.group:
            found = len(self.cut(list(self._filtered())))
            return Outcome(found, (), dict, (), self.target.name)
        if query.group or any(isinstance(i, SelectValue) and is_aggregate(i.operand) for i in select):
            return self._grouped()
        rendering = Rendering(self.scope, self.version, self.children)
        rows = self.cut(ordered(list(self._filtered()), query.order, self.scope.resolve))
        return Outcome(len(rows), rows, rendering.render, rendering.columns, self.target.name)

    def children_rows(self) -> list[Row]:
        """Return the rows of a sub-query in its order, before its limit, which holds for each parent."""
        self._check_limits()
        return ordered(list(self._filtered()), self.query.order, self.scope.resolve)

    def _grouped(self) -> Outcome:
        grouping = Grouping(self.scope)
        groups = grouping.groups(self._filtered())
        test = self._conditions(grouping.resolve).test(self.query.having)
        kept = [group for group in groups if test is None or test(group)]
        kept = self.cut(ordered(kept, self.query.order, grouping.resolve))
        if len(kept) > BATCH:
            raise ApiError(
                400,
                "EXCEEDED_ID_LIMIT",
                "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch",
            )
        return Outcome(len(kept), kept, grouping.render, (), self.target.name)

    def _filtered(self) -> Iterable[Row]:
        test = self._conditions(self.scope.resolve).test(self.query.where)
        rows = self._candidates()
        if not self.everything:
            rows = (row for row in rows if not (row.get("IsDeleted") or row.get("IsArchived")))
        return rows if test is None else filter(test, rows)

    def _candidates(self) -> Iterable[Row]:
        """Return the rows worth testing: those named by id where the query names ids, else all."""
        wanted = _named_ids(self.query.where)
        if wanted is None:
            return self.store.rows(self.target.name)
        found = (self.store.get(self.target.name, identifier) for identifier in wanted)
        return [row for row in found if row is not None]

    def _conditions(self, resolve: Any) -> Conditions:
        return Conditions(resolve, self._subquery, self.scope.refuse, self.store.now().date())

    def _subquery(self, query: Query) -> Iterable[Any]:
        """Return the values of a semi-join's one column."""
        target = self.store.schema.find(query.source)
        if target is None:
            raise _no_object(query)
        inner = _Run(self.store, target, query, self.version, self.everything)
        if len(query.select) != 1 or not isinstance(query.select[0], SelectValue):
            raise malformed(query.text, query.source_at, "semi join sub-selects must select one field")
        get = inner.scope.resolve(query.select[0].operand).get
        return (get(row) for row in inner.cut(list(inner._filtered())))

    def children(self, query: Query) -> tuple[str, Field, _Run]:
        """Return the canonical relationship, its lookup and the run of a sub-query among the selected items."""
        found = self.store.schema.children[self.target.name].get(query.source.lower())
        if found is None:
            message = (
                f"Didn't understand relationship '{query.source}' in FROM part of query call. If you are attempting "
                "to use a custom relationship, be sure to append the '__r' after the custom relationship name. "
                "Please reference your WSDL or the describe call for the appropriate names."
            )
            raise ApiError(400, "INVALID_TYPE", caret(query.text, query.source_at) + message)
        child, field = found
        return field.children or "", field, _Run(self.store, child, query, self.version, self.everything)

    def cut(self, rows: list[Any]) -> list[Any]:
        begin = self.query.offset
        end = None if self.query.limit is None else begin + self.query.limit
        return rows[begin:end] if begin or end is not None else rows

    def _check_limits(self) -> None:
        if self.query.offset > MOST_OFFSET:
            message = f"Maximum SOQL offset allowed is {MOST_OFFSET}"
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", message)


def _without_fields(query: Query, target: SObject) -> Query:
    """Replace FIELDS(ALL | STANDARD | CUSTOM) by the fields it stands for."""
    from dataclasses import replace

    items: list[SelectValue | Query] = []
    for item in query.select:
        operand = item.operand if isinstance(item, SelectValue) else None
        if not isinstance(operand, Call) or operand.name != "FIELDS":
            items.append(item)
            continue
        which = operand.of.names[0].upper() if isinstance(operand.of, FieldPath) else ""
        if which not in {"ALL", "STANDARD", "CUSTOM"}:
            raise malformed(query.text, operand.at, "FIELDS takes ALL, STANDARD or CUSTOM")
        if which != "STANDARD" and (query.limit is None or query.limit > MOST_FIELDS_ROWS):
            message = f"The SOQL FIELDS function must have a LIMIT of at most {MOST_FIELDS_ROWS}"
            raise malformed(query.text, operand.at, message)
        chosen = [f for f in target.fields if which == "ALL" or f.custom == (which == "CUSTOM")]
        items += [SelectValue(FieldPath((field.name,), operand.at), None) for field in chosen]
    return replace(query, select=tuple(items))


def _is_count(operand: Any) -> bool:
    return isinstance(operand, Call) and operand.name == "COUNT" and operand.of is None


def _named_ids(where: Condition | None) -> list[str] | None:
    """Return the ids that a condition confines a query to, or None when it names none."""
    if isinstance(where, Junction):
        named = (found for part in where.parts if (found := _named_ids(part)) is not None)
        return next(named, None) if where.kind == "all" else None
    if isinstance(where, Member) and not where.negated and isinstance(where.values, tuple):
        values: Sequence[Any] = where.values
    elif isinstance(where, Compare) and where.operator == "=":
        values = (where.value,)
    else:
        return None
    if not isinstance(where.operand, FieldPath) or [name.lower() for name in where.operand.names] != ["id"]:
        return None
    texts = [value.value for value in values if isinstance(value, Text)]
    return list(dict.fromkeys(identifier for text in texts if (identifier := normal_id(text))))


def _no_object(query: Query) -> ApiError:
    message = (
        f"sObject type '{query.source}' is not supported. If you are attempting to use a custom object, be sure to "
        "append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate "
        "names."
    )
    return ApiError(400, "INVALID_TYPE", caret(query.text, query.source_at) + message)
