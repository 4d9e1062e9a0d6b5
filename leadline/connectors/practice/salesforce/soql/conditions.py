"""WHERE and HAVING compiled to closures: what a query asks of fifty thousand rows is worked out once."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, Final

from leadline.connectors.practice.salesforce.answers import ApiError
from leadline.connectors.practice.salesforce.ids import normal_id
from leadline.connectors.practice.salesforce.schema import NUMBER_TYPES, TEXT_TYPES, Field
from leadline.connectors.practice.salesforce.soql.dates import midnight, span
from leadline.connectors.practice.salesforce.soql.resolving import Resolved
from leadline.connectors.practice.salesforce.soql.syntax import (
    Compare,
    Condition,
    DateLiteral,
    Junction,
    Literal,
    Member,
    Operand,
    Query,
    Text,
)

Test = Callable[[Any], bool]
Refuse = Callable[[Operand, str, str], ApiError]

_ORDERED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Conditions:
    """Compiles conditions given how to resolve an operand, run a sub-query and refuse."""

    def __init__(
        self,
        resolve: Callable[[Operand], Resolved],
        subquery: Callable[[Query], Iterable[Any]],
        refuse: Refuse,
        today: date,
    ) -> None:
        self._resolve = resolve
        self._subquery = subquery
        self._refuse = refuse
        self._today = today

    def test(self, condition: Condition | None) -> Test | None:
        """Return the test a row must pass, or None when every row does."""
        if condition is None:
            return None
        if isinstance(condition, Junction):
            return self._junction(condition)
        found = self._resolve(condition.operand)
        if not found.field.filterable:
            message = f"field '{found.field.name}' can not be filtered in a query call"
            raise self._refuse(condition.operand, message, "INVALID_FIELD")
        if isinstance(condition, Member):
            return self._member(condition, found)
        if condition.operator == "like":
            return self._like(condition, found)
        if isinstance(condition.value, DateLiteral):
            return self._literal(condition, found, condition.value)
        return self._compare(condition, found)

    def _junction(self, junction: Junction) -> Test:
        tests = [test for part in junction.parts if (test := self.test(part))]
        first, rest = tests[0], tests[1:]
        if junction.kind == "not":
            return lambda row: not first(row)
        if len(tests) == 2:
            second = rest[0]
            if junction.kind == "all":
                return lambda row: first(row) and second(row)
            return lambda row: first(row) or second(row)
        if junction.kind == "all":
            return lambda row: all(test(row) for test in tests)
        return lambda row: any(test(row) for test in tests)

    def _compare(self, condition: Compare, found: Resolved) -> Test:
        get, kind = found.get, condition.operator
        value = self._value(condition.operand, found.field, condition.value)
        if kind in _ORDERED:
            return self._ordered(condition, found, value)
        folded = isinstance(value, str) and found.field.type in TEXT_TYPES
        if folded:
            wanted = value.lower()
            if kind == "=":
                return lambda row: (have := get(row)) is not None and have.lower() == wanted
            return lambda row: (have := get(row)) is None or have.lower() != wanted
        if kind == "=":
            return lambda row: get(row) == value
        return lambda row: get(row) != value

    def _ordered(self, condition: Compare, found: Resolved, value: Any) -> Test:
        get, compare = found.get, _ORDERED[condition.operator]
        if value is None or found.field.type in {"boolean", "multipicklist"}:
            raise self._refuse(condition.operand, "invalid operator", "INVALID_QUERY_FILTER_OPERATOR")
        if isinstance(value, str) and found.field.type in TEXT_TYPES:
            wanted = value.lower()
            return lambda row: (have := get(row)) is not None and compare(have.lower(), wanted)
        return lambda row: (have := get(row)) is not None and compare(have, value)

    def _literal(self, condition: Compare, found: Resolved, literal: DateLiteral) -> Test:
        if found.field.type not in {"date", "datetime"}:
            raise self._wrong_type(condition.operand, found.field, "should not be enclosed in quotes")
        first, beyond = span(literal, self._today)
        low: Any = first
        high: Any = beyond
        if found.field.type == "datetime":
            low, high = midnight(first), midnight(beyond)
        get = found.get
        tests: dict[str, Test] = {
            "=": lambda row: (have := get(row)) is not None and low <= have < high,
            "!=": lambda row: (have := get(row)) is None or not low <= have < high,
            "<": lambda row: (have := get(row)) is not None and have < low,
            "<=": lambda row: (have := get(row)) is not None and have < high,
            ">": lambda row: (have := get(row)) is not None and have >= high,
            ">=": lambda row: (have := get(row)) is not None and have >= low,
        }
        return tests[condition.operator]

    def _like(self, condition: Compare, found: Resolved) -> Test:
        if found.field.type not in TEXT_TYPES or not isinstance(condition.value, Text):
            raise self._refuse(condition.operand, "invalid operator", "INVALID_QUERY_FILTER_OPERATOR")
        match = re.compile(_pattern(condition.value.pattern), re.IGNORECASE | re.DOTALL).fullmatch
        get = found.get
        return lambda row: (have := get(row)) is not None and match(have) is not None

    def _member(self, condition: Member, found: Resolved) -> Test:
        get, negated, field = found.get, condition.negated, found.field
        if condition.within:
            return self._within(condition, found)
        if isinstance(condition.values, Query):
            if field.type not in {"id", "reference"}:
                message = f"semi join sub-selects can only be used with id fields: {field.name}"
                raise self._refuse(condition.operand, message, "MALFORMED_QUERY")
            wanted: set[Any] = set(self._subquery(condition.values))
            wanted.discard(None)
        else:
            if any(isinstance(value, DateLiteral) for value in condition.values):
                tests = [self.test(Compare(condition.operand, "=", value)) for value in condition.values]
                return lambda row: any(test(row) for test in tests if test) != negated
            wanted = {self._value(condition.operand, field, value) for value in condition.values}
        if field.type in TEXT_TYPES:
            folded = {value.lower() if isinstance(value, str) else value for value in wanted}
            return lambda row: (((have := get(row)) and have.lower()) in folded) != negated
        return lambda row: (get(row) in wanted) != negated

    def _within(self, condition: Member, found: Resolved) -> Test:
        """INCLUDES ('a;b', 'c') is: a and b, or c."""
        if found.field.type != "multipicklist" or isinstance(condition.values, Query):
            raise self._refuse(condition.operand, "invalid operator", "INVALID_QUERY_FILTER_OPERATOR")
        groups = [set(value.value.lower().split(";")) for value in condition.values if isinstance(value, Text)]
        get, negated = found.get, condition.negated

        def test(row: Any) -> bool:
            chosen = set((get(row) or "").lower().split(";"))
            return any(group <= chosen for group in groups) != negated

        return test

    def _value(self, operand: Operand, field: Field, literal: Literal) -> Any:
        """Check a literal against the field's type and return the value to compare with."""
        if literal is None:
            return None
        if field.type in {"id", "reference"}:
            return self._id(operand, field, literal)
        quoted = isinstance(literal, Text)
        if field.type in TEXT_TYPES:
            if not isinstance(literal, Text):
                raise self._wrong_type(operand, field, "should be enclosed in quotes")
            return literal.value or None
        fits: dict[str, bool] = {
            "boolean": isinstance(literal, bool),
            "datetime": isinstance(literal, datetime),
            "date": isinstance(literal, date) and not isinstance(literal, datetime),
        }
        number = isinstance(literal, int | float) and not isinstance(literal, bool)
        if quoted or not fits.get(field.type, number and field.type in NUMBER_TYPES):
            raise self._wrong_type(operand, field, "should not be enclosed in quotes")
        return literal

    def _id(self, operand: Operand, field: Field, literal: Literal) -> str | None:
        if not isinstance(literal, Text):
            raise self._wrong_type(operand, field, "should be enclosed in quotes")
        if not literal.value:
            return None
        value = normal_id(literal.value)
        if value is None:
            message = f"invalid ID field: {literal.value}"
            raise self._refuse(operand, message, "INVALID_QUERY_FILTER_OPERATOR")
        return value

    def _wrong_type(self, operand: Operand, field: Field, advice: str) -> ApiError:
        kind = {"datetime": "dateTime", "id": "ID", "reference": "ID"}.get(field.type, field.type)
        if field.type in TEXT_TYPES:
            kind = "string"
        message = f"value of filter criterion for field '{field.name}' must be of type {kind} and {advice}"
        return self._refuse(operand, message, "INVALID_FIELD")


def _pattern(like: str) -> str:
    """Turn a LIKE pattern into a regular expression: % any text, _ one letter, both literal after a backslash."""
    parts = []
    letters = iter(like)
    for letter in letters:
        if letter == "\\":
            parts.append(re.escape(next(letters, "\\")))
        else:
            parts.append({"%": ".*", "_": "."}.get(letter) or re.escape(letter))
    return "".join(parts)
