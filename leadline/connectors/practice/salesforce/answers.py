"""What a practice Salesforce answers with: refusals of a whole request, refusals of one record, and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class ApiError(Exception):
    """The whole request is refused with an HTTP status and Salesforce's error body."""

    def __init__(self, status: int, code: str, message: str, fields: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = None if fields is None else list(fields)

    def body(self) -> list[dict[str, Any]]:
        """Return the JSON body: a list of one error."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = self.fields
        return [error]


class RecordError(Exception):
    """One record is refused; others of the same request may be saved."""

    def __init__(self, code: str, message: str, fields: Sequence[str] = (), status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = tuple(fields)
        self.status = status

    def whole(self) -> ApiError:
        """Return the same refusal as the answer to a request for this one record."""
        return ApiError(self.status, self.code, self.message, self.fields)


@dataclass(frozen=True, slots=True)
class SaveResult:
    """What became of one record's write."""

    id: str | None
    error: RecordError | None = None
    created: bool = False

    def plain(self, *, upsert: bool = False) -> dict[str, Any]:
        """Return the result as the collections resources write it."""
        shown: dict[str, Any] = {} if self.id is None else {"id": self.id}
        shown |= {"success": self.error is None, "errors": []}
        if self.error is not None:
            shown["errors"] = [
                {"statusCode": self.error.code, "message": self.error.message, "fields": list(self.error.fields)}
            ]
        if upsert:
            shown["created"] = self.created
        return shown


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. ``body`` None is no body; bytes go out as they are, anything else as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json;charset=UTF-8"

    def content(self) -> bytes:
        """Return the body's bytes."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()
