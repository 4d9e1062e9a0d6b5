"""What HubSpot's error answers mean: the exception to raise, or the status of one record's write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from leadline.common.errors import ContractError, CredentialsError, PermissionMissingError, QuotaError
from leadline.common.values import RecordRef, WriteResult, WriteStatus
from leadline.connectors.http_answer import Answer, common_fault
from leadline.connectors.retrying import ExpiredError, TransientError

CRM: Final = "HubSpot"

_WORD: Final = re.compile(r"[A-Za-z][\w.-]{0,79}")
_SAYS: Final[Mapping[str, str]] = {
    "INVALID_OPTION": "the property does not offer this value",
    "READ_ONLY_VALUE": "the property cannot be written",
    "PROPERTY_DOESNT_EXIST": "the property does not exist",
    "INVALID_EMAIL": "the value is not an e-mail address",
    "INVALID_INTEGER": "the value is not a whole number",
    "INVALID_LONG": "the value is not a whole number",
    "INVALID_NUMERIC": "the value is not a number",
    "INVALID_DATE": "the value is not a date",
    "OBJECT_NOT_FOUND": "the record was deleted or merged",
    "CONFLICT": "the value belongs to another record",
}
OF_PROPERTY: Final = frozenset({"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"})
OF_VALUE: Final = frozenset({"INVALID_OPTION"})
"""Refusals that do not depend on the record, only on the property, or on it and the value."""
_TRANSIENT: Final = frozenset({"RATE_LIMITS", "RATE_LIMIT", "SERVICE_UNAVAILABLE", "INTERNAL_ERROR", "LOCKED"})
_GONE: Final = frozenset({"OBJECT_NOT_FOUND", "NOT_FOUND", "CONTACT_DOESNT_EXIST"})


class RejectedError(ContractError):
    """HubSpot rejected the content of one request (400 or 409): a batch is then halved to find the culprit.

    ``code`` is HubSpot's own word, ``fields`` the properties it named.
    """

    def __init__(self, code: str, fields: tuple[str, ...] = ()) -> None:
        named = f" for {', '.join(fields)}" if fields else ""
        super().__init__(f"HubSpot rejected a request ({code}){named}")
        self.code = code
        self.fields = fields


class MissingError(ContractError):
    """HubSpot has nothing at this address (404): the object type, property or record is not there."""


def fault_of(answer: Answer) -> Exception | None:
    """Return the exception that an answer means, or None when it is a success (207 is one: parts may have failed)."""
    if answer.ok:
        return None
    body = answer.json_or_none()
    told: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    category = _word(told.get("category")) or _word(told.get("errorType"))
    if answer.status == 429 and "DAILY" in str(told.get("policyName", "")).upper():
        return QuotaError("HubSpot's API calls of the day are used up (policy DAILY)", answer.retry_after)
    common = common_fault(answer, CRM)
    if common is not None:
        return common
    if answer.status == 401:
        return ExpiredError(
            "HubSpot does not accept the access token: make a new one, or check the app's refresh token"
        )
    if answer.status in {402, 403}:
        return _forbidden(told, category)
    if answer.status == 404:
        return MissingError(f"HubSpot has nothing at this address ({category or 'HTTP 404'}): is `url` right?")
    if answer.status in {400, 409}:
        return RejectedError(*_rejection(told, category or f"HTTP_{answer.status}"))
    return ContractError(f"HubSpot answered HTTP {answer.status} {category or 'without a category'}")


def sign_in_fault(error: Exception) -> Exception:
    """Return what a refused token request means."""
    if isinstance(error, RejectedError | MissingError | ExpiredError | PermissionMissingError):
        code = f" ({error.code})" if isinstance(error, RejectedError) else ""
        return CredentialsError(
            f"HubSpot refuses to sign in{code}: check client_id, client_secret and refresh_token of the app"
        )
    return error


def rejected_write(ref: RecordRef, error: RejectedError) -> WriteResult:
    """Turn the rejection of a batch of one into its record's result."""
    return WriteResult(ref, _status(error.code), error.code, _says(error.code), error.fields)


Failure = tuple[WriteStatus, str, str, tuple[str, ...]]
"""What became of one part of a batch: status, HubSpot's code, our words for it, and the properties it named."""


def part_failures(body: Mapping[str, Any]) -> dict[str, Failure]:
    """Return what failed by record id, from the ``errors`` of a 207."""
    return {ident: failure for ids, failure in _failures(body) for ident in ids}


def nameless_failures(body: Mapping[str, Any]) -> list[Failure]:
    """Return the ``errors`` of a 207 that belong to what had no id yet: one for each record not created."""
    return [failure for _, failure in _failures(body)]


def unnamed_failures(body: Mapping[str, Any]) -> list[Failure]:
    """Return the ``errors`` of a 207 that name none of the records, though these have ids."""
    return [failure for ids, failure in _failures(body) if not ids]


def _failures(body: Mapping[str, Any]) -> Iterator[tuple[list[str], Failure]]:
    for error in body.get("errors") or ():
        if not isinstance(error, Mapping):
            continue
        context = error.get("context")
        ids: Sequence[Any] = context.get("ids") or context.get("id") or () if isinstance(context, Mapping) else ()
        code, fields = _rejection(error, _word(error.get("category")) or "UNKNOWN")
        if error.get("category") in _GONE | _TRANSIENT:
            code = str(error["category"])
        yield [str(ident) for ident in ids], (_status(code), code, _says(code), fields)


def _status(code: str) -> WriteStatus:
    if code in _TRANSIENT:
        return "transient"
    return "gone" if code in _GONE else "permanent"


def _says(code: str) -> str:
    return _SAYS.get(code, "HubSpot refused the request")


def _rejection(told: Mapping[str, Any], otherwise: str) -> tuple[str, tuple[str, ...]]:
    """Return the most exact code and the properties named; HubSpot's messages quote values, so they stay out."""
    codes: list[str] = []
    fields = list(_named(told))
    for error in told.get("errors") or ():
        if not isinstance(error, Mapping):
            continue
        codes += [code for code in (_word(error.get("code")),) if code]
        fields += _named(error)
    return (codes[0] if codes else otherwise), tuple(dict.fromkeys(fields))


def _named(error: Mapping[str, Any]) -> Iterator[str]:
    context = error.get("context")
    if isinstance(context, Mapping):
        for key in ("propertyName", "name", "properties"):
            given = context.get(key) or ()
            yield from (name for one in ([given] if isinstance(given, str) else given) if (name := _word(one)))
    if name := _word(error.get("name")):
        yield name


def _forbidden(told: Mapping[str, Any], category: str) -> Exception:
    scopes: list[str] = []
    for error in told.get("errors") or ():
        context = error.get("context") if isinstance(error, Mapping) else None
        if isinstance(context, Mapping):
            for key in ("requiredGranularScopes", "requiredScopes", "missingScopes"):
                scopes += [name for one in context.get(key) or () if (name := _word(one))]
    if scopes:
        return PermissionMissingError(f"HubSpot's app lacks a scope: grant {' or '.join(dict.fromkeys(scopes))}")
    return PermissionMissingError(
        f"HubSpot does not allow this ({category or 'HTTP 403'}): the app lacks a scope or the tier has no such API"
    )


def _word(value: Any) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


__all__ = [
    "CRM",
    "MissingError",
    "RejectedError",
    "TransientError",
    "fault_of",
    "nameless_failures",
    "part_failures",
    "rejected_write",
    "sign_in_fault",
    "unnamed_failures",
]
