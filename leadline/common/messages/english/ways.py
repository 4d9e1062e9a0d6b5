"""Why a person is in a stage, why each way out is (not) taken, and what changes next."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, str | tuple[str, str]]] = {
    "why": "{stage}: {reason}",
    "why.start": "start",
    "why.adopted": "adopted",
    "why.by_hand": "set by hand",
    "why.rules": "the rules say so",
    "way.held": "a stage set by hand stands",
    "way.missing": "{fields} must be known first",
    "way.used_up": "taken {taken} of {most} times",
    "way.waiting": "the cool-down is not over",
    "way.no_room": "qualifies for {stage}, waits for a place ({most} a day)",
    "way.no_room.per": "qualifies for {stage}, waits for a place ({most} a day per {per})",
    "way.owner_team": "owner team",
    "way.no_entry": "{stage} has no entry criterion",
    "way.frozen": "{fields} may not be read now",
    "way.undecided": "undecided",
    "way.undecided.empty": ("undecided: {fields} is empty", "undecided: {fields} are empty"),
    "way.hint": "would be {stage} at {hint}",
    "hint": "{field} {test}",
    "next.stage": "stage {before} -> {after} ({why})",
    "next.waits": "waits for a place in {stage}",
    "next.waits_no_more": "waits for no place any more",
    "next.waits_in": "waits among others",
    "next.grade": "grade {before} -> {after}",
    "next.temperature": "temperature {before} -> {after}",
    "next.score": "{score} {before} -> {after}",
    "next.bounds": "{score}'s bounds",
    "next.disqualified": "what disqualifies",
}
