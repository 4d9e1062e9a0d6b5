"""HubSpot's answers: error bodies, and the shapes that several endpoints share."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse

from leadline.connectors.practice.hubspot.properties import Invalid
from leadline.connectors.practice.hubspot.stamps import stamp_text


class ApiError(Exception):
    """An answer that is an error: raised anywhere in a handler, answered by ``error_answer``."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        errors: Sequence[Mapping[str, Any]] | None = None,
        **more: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after: float | None = None
        self.body: dict[str, Any] = {
            "status": "error",
            "message": message,
            "correlationId": str(uuid.uuid4()),
            "category": category,
            **({"errors": list(errors)} if errors else {}),
            **more,
        }


def error_answer(error: ApiError) -> JSONResponse:
    """Return the JSON answer of an ``ApiError``."""
    headers = None if error.retry_after is None else {"Retry-After": f"{error.retry_after:g}"}
    return JSONResponse(error.body, error.status, headers=headers)


def bad_request(message: str, *, errors: Sequence[Mapping[str, Any]] | None = None, **more: object) -> ApiError:
    """Return a 400 VALIDATION_ERROR."""
    return ApiError(400, "VALIDATION_ERROR", message, errors=errors, **more)


def bad_values(problems: Sequence[Invalid], portal: int) -> ApiError:
    """Return the 400 for refused property values: it names properties, never the record of a batch."""
    listed = [
        {
            "isValid": False,
            "message": problem.message,
            "error": problem.code,
            "name": problem.name,
            "localizedErrorMessage": problem.message,
            "portalId": portal,
        }
        for problem in problems
    ]
    errors = [
        {"message": problem.message, "code": problem.code, "context": {"propertyName": [problem.name]}}
        for problem in problems
    ]
    return bad_request(f"Property values were not valid: {json.dumps(listed, ensure_ascii=False)}", errors=errors)


def not_found(what: str = "resource") -> ApiError:
    """Return the 404 of a record or a definition that is not there."""
    return ApiError(404, "OBJECT_NOT_FOUND", f"{what} not found")


def missing_rows(name: str, ids: Sequence[str]) -> dict[str, Any]:
    """Return the entry of a 207's ``errors`` that names the ids a batch did not find."""
    message = (
        f"Could not get some {name.upper()} objects, they may be deleted or not exist. Check that ids are valid."
    )
    return standard_error("OBJECT_NOT_FOUND", message, {"ids": list(ids)})


def standard_error(category: str, message: str, context: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return one entry of a multi-status answer's ``errors``."""
    return {
        "status": "error",
        "category": category,
        "message": message,
        "context": {name: list(values) for name, values in context.items()},
        "errors": [],
        "links": {},
    }


def batch_answer(
    results: Sequence[Mapping[str, Any]], errors: Sequence[Mapping[str, Any]], now: int, status: int = 200
) -> JSONResponse:
    """Return a batch's answer: ``status`` when every input was found, else 207 with ``numErrors`` and ``errors``."""
    body: dict[str, Any] = {
        "status": "COMPLETE",
        "results": list(results),
        "startedAt": stamp_text(now),
        "completedAt": stamp_text(now),
    }
    if errors:
        body |= {"numErrors": len(errors), "errors": list(errors)}
    return JSONResponse(body, 207 if errors else status)


def page(results: Sequence[Mapping[str, Any]], after: str | None, link: str = "", **more: object) -> JSONResponse:
    """Return one page of a collection; ``after`` is the cursor of the next page, None at the end."""
    body: dict[str, Any] = {**more, "results": list(results)}
    if after is not None:
        body["paging"] = {"next": {"after": after, **({"link": link} if link else {})}}
    return JSONResponse(body)
