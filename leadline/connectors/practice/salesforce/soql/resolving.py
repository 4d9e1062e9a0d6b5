"""From a name in a query to a getter over rows: fields, relationship paths, date functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from leadline.connectors.practice.salesforce.answers import ApiError
from leadline.connectors.practice.salesforce.schema import Field, SObject
from leadline.connectors.practice.salesforce.soql.parsing import caret
from leadline.connectors.practice.salesforce.soql.syntax import Call, FieldPath, Operand, Query
from leadline.connectors.practice.salesforce.store import Row, Store

Getter = Callable[[Row], Any]

DEEPEST: Final = 5  # relationships in one path

NAME_FIELDS: Final = (
    "Id",
    "Name",
    "Type",
    "FirstName",
    "LastName",
    "Email",
    "Title",
    "Phone",
    "Username",
    "IsActive",
)
"""What every target of a polymorphic lookup answers, through Salesforce's object ``Name``."""

_TYPE: Final = Field("Type", "picklist", "Type", length=40)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A field found: ``steps`` are the lookups on the way to it, ``get`` its value for a row."""

    field: Field
    steps: tuple[Field, ...]
    get: Getter

    @property
    def names(self) -> tuple[str, ...]:
        """Return the canonical path, as an answer nests it."""
        return (*(step.relationship or "" for step in self.steps), self.field.name)


class Scope:
    """One query's object, alias and store: what names mean in it."""

    def __init__(self, store: Store, target: SObject, query: Query) -> None:
        self.store = store
        self.target = target
        self.query = query

    def resolve(self, operand: Operand) -> Resolved:
        """Return what a field or a scalar function means. Raises ApiError INVALID_FIELD."""
        if isinstance(operand, Call):
            return self._function(operand)
        names = operand.names
        if len(names) > 1 and names[0].lower() in {(self.query.alias or "").lower(), self.target.name.lower()}:
            names = names[1:]
        steps: list[Field] = []
        objects: tuple[SObject, ...] = (self.target,)
        for name in names[:-1]:
            step = objects[0].by_relationship.get(name.lower()) if len(objects) == 1 else None
            if step is None or len(steps) == DEEPEST:
                raise self._no_relationship(operand, name)
            objects = tuple(found for t in step.references if (found := self.store.schema.find(t)))
            if not objects:
                raise self._no_relationship(operand, name)
            steps.append(step)
        field = self._field(operand, objects, names[-1])
        return Resolved(field, tuple(steps), self._getter(steps, field, polymorphic=len(objects) > 1))

    def refuse(self, operand: Operand, message: str, code: str = "INVALID_FIELD") -> ApiError:
        """Return a refusal that points at ``operand``."""
        return ApiError(400, code, caret(self.query.text, operand.at) + message)

    def _field(self, path: FieldPath, objects: tuple[SObject, ...], name: str) -> Field:
        if len(objects) == 1:
            found = objects[0].by_name.get(name.lower())
            if found is None:
                raise self._no_column(path, name, objects[0].name)
            return found
        if name.lower() == "type":
            return _TYPE
        known = {item.lower(): item for item in NAME_FIELDS}.get(name.lower())
        for candidate in objects if known else ():
            if name.lower() in candidate.by_name:
                return candidate.by_name[name.lower()]
        raise self._no_column(path, name, "Name")

    def _getter(self, steps: list[Field], field: Field, *, polymorphic: bool) -> Getter:
        name = field.name
        default = False if field.type == "boolean" else None
        find = self.store.find
        if field.formula is not None and not steps:
            return _shown_through(field.formula, find)
        if not steps:
            return lambda row: row.get(name, default)
        keys = [step.name for step in steps]
        kind_wanted = polymorphic and field is _TYPE
        of_id = self.store.schema.of_id

        def through(row: Row) -> Any:
            at: Row | None = row
            for key in keys:
                link = None if at is None else at.get(key)
                at = None if link is None else find(link)
            if at is None:
                return None
            if kind_wanted:
                owner = of_id(at["Id"])
                return owner.name if owner else None
            return at.get(name, default)

        return through

    def _function(self, call: Call) -> Resolved:
        function = _SCALARS.get(call.name)
        if function is None or call.of is None:
            raise self.refuse(call, f"unexpected token: '{call.name}'", "MALFORMED_QUERY")
        inner = self.resolve(call.of)
        needed, result, compute = function
        if needed and inner.field.type not in needed:
            raise self.refuse(call, f"field {inner.field.name} does not support {call.name}")
        get = inner.get
        name = f"{call.name}({inner.field.name})"
        field = Field(name, result, name) if result else inner.field

        def computed(row: Row) -> Any:
            value = get(row)
            return None if value is None else compute(value)

        return Resolved(field, () if result else inner.steps, computed)

    def _no_column(self, path: FieldPath, name: str, entity: str) -> ApiError:
        return self.refuse(
            path,
            f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to "
            "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
            "appropriate names.",
        )

    def _no_relationship(self, path: FieldPath, name: str) -> ApiError:
        return self.refuse(
            path,
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
            "relationship, be sure to append the '__r' after the custom relationship name. Please reference your "
            "WSDL or the describe call for the appropriate names.",
        )


def _shown_through(formula: str, find: Callable[[str], Row | None]) -> Getter:
    """Return a cross-object formula: what the record behind a lookup says now, whatever this row's stamp."""
    lookup, _, name = formula.partition(".")

    def shown(row: Row) -> Any:
        there = find(row[lookup]) if row.get(lookup) else None
        return None if there is None else there.get(name)

    return shown


def _as_day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


_DATED: Final = frozenset({"date", "datetime"})
_SCALARS: Final[dict[str, tuple[frozenset[str], str | None, Callable[[Any], Any]]]] = {
    # name -> (types it takes, type it gives (None: the field's own), what it does)
    "CALENDAR_YEAR": (_DATED, "int", lambda value: value.year),
    "CALENDAR_QUARTER": (_DATED, "int", lambda value: (value.month - 1) // 3 + 1),
    "CALENDAR_MONTH": (_DATED, "int", lambda value: value.month),
    "DAY_IN_MONTH": (_DATED, "int", lambda value: value.day),
    "DAY_IN_WEEK": (_DATED, "int", lambda value: value.isoweekday() % 7 + 1),
    "DAY_IN_YEAR": (_DATED, "int", lambda value: value.timetuple().tm_yday),
    "HOUR_IN_DAY": (frozenset({"datetime"}), "int", lambda value: value.hour),
    "WEEK_IN_YEAR": (_DATED, "int", lambda value: (value.timetuple().tm_yday - 1) // 7 + 1),
    "DAY_ONLY": (frozenset({"datetime"}), "date", _as_day),
    "TOLABEL": (frozenset({"picklist", "multipicklist"}), None, lambda value: value),
}
