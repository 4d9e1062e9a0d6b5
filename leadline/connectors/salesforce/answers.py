"""What Salesforce's error answers mean: the exception to raise, or the status of one record's write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from leadline.common.errors import ContractError, CredentialsError, PermissionMissingError, QuotaError
from leadline.common.values import RecordRef, WriteResult, WriteStatus
from leadline.connectors.http_answer import Answer, common_fault
from leadline.connectors.retrying import ExpiredError, TransientError

CRM: Final = "Salesforce"

TRANSIENT_CODES: Final = frozenset(
    {
        "UNABLE_TO_LOCK_ROW",
        "SERVER_UNAVAILABLE",
        "SERVICE_UNAVAILABLE",
        "QUERY_TIMEOUT",
        "REQUEST_RUNNING_TOO_LONG",
        "REQUEST_LIMIT_EXCEEDED",
        "PROCESSING_HALTED",
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "UNKNOWN_EXCEPTION",
    }
)
GONE_CODES: Final = frozenset(
    {"ENTITY_IS_DELETED", "CANNOT_UPDATE_CONVERTED_LEAD", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"}
)
"""``INVALID_CROSS_REFERENCE_KEY`` is what a collection answers for an id that no longer exists.

With the name of a field it is about the value of that field, such as an owner who is not there.
"""

_PERMISSION_CODES: Final = frozenset(
    {
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "API_DISABLED_FOR_ORG",
        "API_CURRENTLY_DISABLED",
        "FUNCTIONALITY_NOT_ENABLED",
        "FORBIDDEN",
    }
)
_SAYS: Final[Mapping[str, str]] = {
    # A rule's or trigger's own words may name the person: whoever edits the record there reads them.
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "a validation rule or a trigger refuses the request",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "the picklist does not offer this value",
    "REQUIRED_FIELD_MISSING": "a required field of the record is empty",
    "STRING_TOO_LONG": "the value is longer than the field",
    "INSUFFICIENT_ACCESS_OR_READONLY": "the user may not edit this record",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "the user may not edit this field",
    "DUPLICATES_DETECTED": "a duplicate rule blocks the request",
    "UNABLE_TO_LOCK_ROW": "another process holds the record or its account",
    "ENTITY_IS_DELETED": "the record was deleted or merged",
    "CANNOT_UPDATE_CONVERTED_LEAD": "the lead was converted",
    "INVALID_CROSS_REFERENCE_KEY": "no record has this id any more",
    "DUPLICATE_VALUE": "the value, or the record within one call, is a duplicate",
}
_NO_SUCH_ID: Final = "INVALID_CROSS_REFERENCE_KEY"
_COLUMN: Final = re.compile(r"No such column '([\w.]+)' on (?:entity '|sobject of type )(\w+)")
"""Of a query, and of a write or a read by id."""
_TYPE: Final = re.compile(r"sObject type '(\w+)' is not supported")
_CODE: Final = re.compile(r"\w{1,80}")
_FIELD: Final = re.compile(r"\w{1,80}(\.\w{1,80})?")


class LocatorExpiredError(ContractError):
    """A query's next page is no longer kept (after two days, or ten younger queries): ask anew from the last row."""


class HiddenFieldError(PermissionMissingError):
    """A request names a field that the user does not see; ``object`` and ``field`` are Salesforce's own words."""

    def __init__(self, name: str, field: str) -> None:
        super().__init__(f"Salesforce hides the field {name}.{field}, or has none: grant the user read access to it")
        self.object = name
        self.field = field


def fault_of(answer: Answer) -> Exception | None:
    """Return the exception that an answer means, or None when it is a success."""
    if answer.ok:
        return None
    code, message = _first_error(answer.json_or_none())
    if code == "REQUEST_LIMIT_EXCEEDED" and answer.status != 429:
        return _limit(message, answer)
    common = common_fault(answer, CRM)
    if common is not None:
        return common
    if answer.status == 401:
        return ExpiredError(
            "Salesforce does not accept the session even after signing in again: check the connected app and its user"
        )
    if code in TRANSIENT_CODES:
        return TransientError(f"Salesforce answered {code}")
    if code == "INVALID_QUERY_LOCATOR":
        return LocatorExpiredError("Salesforce no longer keeps the next page of a query")
    return _permission(code, message, answer.status) or ContractError(
        f"Salesforce answered HTTP {answer.status} {code or 'without an error code'}"
    )


