"""Column types that mean the same on SQLite and PostgreSQL, and the JSON that raw CRM values travel in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

from leadline.common.canonical import decimal_text
from leadline.rules.state import UNREADABLE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DECIMAL = "$decimal"
_UNREADABLE = "$unreadable"


def to_microseconds(at: datetime) -> int:
    """Return whole microseconds since 1970-01-01 UTC; ValueError for a naive instant."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (at - _EPOCH) // _MICROSECOND


def from_microseconds(number: int) -> datetime:
    """Return the aware UTC instant of ``to_microseconds``."""
    return _EPOCH + number * _MICROSECOND


def dump(value: Any) -> str:
    """Write JSON with sorted keys in which a Decimal stays a Decimal and UNREADABLE stays itself."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_encode)


def parse(text: str) -> Any:
    """Read what ``dump`` wrote."""
    return json.loads(text, object_hook=_decode) if '"$' in text else json.loads(text)


def _encode(value: object) -> dict[str, str]:
    if isinstance(value, Decimal):
        return {_DECIMAL: decimal_text(value)}
    if value is UNREADABLE:
        return {_UNREADABLE: ""}
    raise TypeError(f"{type(value).__name__} is not a raw value")


def _decode(found: dict[str, Any]) -> Any:
    if len(found) != 1:
        return found
    if _DECIMAL in found:
        return Decimal(found[_DECIMAL])
    return UNREADABLE if _UNREADABLE in found else found


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as microseconds since 1970-01-01 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Turn an aware instant into its number."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn the number back into an aware UTC instant."""
        return None if value is None else from_microseconds(value)


class Json(TypeDecorator[Any]):
    """JSON types and Decimals, stored as text with sorted keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write the text; Python's None is SQL's NULL, never JSON null on its own."""
        return None if value is None else dump(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Read the text."""
        return None if value is None else parse(value)
