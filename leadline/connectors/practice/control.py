"""The control endpoint of a practice CRM: look at the calls, set faults, move the clock."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from leadline.common.canonical import instant_text
from leadline.common.errors import UsageError
from leadline.connectors.practice.credentials import Credentials
from leadline.connectors.practice.faults import fault_specs

if TYPE_CHECKING:
    from leadline.connectors.practice.harness import Harness

_UNITS: Final = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_LONGEST: Final = timedelta(days=3650)


def control_routes(harness: Harness) -> list[Route]:
    """Return the routes ``/_practice/health``, ``credentials``, ``calls``, ``created``, ``faults`` and ``clock``."""

    async def health(_: Request) -> _Line:
        return _Line({"crm": harness.name, "now": instant_text(harness.clock.now())})

    async def credentials(_: Request) -> _Line:
        known = Credentials()
        return _Line(asdict(known) | {"private_key": known.private_key})

    async def calls(request: Request) -> _Line:
        counted = harness.calls.clear() if request.method == "DELETE" else harness.calls.snapshot()
        return _Line({"total": sum(counted.values()), "endpoints": counted})

    async def created(_: Request) -> _Line:
        return _Line({"total": harness.created.total(), "created": dict(sorted(harness.created.items()))})

    async def faults(request: Request) -> _Line:
        if request.method == "DELETE":
            harness.faults.clear()
        if request.method == "POST":
            return await _obey(request, lambda given: harness.faults.add(fault_specs(given)), _faults_of(harness))
        return _Line(_faults_of(harness)())

    async def clock(request: Request) -> _Line:
        if request.method == "POST":
            return await _obey(request, lambda given: _move_clock(harness, given), _clock_of(harness))
        return _Line(_clock_of(harness)())

    return [
        Route("/_practice/health", health, methods=["GET"]),
        Route("/_practice/credentials", credentials, methods=["GET"]),
        Route("/_practice/calls", calls, methods=["GET", "DELETE"]),
        Route("/_practice/created", created, methods=["GET"]),
        Route("/_practice/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/_practice/clock", clock, methods=["GET", "POST"]),
    ]


def read_duration(text: object) -> timedelta:
    """Read ``3d``, ``2h30m``, ``90s`` or a number of seconds; at most ten years. Raises UsageError."""
    parts: dict[str, float] = {}
    if isinstance(text, int | float) and not isinstance(text, bool) and text >= 0:
        parts = {"seconds": text}
    elif isinstance(text, str) and re.fullmatch(r"(?:\d{1,9}[wdhms])+", text):
        for number, unit in re.findall(r"(\d+)([wdhms])", text):
            parts[_UNITS[unit]] = parts.get(_UNITS[unit], 0) + int(number)
    if not parts:
        raise UsageError(f"a duration is a text such as '3d', '2h30m' or '90s', not {text!r}")
    try:
        length = timedelta(**parts)
    except (OverflowError, ValueError):
        length = timedelta.max
    if length > _LONGEST:
        raise UsageError("the practice clock moves by ten years at most")
    return length


def _faults_of(harness: Harness) -> Callable[[], dict[str, Any]]:
    return lambda: {"faults": harness.faults.plain()}


def _clock_of(harness: Harness) -> Callable[[], dict[str, Any]]:
    return lambda: {"now": instant_text(harness.clock.now())}


async def _obey(request: Request, do: Callable[[Any], object], then: Callable[[], dict[str, Any]]) -> _Line:
    """Do what a JSON body asks and show the result; what cannot be understood is 400 and changes nothing."""
    try:
        do(json.loads(await request.body() or b"null"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        return _Line({"error": "the body is not JSON"}, 400)
    except UsageError as error:
        return _Line({"error": str(error)}, 400)
    return _Line(then())


def _move_clock(harness: Harness, given: object) -> None:
    wanted = 'the clock takes {"advance": "3d"}, {"freeze": true} or {"thaw": true}'
    if not isinstance(given, dict) or not given or set(given) - {"advance", "freeze", "thaw"}:
        raise UsageError(wanted)
    if any(given.get(name, True) is not True for name in ("freeze", "thaw")) or {"freeze", "thaw"} <= set(given):
        raise UsageError(wanted)
    by = read_duration(given["advance"]) if "advance" in given else timedelta(0)
    if "freeze" in given:
        harness.clock.freeze()
    if "thaw" in given:
        harness.clock.thaw()
    harness.clock.advance(by)


class _Line(JSONResponse):
    """JSON that ends its line, for who reads it in a terminal."""

    def render(self, content: Any) -> bytes:
        return super().render(content) + b"\n"