def sign_in_fault(answer: Answer) -> Exception:
    """Return what a refused token request means. OAuth error codes are safe to show; descriptions are not."""
    common = common_fault(answer, CRM)
    if common is not None:
        return common
    body = answer.json_or_none()
    code = str(body.get("error", "")) if isinstance(body, Mapping) else ""
    code = code if re.fullmatch(r"[\w-]{1,60}", code) else f"HTTP {answer.status}"
    hints = {
        "invalid_client_id": "the client id (consumer key) is unknown",
        "invalid_client": "the client id or secret is wrong",
        "invalid_grant": "the user, token or certificate is refused: is the app installed and the user allowed?",
        "invalid_app_access": "the user is not allowed to use this connected app",
        "HTTP 404": "is `url` the address of the organisation?",
        "unsupported_grant_type": "this sign-in flow is switched off for the connected app",
    }
    return CredentialsError(f"Salesforce refuses to sign in ({code}): {hints.get(code, 'check the credentials')}")


def write_result(ref: RecordRef, body: Mapping[str, Any]) -> WriteResult:
    """Turn one entry of a collection's answer into a result; texts are ours, so that no value of a record leaks."""
    if body.get("success") is True:
        return WriteResult(ref, "done")
    errors = body.get("errors") or [{}]
    return failed_write(ref, errors[0])


def failed_write(ref: RecordRef, error: Mapping[str, Any]) -> WriteResult:
    """Turn one error (``statusCode`` or ``errorCode``) into the result of one record."""
    code = str(error.get("statusCode") or error.get("errorCode") or "UNKNOWN_EXCEPTION")
    code = code if _CODE.fullmatch(code) else "ODD_CODE"
    fields = tuple(name for one in error.get("fields") or () if _FIELD.fullmatch(name := str(one)))
    if code == _NO_SUCH_ID and set(fields) - {"Id"}:
        return WriteResult(ref, "permanent", code, "a field refers to what is not there, or is hidden", fields)
    text = _SAYS.get(code, "Salesforce refused the request")
    return WriteResult(ref, status_of(code), code, text, fields)


def status_of(code: str) -> WriteStatus:
    """Return whether a code may pass, never passes, or says that the record is gone."""
    if code in TRANSIENT_CODES:
        return "transient"
    return "gone" if code in GONE_CODES else "permanent"


def _first_error(body: Any) -> tuple[str, str]:
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, Mapping):
        return "", ""
    code = str(first.get("errorCode", ""))
    return (code if _CODE.fullmatch(code) else "", str(first.get("message", "")))


def _limit(message: str, answer: Answer) -> Exception:
    """Tell "too many at once" from "too many today": both are REQUEST_LIMIT_EXCEEDED."""
    if "concurrent" in message.lower():
        return TransientError("Salesforce has too many long requests running", retry_after=answer.retry_after)
    return QuotaError(
        "Salesforce's API calls of the last 24 hours are used up (REQUEST_LIMIT_EXCEEDED)", answer.retry_after
    )


def _permission(code: str, message: str, status: int) -> Exception | None:
    column, kind = _COLUMN.search(message), _TYPE.search(message)
    if code == "INVALID_FIELD" and column:
        return HiddenFieldError(column[2], column[1])
    if code == "INVALID_TYPE":
        name = kind[1] if kind else "an object"
        return PermissionMissingError(f"Salesforce hides {name}, or has none: grant the user read access to it")
    if status == 403 or code in _PERMISSION_CODES:
        return PermissionMissingError(
            f"Salesforce does not allow this ({code or 'HTTP 403'}): grant the user API access and the object"
        )
    return None
