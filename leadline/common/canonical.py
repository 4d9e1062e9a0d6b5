"""Canonical bytes: one value has one text, so equal decisions have equal hashes on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

SPARSE: Final = {"sparse": True}
"""Metadata of a dataclass field that is left out while empty: what was stored before it existed keeps its bytes."""


class Streamed(list[Any]):
    """A list of plain items that are made when it is written: ``json`` takes in a list, and goes through it once.

    Only an encoder that writes part by part (``iterencode``) does not hold them all.
    """

    def __init__(self, length: int, items: Callable[[], Iterable[Any]]) -> None:
        super().__init__()
        self._length = length
        self._items = items

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items())


def instant_text(at: datetime) -> str:
    """Write an aware instant as UTC ISO 8601 ending in ``Z``; microseconds only when there are any."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    utc = at.astimezone(UTC)
    text = utc.isoformat(timespec="microseconds" if utc.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def decimal_text(number: Decimal) -> str:
    """Write a decimal without exponent or trailing zeros, so that equal numbers have equal texts."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def raw_text(value: bool | int | Decimal | str | None) -> str:
    """Write a CRM's raw value as one text, as HubSpot and CSV have it; "" for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return decimal_text(value) if isinstance(value, Decimal) else str(value)


def duration_text(span: timedelta) -> str:
    """Write a span as ISO 8601 in seconds alone, ``PT3600S``, so that equal spans have equal texts."""
    seconds = Decimal(span.days * 86_400 + span.seconds) + Decimal(span.microseconds).scaleb(-6)
    return f"PT{decimal_text(seconds)}S"


def plain(value: Any) -> Any:
    """Turn values, dataclasses and mappings into JSON types; a float is a fault, because it is not exact."""
    if value is None or isinstance(value, bool | int | str | Streamed):
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return duration_text(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value) if not left_out(value, item)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical_json(value: Any) -> str:
    """Return the one JSON text of ``value``: sorted keys, no spaces, UTF-8 left as it is."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def left_out(value: Any, item: Field[Any]) -> bool:
    """Tell whether this field of a dataclass has no place in its canonical form: it is sparse, and empty."""
    return "sparse" in item.metadata and not getattr(value, item.name)
