"""Several sub-requests in one call: ``composite`` with references between them, and ``composite/batch``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from leadline.connectors.practice.salesforce.answers import Answer, ApiError
from leadline.connectors.practice.salesforce.calling import Call, Router

MOST: Final = 25
MOST_WIDE: Final = 5  # sub-requests that are queries or collections
INHERITED: Final = frozenset({"accept", "authorization", "content-type"})
"""The headers that a sub-request takes from the whole call; any other must be in its own httpHeaders."""

_REFERENCE: Final = re.compile(r"@\{(?P<id>\w+)(?P<path>[^}]*)\}")
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")
_PREFIX: Final = re.compile(r"/?(?:services/data/)?v(\d{2,3}\.\d)(/.*)")


class Composite:
    """The composite resources over a router of everything else."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def composite(self, call: Call) -> Answer:
        """Answer ``POST /composite``: the whole is 200, each sub-request has its own status."""
        body = call.mapping()
        items = _items(body.get("compositeRequest"), "compositeRequest")
        self._check(items)
        all_or_none = body.get("allOrNone") is True
        store = call.org.store
        answered: dict[str, Answer] = {}
        if all_or_none:
            store.begin()
        for item in items:
            try:
                answered[item["referenceId"]] = self._answer(call, _referred(item, answered))
            except ApiError as error:
                answered[item["referenceId"]] = Answer(error.status, error.body())
        failed = any(answer.status >= 400 for answer in answered.values())
        if all_or_none and failed:
            store.rollback()
            answered = {name: a if a.status >= 400 else _halted() for name, a in answered.items()}
        elif all_or_none:
            store.commit()
        shown = [
            {
                "body": answer.body,
                "httpHeaders": dict(answer.headers),
                "httpStatusCode": answer.status,
                "referenceId": name,
            }
            for name, answer in answered.items()
        ]
        return Answer(body={"compositeResponse": shown})

    def batch(self, call: Call) -> Answer:
        """Answer ``POST /composite/batch``: independent sub-requests."""
        body = call.mapping()
        items = _items(body.get("batchRequests"), "batchRequests")
        if len(items) > MOST:
            raise ApiError(400, "LIMIT_EXCEEDED", f"batchRequests cannot have more than {MOST} sub-requests")
        results: list[dict[str, Any]] = []
        halted = False
        for item in items:
            given = {**item, "body": item.get("richInput")}
            answer = _halted("BATCH_PROCESSING_HALTED") if halted else self._tried(call, given)
            results.append({"statusCode": answer.status, "result": answer.body})
            halted = halted or (body.get("haltOnError") is True and answer.status >= 400)
        return Answer(body={"hasErrors": any(item["statusCode"] >= 400 for item in results), "results": results})

    def _tried(self, call: Call, item: Mapping[str, Any]) -> Answer:
        try:
            return self._answer(call, item)
        except ApiError as error:
            return Answer(error.status, error.body())

    def _answer(self, call: Call, item: Mapping[str, Any]) -> Answer:
        version, path, params = _split(item)
        method = str(item.get("method", "GET")).upper()
        label = self._router.label(method, path)
        inherited = {name: text for name, text in call.headers.items() if name in INHERITED}
        headers = inherited | {name.lower(): str(text) for name, text in (item.get("httpHeaders") or {}).items()}
        body = b"" if item.get("body") is None else json.dumps(item["body"]).encode()
        inner = replace(
            call,
            method=method,
            path=path,
            version=version,
            params=params,
            headers=headers,
            body=body,
            label=label,
        )
        return self._router.answer(inner)

    def _check(self, items: list[dict[str, Any]]) -> None:
        if len(items) > MOST:
            raise ApiError(400, "PROCESSING_HALTED", f"Limit of {MOST} sub-requests in a composite request exceeded")
        names = [item.get("referenceId") for item in items]
        if not all(isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_]+", name) for name in names):
            raise ApiError(400, "INVALID_REQUEST", "every sub-request needs a referenceId of letters and digits")
        if len(set(names)) != len(names):
            raise ApiError(400, "INVALID_REQUEST", "duplicate referenceId")
        wide = [i for i in items if self._router.label("GET", _split(i)[1]) in {"query", "collections", "retrieve"}]
        if len(wide) > MOST_WIDE:
            message = f"no more than {MOST_WIDE} sub-requests of a composite request can be queries or collections"
            raise ApiError(400, "INVALID_REQUEST", message)


def _items(given: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not given or not all(isinstance(item, dict) for item in given):
        raise ApiError(400, "JSON_PARSER_ERROR", f"Cannot deserialize instance of list from the field {name}")
    if not all(isinstance(item.get("url"), str) for item in given):
        raise ApiError(400, "INVALID_REQUEST", "every sub-request needs a url")
    if not all(isinstance(item.get("httpHeaders") or {}, dict) for item in given):
        raise ApiError(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of map from the field httpHeaders")
    return given


def _split(item: Mapping[str, Any]) -> tuple[str, str, dict[str, str]]:
    parts = urlsplit(item["url"])
    match = _PREFIX.fullmatch(parts.path)
    if match is None:
        raise ApiError(400, "INVALID_REQUEST", "a sub-request's url begins with /services/data/vXX.0/")
    return match[1], match[2], dict(parse_qsl(parts.query, keep_blank_values=True))


def _referred(item: dict[str, Any], answered: Mapping[str, Answer]) -> dict[str, Any]:
    """Put the values of earlier answers where ``@{reference.path}`` stands. Raises ApiError PROCESSING_HALTED."""

    def look(match: re.Match[str]) -> str:
        answer = answered.get(match["id"])
        if answer is None or answer.status >= 400:
            raise ApiError(
                400, "PROCESSING_HALTED", "Invalid reference specified. The sub-request it names did not succeed."
            )
        value = answer.body
        for name, index in _STEP.findall(match["path"]):
            try:
                value = value[name] if name else value[int(index)]
            except (KeyError, IndexError, TypeError):
                message = f"Invalid reference specified. No value for {match['id']}{match['path']} found"
                raise ApiError(400, "PROCESSING_HALTED", message) from None
        return str(value)

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return _REFERENCE.sub(look, value)
        if isinstance(value, list):
            return [walk(part) for part in value]
        if isinstance(value, dict):
            return {key: walk(part) for key, part in value.items()}
        return value

    return {key: walk(value) if key in {"url", "body"} else value for key, value in item.items()}


def _halted(code: str = "PROCESSING_HALTED") -> Answer:
    message = "The transaction was rolled back since another operation in the same transaction failed."
    return Answer(400, [{"errorCode": code, "message": message}])
