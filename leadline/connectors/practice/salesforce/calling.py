"""One call as handlers see it, whether it came by HTTP or inside a composite request, and the table of routes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from leadline.connectors.practice.salesforce.answers import Answer, ApiError
from leadline.connectors.practice.salesforce.org import Org, Session
from leadline.connectors.practice.salesforce.schema import SObject


@dataclass(frozen=True, slots=True)
class Call:
    """A request below ``/services/data/vXX.0``: ``path`` begins with a slash, ``base`` is scheme and host."""

    org: Org
    method: str
    path: str
    version: str
    session: Session
    base: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    label: str = ""

    def json(self) -> Any:
        """Return the JSON body. Raises ApiError JSON_PARSER_ERROR."""
        try:
            return json.loads(self.body)
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            message = "Unexpected character or end of input while parsing JSON at [line:1, column:1]"
            raise ApiError(400, "JSON_PARSER_ERROR", message) from None

    def mapping(self) -> dict[str, Any]:
        """Return the JSON body, which must be an object."""
        body = self.json()
        if not isinstance(body, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of object from the request body")
        return body

    def sobject(self, name: str) -> SObject:
        """Return an object by its name in the path. Raises ApiError NOT_FOUND."""
        found = self.org.schema.find(name)
        if found is None:
            raise not_found()
        return found


Handler = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: a pattern over the path, the handlers by method, and the label its calls are counted under."""

    pattern: re.Pattern[str]
    label: str
    handlers: Mapping[str, Handler]


def resource(pattern: str, label: str, **handlers: Handler) -> Resource:
    """Return a resource. ``{name}`` in ``pattern`` stands for one segment; handlers are keyed by method."""
    expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
    return Resource(re.compile(f"{expression}/?"), label, handlers)


class Router:
    """Finds the resource of a path. The first one that fits serves it."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._resources = tuple(resources)

    def label(self, method: str, path: str) -> str:
        """Return the label of a call; what no resource serves is ``other``."""
        labels = [item.label for item in self._resources if item.pattern.fullmatch(path)]
        serving = [item.label for item in self._resources if item.pattern.fullmatch(path) and method in item.handlers]
        return next(iter(serving or labels), "other")

    def answer(self, call: Call) -> Answer:
        """Answer a call. Raises ApiError, NOT_FOUND and METHOD_NOT_ALLOWED among them."""
        allowed: list[str] = []
        for item in self._resources:
            match = item.pattern.fullmatch(call.path)
            if match is None:
                continue
            handler = item.handlers.get(call.method)
            if handler is not None:
                return handler(call, **{name: unquote(text) for name, text in match.groupdict().items()})
            allowed += item.handlers
        if allowed:
            message = f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(dict.fromkeys(allowed))}"
            raise ApiError(405, "METHOD_NOT_ALLOWED", message)
        raise not_found()


def not_found() -> ApiError:
    """Return the refusal of a path that leads nowhere."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")
