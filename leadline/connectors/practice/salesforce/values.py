"""Field values: how they are kept (typed, UTC, whole seconds), shown as JSON or CSV, and read from a request."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import Any

from leadline.connectors.practice.salesforce.answers import ApiError, RecordError
from leadline.connectors.practice.salesforce.ids import normal_id
from leadline.connectors.practice.salesforce.schema import NUMBER_TYPES, TEXT_TYPES, Field

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(?:\.[^@\s,;<>.]+)+")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def seconds(at: datetime) -> datetime:
    """Return an instant as Salesforce keeps it: UTC, whole seconds."""
    return at.astimezone(UTC).replace(microsecond=0)


def as_json(value: Any) -> Any:
    """Return a stored value as a REST answer shows it: instants as ``2026-01-31T08:00:00.000+0000``."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    if isinstance(value, date):
        return value.isoformat()
    return value


def as_csv(value: Any) -> str:
    """Return a stored value as a bulk result shows it: instants end in ``Z``, null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def read_value(field: Field, given: Any) -> Any:
    """Turn JSON into a stored value; empty text is null.

    Raises ApiError where Salesforce's JSON parser already gives up on the whole request, RecordError where only
    this record is refused.
    """
    if given is None or given == "":
        if field.type == "boolean":
            raise RecordError(
                "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{field.label}: value not of required type: ", [field.name]
            )
        return None
    if field.type in TEXT_TYPES:
        return _text(field, given)
    if field.type == "boolean":
        return _boolean(given)
    if field.type in NUMBER_TYPES:
        return _number(field, given)
    if field.type == "date":
        return _day(given)
    if field.type == "datetime":
        return _instant(given)
    return _reference(field, given)


def parse_instant(text: str) -> datetime | None:
    """Read an ISO instant of a query or a request; without an offset it is UTC. None when it is not one."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return seconds(at if at.tzinfo else at.replace(tzinfo=UTC))


def parse_day(text: str) -> date | None:
    """Read an ISO date; None when it is not one."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def unparsable(kind: str, given: Any) -> ApiError:
    """Return the refusal of Salesforce's JSON parser."""
    if isinstance(given, bool):
        found = "VALUE_TRUE" if given else "VALUE_FALSE"
    elif isinstance(given, int | float):
        found = "VALUE_NUMBER_INT" if isinstance(given, int) else "VALUE_NUMBER_FLOAT"
    elif isinstance(given, dict | list):
        found = "START_OBJECT" if isinstance(given, dict) else "START_ARRAY"
    else:
        found = "VALUE_STRING"
    shown = "" if isinstance(given, bool | dict | list) else f" value {given}"
    return ApiError(
        400,
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from {found}{shown} or request may be missing a required field at "
        "[line:1, column:1]",
    )


def _text(field: Field, given: Any) -> str | None:
    if not isinstance(given, str):
        raise unparsable("string", given)
    value = given.strip() if field.type != "textarea" else given
    if not value:
        return None
    if field.length and len(value) > field.length:
        raise RecordError(
            "STRING_TOO_LONG",
            f"{field.label}: data value too large: {value[:255]} (max length={field.length})",
            [field.name],
        )
    if field.type == "email" and not _EMAIL.fullmatch(value):
        raise RecordError("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {value}", [field.name])
    if field.restricted:
        known = {option.lower(): option for option in field.options}
        if value.lower() not in known:
            raise RecordError(
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                f"{field.label}: bad value for restricted picklist field: {value}",
                [field.name],
            )
        return known[value.lower()]
    return value


def _boolean(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.lower() in {"true", "false", "1", "0"}:
        return given.lower() in {"true", "1"}
    raise unparsable("boolean", given)


def _number(field: Field, given: Any) -> int | float:
    kind = "int" if field.type == "int" else "double"
    if isinstance(given, bool | dict | list):
        raise unparsable(kind, given)
    try:
        value = float(given)
    except ValueError:
        raise unparsable(kind, given) from None
    except OverflowError:
        value = math.inf
    whole_digits = 8 if field.type == "int" else field.precision - field.scale
    if not abs(value) < 10**whole_digits:
        raise RecordError(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{field.label}: value outside of valid range on numeric field: {given}",
            [field.name],
        )
    if field.type == "int":
        if value != int(value):
            raise unparsable(kind, given)
        return int(value)
    return value


def _day(given: Any) -> date:
    value = parse_day(given[:10]) if isinstance(given, str) else None
    if value is None or (len(given) > 10 and parse_instant(given) is None):
        raise unparsable("date", given)
    return value


def _instant(given: Any) -> datetime:
    text = f"{given}T00:00:00Z" if isinstance(given, str) and _DAY.fullmatch(given) else given
    value = parse_instant(text) if isinstance(text, str) else None
    if value is None:
        raise unparsable("datetime", given)
    return value


def _reference(field: Field, given: Any) -> str:
    if not isinstance(given, str):
        raise unparsable("reference", given)
    value = normal_id(given)
    if value is None:
        raise RecordError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {given}", [field.name])
    return value
