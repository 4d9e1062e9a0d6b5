"""HubSpot's names of the objects that Leadline reads, and which property holds their modification stamp."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from leadline.common.errors import UsageError


@dataclass(frozen=True, slots=True)
class Kind:
    """One object type: ``path`` is its name in addresses, ``stamp`` its modification property (contacts differ)."""

    path: str
    stamp: str = "hs_lastmodifieddate"
    created: str = "createdate"


KINDS: Final[Mapping[str, Kind]] = {
    "contact": Kind("contacts", stamp="lastmodifieddate"),
    "company": Kind("companies"),
    "deal": Kind("deals"),
    "call": Kind("calls", created="hs_createdate"),
    "meeting": Kind("meetings", created="hs_createdate"),
    "task": Kind("tasks", created="hs_createdate"),
    "note": Kind("notes", created="hs_createdate"),
    "email": Kind("emails", created="hs_createdate"),
}


def kind_of(name: str) -> Kind:
    """Return an object type by its singular name; raises UsageError for an unknown one."""
    if name not in KINDS:
        raise UsageError(f"HubSpot has no object {name!r}: use one of {', '.join(KINDS)}")
    return KINDS[name]
