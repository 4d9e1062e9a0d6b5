"""One meaning for the many spellings of a CRM value, so that 5, "5" and 5.0 are not a difference.

Salesforce gives typed JSON with ``+0000`` times, HubSpot gives strings with ISO or epoch-millisecond times.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from leadline.common.canonical import decimal_text, raw_text
from leadline.common.values import Crm, FieldDescription, Raw

Kind = Literal["number", "date", "datetime", "boolean", "text"]

Normal = None | bool | Decimal | date | datetime | str

_KINDS: Final[dict[str, Kind]] = {
    # Salesforce describe types, then HubSpot property types.
    "double": "number",
    "int": "number",
    "long": "number",
    "currency": "number",
    "percent": "number",
    "date": "date",
    "datetime": "datetime",
    "boolean": "boolean",
    "number": "number",
    "bool": "boolean",
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def kind_of(description: FieldDescription) -> Kind:
    """Return how values of a described field compare; every type without arithmetic is text."""
    return _KINDS.get(description.type.lower(), "text")


def same(left: Raw, right: Raw, kind: Kind, crm: Crm) -> bool:
    """Say whether two raw values mean the same to ``crm`` in a field of this kind."""
    return normal(left, kind, crm) == normal(right, kind, crm)


def normal(raw: Raw, kind: Kind, crm: Crm) -> Normal:
    """Return what a raw value means; empty is None, and what cannot be read as its kind stays text.

    Instants are cut to what the CRM keeps: seconds in Salesforce, milliseconds in HubSpot.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    if kind == "number":
        return _number(raw)
    if kind == "boolean":
        return _boolean(raw)
    if kind in {"date", "datetime"}:
        return _time(raw, kind, crm)
    return raw_text(raw).strip()


def shown(value: Decimal | datetime | str | None, kind: Kind, crm: Crm) -> Raw:
    """Return the raw value to write for a meaning, as the CRM itself would spell it; None clears.

    A day is the UTC day of the instant. Texts are cut to 255 characters, the length of a Salesforce text field.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return _time_text(value, kind, crm)
    if isinstance(value, Decimal):
        if kind != "number" or crm == "hubspot":
            return decimal_text(value)
        return int(value) if value == value.to_integral_value() else value
    text = value.strip()
    return text if len(text) <= 255 else text[:254].rstrip() + "…"


def _number(raw: Raw) -> Normal:
    try:
        number = Decimal(raw_text(raw).strip())
    except InvalidOperation:
        return raw_text(raw).strip()
    return number if number.is_finite() else raw_text(raw).strip()


def _boolean(raw: Raw) -> Normal:
    text = raw_text(raw).strip().lower()
    return {"true": True, "false": False}.get(text, text)


def _time(raw: Raw, kind: Kind, crm: Crm) -> Normal:
    text = raw_text(raw).strip()
    at = _instant(text)
    if at is None:
        return text
    if kind == "date":
        return at.date()
    # Salesforce keeps seconds, HubSpot milliseconds.
    return at.replace(microsecond=0 if crm == "salesforce" else at.microsecond // 1000 * 1000)


def _instant(text: str) -> datetime | None:
    if text.removeprefix("-").isdecimal() and len(text) > 8:
        try:
            return _EPOCH + timedelta(milliseconds=int(text))
        except OverflowError:
            return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _time_text(at: datetime, kind: Kind, crm: Crm) -> str:
    utc = at.astimezone(UTC)
    if kind == "date":
        return utc.date().isoformat()
    if crm == "salesforce":
        return utc.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
