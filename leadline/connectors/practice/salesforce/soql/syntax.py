"""The syntax tree of a SOQL query, and reading text into it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from leadline.connectors.practice.salesforce.answers import ApiError
from leadline.connectors.practice.salesforce.values import parse_day, parse_instant

LONGEST: Final = 100_000  # characters of one statement


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
    """A string: ``value`` unescaped, ``pattern`` with ``\\_`` and ``\\%`` still escaped, for LIKE."""

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


def parse(text: str) -> Query:
    """Read a query. Raises ApiError MALFORMED_QUERY with the caret text, as Salesforce does."""
    if len(text) > LONGEST:
        raise ApiError(
            400, "MALFORMED_QUERY", f"SOQL statements cannot be longer than {LONGEST:,} characters.".replace(",", "")
        )
    if not text.strip():
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    try:
        tree = _parser().parse(text)
        query: Query = _Builder(text).transform(tree)
    except UnexpectedInput as error:
        raise malformed(text, *_place(text, error)) from None
    except VisitError as error:
        if isinstance(error.orig_exc, ApiError):
            raise error.orig_exc from None
        raise
    return query


def malformed(text: str, at: int, message: str) -> ApiError:
    """Return the refusal of a query that cannot be read."""
    return ApiError(400, "MALFORMED_QUERY", caret(text, at) + message)


def caret(text: str, at: int) -> str:
    """Return the lines that show the place: the text around it, a caret under it, row and column from 1."""
    row = text.count("\n", 0, at) + 1
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[begin : end if end >= 0 else len(text)]
    column = at - begin
    start = max(0, column - 40)
    return f"\n{line[start : column + 40]}\n{' ' * (column - start)}^\nERROR at Row:{row}:Column:{column + 1}\n"


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, start="query", parser="lalr", maybe_placeholders=True, propagate_positions=False)


def _place(text: str, error: UnexpectedInput) -> tuple[int, str]:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return error.token.start_pos or 0, f"unexpected token: '{error.token}'"
    if isinstance(error, UnexpectedCharacters):
        at = error.pos_in_stream or 0
        word = re.match(r"\w+|.", text[at:], re.DOTALL)
        if text[at : at + 1] == "'":
            return at, "Bind variables only allowed in Apex code" if at == 0 else "unterminated string literal"
        return at, f"unexpected token: '{word.group() if word else ''}'"
    if isinstance(error, UnexpectedEOF | UnexpectedToken):
        return len(text), "unexpected token: '<EOF>'"
    return 0, "unexpected token"


_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


class _Builder(Transformer[Token, Query]):
    """Bottom-up from lark's tree to ours."""

    def __init__(self, text: str) -> None:
        super().__init__(visit_tokens=False)
        self._text = text

    def query(self, parts: list[Any]) -> Query:
        found: dict[str, Any] = {"text": self._text}
        select = []
        for part in parts:
            if isinstance(part, SelectValue | Query):
                select.append(part)
            elif isinstance(part, dict):
                found |= part
        return Query(select=tuple(select), **found)

    def source(self, parts: list[Any]) -> dict[str, Any]:
        name, alias = parts
        return {"source": str(name), "source_at": name.start_pos, "alias": alias and str(alias)}

    def using(self, parts: list[Any]) -> None:
        return None

    def for_clause(self, parts: list[Any]) -> None:
        return None

    def where(self, parts: list[Any]) -> dict[str, Any]:
        return {"where": parts[1]}

    def group(self, parts: list[Any]) -> dict[str, Any]:
        return {"group": tuple(part for part in parts[2:-1])} | (parts[-1] or {})

    def having(self, parts: list[Any]) -> dict[str, Any]:
        return {"having": parts[1]}

    def order(self, parts: list[Any]) -> dict[str, Any]:
        return {"order": tuple(parts[2:])}

    def order_item(self, parts: list[Any]) -> Order:
        operand, direction, last = parts
        return Order(operand, direction is not None and direction.type == "DESC", bool(last))

    def nulls(self, parts: list[Any]) -> bool:
        return bool(parts[1].type == "LAST")

    def limit(self, parts: list[Any]) -> dict[str, Any]:
        return {"limit": int(parts[1])}

    def offset(self, parts: list[Any]) -> dict[str, Any]:
        return {"offset": int(parts[1])}

    def all_rows(self, parts: list[Any]) -> dict[str, Any]:
        return {"all_rows": True}

    def select_value(self, parts: list[Any]) -> SelectValue:
        return SelectValue(parts[0], parts[1] and str(parts[1]))

    def select_children(self, parts: list[Any]) -> Any:
        return parts[0]

    def all_of(self, parts: list[Any]) -> Junction:
        return Junction("all", tuple(part for part in parts if not isinstance(part, Token)))

    def any_of(self, parts: list[Any]) -> Junction:
        return Junction("any", tuple(part for part in parts if not isinstance(part, Token)))

    def negated(self, parts: list[Any]) -> Junction:
        return Junction("not", (parts[1],))

    def compare(self, parts: list[Any]) -> Compare:
        operator = "!=" if parts[1] == "<>" else str(parts[1])
        return Compare(parts[0], operator, parts[2])

    def like(self, parts: list[Any]) -> Compare:
        return Compare(parts[0], "like", self.string([parts[2]]))

    def is_in(self, parts: list[Any]) -> Member:
        return Member(parts[0], parts[2], negated=False)

    def not_in(self, parts: list[Any]) -> Member:
        return Member(parts[0], parts[3], negated=True)

    def includes(self, parts: list[Any]) -> Member:
        return Member(parts[0], parts[2], negated=False, within=True)

    def excludes(self, parts: list[Any]) -> Member:
        return Member(parts[0], parts[2], negated=True, within=True)

    def semi_join(self, parts: list[Any]) -> Any:
        return parts[0]

    def listed(self, parts: list[Any]) -> tuple[Literal, ...]:
        return tuple(parts)

    def texts(self, parts: list[Any]) -> tuple[Literal, ...]:
        return tuple(self.string([part]) for part in parts)

    def operand(self, parts: list[Any]) -> Any:
        return parts[0]

    def call(self, parts: list[Any]) -> Call:
        return Call(str(parts[0]).upper(), parts[1], parts[0].start_pos)

    def path(self, parts: list[Any]) -> FieldPath:
        return FieldPath(tuple(str(part) for part in parts), parts[0].start_pos)

    def name(self, parts: list[Any]) -> Token:
        token: Token = parts[0]
        return token

    def string(self, parts: list[Any]) -> Text:
        raw, value, pattern, at = str(parts[0])[1:-1], [], [], 0
        if "\\" not in raw:
            return Text(raw, raw)
        while at < len(raw):
            letter = raw[at]
            if letter != "\\":
                value.append(letter)
                pattern.append(letter)
                at += 1
                continue
            code = raw[at + 1]
            if code == "u" and re.fullmatch(r"[0-9A-Fa-f]{4}", raw[at + 2 : at + 6]):
                value.append(chr(int(raw[at + 2 : at + 6], 16)))
                pattern.append(value[-1])
                at += 6
                continue
            if code not in _ESCAPES and code not in "_%":
                raise malformed(
                    self._text,
                    parts[0].start_pos,
                    f"Invalid string literal '{raw}'. Illegal character sequence '\\{code}' in string literal.",
                )
            value.append(_ESCAPES.get(code, code))
            pattern.append(f"\\{code}" if code in "_%\\" else value[-1])
            at += 2
        return Text("".join(value), "".join(pattern))

    def instant(self, parts: list[Any]) -> datetime:
        value = parse_instant(str(parts[0]).upper())
        if value is None:
            raise malformed(self._text, parts[0].start_pos, f"invalid date-time: {parts[0]}")
        return value

    def day(self, parts: list[Any]) -> date:
        value = parse_day(str(parts[0]))
        if value is None:
            raise malformed(self._text, parts[0].start_pos, f"invalid date: {parts[0]}")
        return value

    def number(self, parts: list[Any]) -> float:
        return float(parts[0]) if "." in parts[0] else int(parts[0])

    def true(self, parts: list[Any]) -> bool:
        return True

    def false(self, parts: list[Any]) -> bool:
        return False

    def null(self, parts: list[Any]) -> None:
        return None

    def date_literal(self, parts: list[Any]) -> DateLiteral:
        return DateLiteral(str(parts[0]).upper(), None if parts[1] is None else int(parts[1]), parts[0].start_pos)
