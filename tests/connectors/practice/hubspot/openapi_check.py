"""Hold real answers of the practice HubSpot against HubSpot's published OpenAPI files.

The files are HubSpot's and are not kept here. Fetch github.com/HubSpot/HubSpot-public-api-spec-collection, then run
``HUBSPOT_OPENAPI_DIR=<its PublicApiSpecs directory> pytest tests/connectors/practice/hubspot/test_openapi.py``.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

KNOWN_DIFFERENCES: Final = {"Error": {"status", "errorType", "policyName", "groupName"}}
"""schema -> keys that HubSpot's servers answer though its files do not declare them."""

_VERSION: Final = re.compile(r"/v[1-4]/")
_PLACE: Final = re.compile(r"\{[^}/]+\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one file: where it is and what it answers."""

    file: str
    method: str
    path: re.Pattern[str]
    literal: int
    responses: Mapping[str, Any]
    document: Mapping[str, Any]


class Specs:
    """Every v1 to v4 operation of a directory of OpenAPI files."""

    def __init__(self, directory: Path) -> None:
        self._operations = [
            operation for path in sorted(directory.rglob("*.json")) for operation in _operations(path)
        ]
        if not self._operations:
            raise ValueError(f"there are no OpenAPI files in {directory}")

    def problems(self, method: str, path: str, status: int, body: object) -> tuple[str, ...] | None:
        """Return what is wrong with an answer by the file that fits it best; None when no file has the call.

        HubSpot publishes some calls in several files that contradict each other (an id as text or as number), so an
        answer is right when one of them agrees.
        """
        fitting = [one for one in self._operations if one.method == method and one.path.fullmatch(path)]
        if not fitting:
            return None
        most = max(one.literal for one in fitting)
        found = [tuple(_answer_problems(one, status, body)) for one in fitting if one.literal == most]
        return min(found, key=len)


def _operations(path: Path) -> Iterator[Operation]:
    if not _VERSION.search(path.as_posix()) or "ollection" in path.parent.name:
        return
    document = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict) or "openapi" not in document:
        return
    for template, methods in document.get("paths", {}).items():
        pieces = _PLACE.split(template.rstrip("/"))
        pattern = re.compile("[^/]+".join(re.escape(piece) for piece in pieces) + "/?")
        for method, operation in methods.items():
            if method in {"get", "post", "put", "patch", "delete"}:
                literal = sum(map(len, pieces))
                yield Operation(path.name, method.upper(), pattern, literal, operation["responses"], document)


def _answer_problems(operation: Operation, status: int, body: object) -> Iterator[str]:
    answer = operation.responses.get(str(status)) or (operation.responses.get("default") if status >= 400 else None)
    if answer is None:
        yield f"{operation.file}: {operation.method} does not answer {status}"
        return
    if "$ref" in answer:
        answer = operation.document["components"]["responses"][answer["$ref"].rsplit("/", 1)[-1]]
    schemas = [content.get("schema") for content in answer.get("content", {}).values()]
    if not schemas:
        if body is not None:
            yield f"{operation.file}: {status} has no body"
        return
    for problem in value_problems(schemas[0], body, operation.document, "$"):
        yield f"{operation.file}: {problem}"


def value_problems(schema: Mapping[str, Any], value: object, document: Mapping[str, Any], at: str) -> Iterator[str]:
    """Walk what is wrong with ``value``: types, required and undeclared keys, enumerations, formats."""
    name = ""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        schema = document["components"]["schemas"][name]
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            tried = [list(value_problems(one, value, document, at)) for one in schema[choice]]
            yield from min(tried, key=len)
            return
    for part in schema.get("allOf", ()):
        yield from value_problems(part, value, document, at)
    kind = schema.get("type")
    if kind == "object":
        yield from _object_problems(schema, value, document, at, name)
    elif kind == "array":
        if not isinstance(value, list):
            yield f"{at} is no list"
            return
        for place, item in enumerate(value):
            yield from value_problems(schema["items"], item, document, f"{at}[{place}]")
    elif kind is not None:
        yield from _scalar_problems(schema, kind, value, at)


def _object_problems(
    schema: Mapping[str, Any], value: object, document: Mapping[str, Any], at: str, name: str
) -> Iterator[str]:
    declared, rest = schema.get("properties", {}), schema.get("additionalProperties")
    if not declared and not isinstance(rest, Mapping):
        return  # "any JSON value": HubSpot says so of subCategory, which is a text
    if not isinstance(value, Mapping):
        yield f"{at} is no object"
        return
    for key in schema.get("required", ()):
        if value.get(key) is None:
            yield f"{at}.{key} is missing"
    for key, item in value.items():
        if key in declared:
            if item is not None:  # null is how the servers say that an optional value is not set
                yield from value_problems(declared[key], item, document, f"{at}.{key}")
        elif isinstance(rest, Mapping):
            if item is not None:
                yield from value_problems(rest, item, document, f"{at}.{key}")
        elif key not in KNOWN_DIFFERENCES.get(name, ()):
            yield f"{at}.{key} is not declared"


def _scalar_problems(schema: Mapping[str, Any], kind: str, value: object, at: str) -> Iterator[str]:
    types = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
    if not isinstance(value, types[kind]) or (kind != "boolean" and isinstance(value, bool)):
        yield f"{at} is no {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is none of {schema['enum']}"
    if isinstance(value, str) and not _is_formatted(value, schema.get("format", "")):
        yield f"{at} is no {schema['format']}"


def _is_formatted(value: str, form: str) -> bool:
    try:
        if form == "date-time":
            return datetime.fromisoformat(value).tzinfo is not None
        if form == "uuid":
            uuid.UUID(value)
    except ValueError:
        return False
    return True
