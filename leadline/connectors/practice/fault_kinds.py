"""What can go wrong at a practice CRM: the kinds of fault, and how one is told and read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from leadline.common.errors import UsageError
from leadline.common.values import CRMS, Crm

_SECONDS: Final = ("a number of seconds from 0 to 86400", lambda given: _is_number(given) and 0 <= given <= 86_400)
_SECONDS_OR_NONE: Final = ("a number of seconds, or null", lambda given: given is None or _SECONDS[1](given))
_STATUS: Final = ("an HTTP status from 200 to 599", lambda given: _is_whole(given) and 200 <= given <= 599)
_TEXT: Final = ("a text", lambda given: isinstance(given, str))
_TEXTS: Final = (
    "a list of texts",
    lambda given: isinstance(given, list | tuple) and all(isinstance(item, str) for item in given),
)
_MOMENT: Final = ("one of before, after, midbody", lambda given: given in ("before", "after", "midbody"))

KINDS: Final[Mapping[str, Mapping[str, tuple[Any, Any]]]] = {
    # kind -> parameter -> (what it must be, default)
    "slow_answer": {"seconds": (_SECONDS, 1)},
    "dropped_connection": {"when": (_MOMENT, "before")},  # after: the work is done, only the answer is lost
    "too_many_requests": {"retry_after": (_SECONDS_OR_NONE, None), "policy": (_TEXT, "TEN_SECONDLY_ROLLING")},
    "server_error": {"status": (_STATUS, 503), "retry_after": (_SECONDS_OR_NONE, None)},
    "html_body": {"status": (_STATUS, 200)},
    "partial_failure": {"code": (_TEXT, ""), "fields": (_TEXTS, ())},
    "silent_ignore": {"fields": (_TEXTS, ())},
    "late_commit": {"seconds": (_SECONDS, 120)},
    "equal_timestamps": {},
    "expired_session": {},
    "quota_used_up": {"policy": (_TEXT, "DAILY"), "retry_after": (_SECONDS_OR_NONE, None)},
    "lock_error": {},
}
"""Every kind of fault and its own parameters. Those after ``html_body`` are drawn by the dialects' handlers."""

SALESFORCE_ONLY: Final = ("lock_error",)

_COMMON: Final = ("kind", "crm", "match", "key", "rate", "times", "after")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, and when.

    ``match`` is a glob on the endpoint label (``POST /crm/v3/*``), on its path alone (``/services/*``) or a bare
    method. ``key`` is a glob on what the handler names (a record id, an object). Of the matching calls the first
    ``after`` are spared, then each fails with chance ``rate``, ``times`` times at most (None: for ever).
    """

    id: str
    kind: str
    crm: Crm | None = None
    match: str = "*"
    key: str = "*"
    rate: float = 1.0
    times: int | None = None
    after: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, parameter: str) -> Any:
        """Return a parameter of this kind, or its default."""
        return self.parameters.get(parameter, KINDS[self.kind][parameter][1])

    def hits(self, endpoint: str, key: str = "", request: str = "") -> bool:
        """Tell whether this fault concerns a call; ``request`` is its method and literal path, if known."""
        if self.key != "*" and not fnmatchcase(key, self.key):
            return False
        return self.match == "*" or any(self._fits(label) for label in (endpoint, request) if label)

    def _fits(self, label: str) -> bool:
        method, _, path = label.partition(" ")
        return self.match == method or fnmatchcase(label, self.match) or fnmatchcase(path, self.match)

    def plain(self) -> dict[str, Any]:
        """Return the fault as the control endpoint shows it."""
        common: dict[str, Any] = {name: getattr(self, name) for name in ("id", *_COMMON)}
        return common | {name: self[name] for name in KINDS[self.kind]}


def load_faults(path: Path) -> tuple[Mapping[str, Any], ...]:
    """Read fault specs from a YAML or JSON file: a list, or a mapping with ``faults``. Raises UsageError."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        given = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise UsageError(f"{path}: the fault file cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, json.JSONDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: the fault file is not valid YAML or JSON") from error
    try:
        specs = fault_specs(given)
        for position, spec in enumerate(specs, start=1):
            read_fault(spec, position)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    return specs


def fault_specs(given: object) -> tuple[Mapping[str, Any], ...]:
    """Return the specs in what a file or a request gave: one mapping, a list, or ``{"faults": [...]}``."""
    if isinstance(given, Mapping) and "faults" in given:
        given = given["faults"]
    listed = [given] if isinstance(given, Mapping) else given
    if not isinstance(listed, list) or not all(isinstance(spec, Mapping) for spec in listed):
        raise UsageError('faults are a list of mappings such as {"kind": "server_error", "times": 2}')
    return tuple(listed)


def read_fault(spec: Mapping[str, Any], position: int = 1) -> Fault:
    """Check one spec and return its fault; ``position`` counts from 1. Raises UsageError with the nearest name."""
    where = f"fault {position}"
    kind = spec.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise UsageError(f"{where}: unknown kind {kind!r}{_nearest(kind, list(KINDS))}")
    for name in spec:
        if name not in _COMMON and name not in KINDS[kind]:
            known = [*_COMMON, *KINDS[kind]]
            raise UsageError(f"{where}: {kind} has no {name!r}{_nearest(name, known)}")
    checks = {name: rule for name, (rule, _) in KINDS[kind].items()} | _COMMON_RULES
    for name, (wanted, fits) in checks.items():
        if name in spec and not fits(spec[name]):
            raise UsageError(f"{where}: {name} must be {wanted}, not {spec[name]!r}")
    if kind in SALESFORCE_ONLY and spec.get("crm") == "hubspot":
        raise UsageError(f"{where}: HubSpot knows no {kind}; it is Salesforce's")
    common = {name: spec[name] for name in _COMMON if name in spec}
    return Fault(id=f"f{position}", **common, parameters={n: spec[n] for n in KINDS[kind] if n in spec})


_COMMON_RULES: Final = {
    "crm": ("salesforce, hubspot or null", lambda given: given is None or given in tuple(CRMS)),
    "match": _TEXT,
    "key": _TEXT,
    "rate": ("a number from 0 to 1", lambda given: _is_number(given) and 0 <= given <= 1),
    "times": ("a whole number, or null for ever", lambda given: given is None or (_is_whole(given) and given >= 0)),
    "after": ("a whole number, 0 or more", lambda given: _is_whole(given) and given >= 0),
}


def _is_number(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _is_whole(given: object) -> bool:
    return isinstance(given, int) and not isinstance(given, bool)


def _nearest(given: object, known: Sequence[str]) -> str:
    near = get_close_matches(str(given), known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
