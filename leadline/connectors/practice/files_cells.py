"""How one value stands in a cell of a practice organisation's CSV, by its declared type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin

from leadline.common.canonical import decimal_text, instant_text

LIST_MARK: Final = ";"


@dataclass(frozen=True, slots=True)
class Cell:
    """A type's spelling: ``read`` raises ValueError with a text that says what was wanted."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]
    optional: bool = False


def cell_of(hint: Any) -> Cell:
    """Return the spelling of a declared type; an empty cell is None where the type allows it."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if get_origin(hint) is Literal:
        return _choice(get_args(hint))
    inner = [part for part in get_args(hint) if part is not NoneType]
    if len(inner) == 1:
        plain = cell_of(inner[0])
        return Cell(lambda value: "" if value is None else plain.write(value), plain.read, optional=True)
    raise TypeError(f"no cell holds a {hint}")


def near(given: str, known: list[str]) -> str:
    """Return a hint with the nearest known name, or with all of them when they are few."""
    found = get_close_matches(given, known, n=1)
    if found:
        return f"did you mean {found[0]!r}?"
    return f"known are {', '.join(known)}" if 0 < len(known) <= 20 else ""


def _choice(names: tuple[str, ...]) -> Cell:
    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"must be one of {', '.join(names)}")
        return text

    return Cell(str, read)


def _read_bool(text: str) -> bool:
    folded = text.casefold()
    if folded in {"true", "yes", "1"}:
        return True
    if folded in {"false", "no", "0"}:
        return False
    raise ValueError("must be true or false")


def _read_int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("must be a whole number") from None


def _read_decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("must be a number") from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise ValueError("must be a number of ordinary size")
    return number


def _read_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date such as 2026-06-30") from None


def read_instant(text: str) -> datetime:
    """Read an ISO instant with its zone. Raises ValueError."""
    try:
        at = datetime.fromisoformat(text)
        instant_text(at)
    except (ValueError, OverflowError):
        raise ValueError("must be an instant with its zone, such as 2026-06-30T16:00:00Z") from None
    if not 1970 <= at.year <= 2200:
        raise ValueError("must be an instant between 1970 and 2200")
    return at.astimezone(UTC)


def _read_texts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(LIST_MARK) if part.strip())


def _write_stages(stages: tuple[tuple[str, datetime], ...]) -> str:
    return f"{LIST_MARK} ".join(f"{stage} {instant_text(at)}" for stage, at in stages)


def _read_stages(text: str) -> tuple[tuple[str, datetime], ...]:
    pairs = [part.rpartition(" ") for part in _read_texts(text)]
    if not pairs or any(not stage.strip() for stage, _, _ in pairs):
        raise ValueError(
            "must be stages with their instants, such as Qualification 2026-06-30T16:00:00Z; Proposal ..."
        )
    return tuple((stage.strip(), read_instant(at)) for stage, _, at in pairs)


_PLAIN: Final[dict[Any, Cell]] = {
    str: Cell(str, str),
    bool: Cell(lambda value: "true" if value else "false", _read_bool),
    int: Cell(str, _read_int),
    Decimal: Cell(decimal_text, _read_decimal),
    date: Cell(date.isoformat, _read_date),
    datetime: Cell(instant_text, read_instant),
    tuple[str, ...]: Cell(LIST_MARK.join, _read_texts),
    tuple[tuple[str, datetime], ...]: Cell(_write_stages, _read_stages),
}
