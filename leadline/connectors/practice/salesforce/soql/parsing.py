"""Reading the text of a SOQL query into its syntax tree, and pointing at what is wrong in it."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from leadline.connectors.practice.salesforce.answers import ApiError
from leadline.connectors.practice.salesforce.soql.syntax import (
    Call,
    Compare,
    DateLiteral,
    FieldPath,
    Junction,
    Literal,
    Member,
    Order,
    Query,
    SelectValue,
    Text,
)
from leadline.connectors.practice.salesforce.values import parse_day, parse_instant

LONGEST: Final = 100_000  # characters of one statement


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

    def using(self, _: list[Any]) -> None:
        return None

    def for_clause(self, _: list[Any]) -> None:
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

    def all_rows(self, _: list[Any]) -> dict[str, Any]:
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

    def true(self, _: list[Any]) -> bool:
        return True

    def false(self, _: list[Any]) -> bool:
        return False

    def null(self, _: list[Any]) -> None:
        return None

    def date_literal(self, parts: list[Any]) -> DateLiteral:
        return DateLiteral(str(parts[0]).upper(), None if parts[1] is None else int(parts[1]), parts[0].start_pos)
