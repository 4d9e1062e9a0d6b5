"""HubSpot's published OpenAPI as the judge: the practice server's answers must fit it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.connectors.practice.hubspot.hub import Hub
from tests.connectors.practice.hubspot.openapi_check import Specs, value_problems
from tests.connectors.practice.hubspot.tour import travel

DIRECTORY = os.environ.get("HUBSPOT_OPENAPI_DIR", "")
UNPUBLISHED = (
    *("/email/public/v1/", "/form-integrations/v1/", "/calling/v1/", "/crm/v3/owners/"),
    *("/automation/v4/flows", "/oauth/v2/private-apps/"),
)
"""Calls that HubSpot documents only in prose."""


def test_the_tour_calls_every_route(hub: Hub) -> None:
    """No route escapes the checks that travel the tour."""
    travel(hub, lambda method, path, answer: None)
    called = set(hub.harness.calls.snapshot())
    served = {
        f"{method} {route.path}"
        for route in hub.routes()
        for method in route.methods
        if method != "HEAD" and not route.path.startswith("/_practice/")
    }
    missed = {label for label in served if not any(_same(label, one) for one in called)}
    assert missed == set()


def test_no_answer_of_the_tour_is_a_failure_of_the_server(hub: Hub) -> None:
    """Right or wrong input, the server answers JSON with a status it chose, or nothing with a 204."""
    seen: list[tuple[str, str, int]] = []

    def see(method: str, path: str, answer: requests.Response) -> None:
        if answer.status_code >= 500 or (answer.status_code != 204 and not isinstance(answer.json(), dict | list)):
            seen.append((method, path, answer.status_code))

    travel(hub, see)
    assert seen == []


@pytest.mark.skipif(not DIRECTORY, reason="HUBSPOT_OPENAPI_DIR does not name a directory of HubSpot's OpenAPI files")
def test_every_answer_fits_the_published_openapi(hub: Hub) -> None:
    """Types, required and undeclared keys, enumerations and formats of every answer of the tour."""
    specs = Specs(Path(DIRECTORY))
    problems: dict[str, tuple[str, ...]] = {}
    checked = []

    def see(method: str, path: str, answer: requests.Response) -> None:
        body = answer.json() if answer.content else None
        found = specs.problems(method, path, answer.status_code, body)
        if found is None:
            if not path.startswith(UNPUBLISHED):
                problems[f"{method} {path}"] = ("no published file has this call",)
        else:
            checked.append(path)
            if found:
                problems[f"{method} {path} {answer.status_code}"] = found

    travel(hub, see)
    assert not problems, "\n".join(f"{call}: {'; '.join(found[:4])}" for call, found in problems.items())
    assert len(checked) > 200


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"id": "1", "at": "2026-01-01T00:00:00Z", "kind": "A", "more": {"x": "y", "z": None}}, None),
        ({"at": "2026-01-01T00:00:00Z"}, "$.id is missing"),
        ({"id": 1}, "$.id is no string"),
        ({"id": "1", "at": "yesterday"}, "$.at is no date-time"),
        ({"id": "1", "kind": "C"}, "$.kind is none of ['A', 'B']"),
        ({"id": "1", "more": {"x": 1}}, "$.more.x is no string"),
        ({"id": "1", "list": [True, 1]}, "$.list[1] is no boolean"),
        ({"id": "1", "extra": 1}, "$.extra is not declared"),
        ([], "$ is no object"),
    ],
)
def test_the_judge_sees_what_is_wrong(value: object, problem: str | None) -> None:
    """Each rule of the check finds its fault, and right answers pass."""
    schema: dict[str, Any] = {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string"},
            "at": {"type": "string", "format": "date-time"},
            "kind": {"type": "string", "enum": ["A", "B"]},
            "more": {"type": "object", "additionalProperties": {"type": "string"}},
            "list": {"type": "array", "items": {"type": "boolean"}},
        },
    }
    document = {"components": {"schemas": {"Thing": schema}}}
    found = list(value_problems({"$ref": "#/components/schemas/Thing"}, value, document, "$"))
    assert found == ([] if problem is None else [problem])


def _same(served: str, called: str) -> bool:
    """Tell whether a called label is of a served route: object types stand where the route has a parameter."""
    one, other = served.split("/"), called.split("/")
    return len(one) == len(other) and all(
        piece == there or (piece.startswith("{") and piece in {"{object_type}", "{from_type}", "{to_type}"})
        for piece, there in zip(one, other, strict=True)
    )
