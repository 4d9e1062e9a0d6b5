"""The syntax tree of a SOQL query."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class FieldPath:
    """``Account.Owner.Name``; ``at`` is where it stands in the text."""

    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """``COUNT(Id)``, ``FIELDS(ALL)``, ``CALENDAR_YEAR(CreatedDate)``; ``of`` None for ``COUNT()``."""

    name: str
    of: Operand | None
    at: int


Operand = FieldPath | Call


@dataclass(frozen=True, slots=True)
class Text:
    """A string: ``value`` unescaped; in ``pattern``, for LIKE, an underscore or percent sign stays escaped."""

    value: str
    pattern: str


@dataclass(frozen=True, slots=True)
class DateLiteral:
    """``TODAY``, ``LAST_N_DAYS:30``."""

    name: str
    number: int | None
    at: int


Literal = None | bool | float | Text | date | datetime | DateLiteral


@dataclass(frozen=True, slots=True)
class Compare:
    """``operand`` and ``operator`` (=, !=, <, <=, >, >=, like) with one literal."""

    operand: Operand
    operator: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Member:
    """``operand`` in (or not in) literals or a sub-query; ``within``: multi-select ``INCLUDES``."""

    operand: Operand
    values: tuple[Literal, ...] | Query
    negated: bool
    within: bool = False


@dataclass(frozen=True, slots=True)
class Junction:
    """All, any or none (``not``, of one) of the conditions."""

    kind: str
    parts: tuple[Condition, ...]


Condition = Compare | Member | Junction


@dataclass(frozen=True, slots=True)
class SelectValue:
    """One selected field or call, with its alias if it has one."""

    operand: Operand
    alias: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """One term of ORDER BY. Nulls come first unless the query says last."""

    operand: Operand
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One query or sub-query; ``source_at`` is where the object's name stands."""

    select: tuple[SelectValue | Query, ...]
    source: str
    source_at: int
    alias: str | None = None
    where: Condition | None = None
    group: tuple[Operand, ...] = ()
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    all_rows: bool = False
    text: str = field(default="", compare=False)
