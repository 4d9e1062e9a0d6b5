"""Decisions with ids of their content, and the stored texts of states, outcomes and decisions.

Every text is canonical JSON (``common.canonical``): equal values have equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from leadline.common.canonical import canonical_json, digest, instant_text
from leadline.rules.deciding.history import ordered, value_text
from leadline.rules.model import Book
from leadline.rules.state import (
    Cause,
    Decision,
    Fact,
    Hold,
    Move,
    Outcome,
    PersonState,
    ScoreValue,
    SlaState,
    StageDate,
    Timer,
)


def decision(
    book: Book,
    person: str,
    at: datetime,
    cause: Cause,
    moves: tuple[Move, ...],
    before: Outcome | None,
    after: Outcome,
) -> Decision:
    """Return the decision with its id: a digest of what was decided, not of how the fold came there."""
    content = {"person": person, "at": at, "book": book.hash, "moves": moves, "before": before, "after": after}
    return Decision(f"d-{digest(content)[:20]}", person, at, cause, book.hash, moves, before, after)


def unidentified(
    book: Book,
    person: str,
    at: datetime,
    cause: Cause,
    moves: tuple[Move, ...],
    before: Outcome | None,
    after: Outcome,
) -> Decision:
    """Return the decision without an id, for who never stores or shows it."""
    return Decision("", person, at, cause, book.hash, moves, before, after)


def input_hash(before: PersonState | None, facts: Iterable[Fact], until: datetime) -> str:
    """Return the digest of everything a fold read: the state with its history, the new facts and the frontier."""
    known = [] if before is None else [_fact_text(fact) for fact in before.history]
    state = None if before is None else state_to_json(before)
    return digest(
        {"state": state, "known": known, "news": [_fact_text(fact) for fact in ordered(facts)], "until": until}
    )


def state_to_json(state: PersonState) -> str:
    """Return the state without its history, which the mirror keeps."""
    return canonical_json(
        {
            "person": state.person,
            "frontier": state.frontier,
            "outcome": state.outcome,
            "pass_began": state.pass_began,
            "taken": state.taken,
            "hold": state.hold,
            "livelock": state.livelock,
            **({"timers": state.timers} if state.timers else {}),
        }
    )


def state_from_json(text: str, history: Iterable[Fact] = ()) -> PersonState:
    """Read what ``state_to_json`` wrote, and attach the history again."""
    data = json.loads(text)
    hold = data["hold"]
    return PersonState(
        data["person"],
        _instant(data["frontier"]),
        outcome_from_json(data["outcome"]),
        _instant(data["pass_began"]),
        dict(data["taken"]),
        None if hold is None else Hold(hold["stage"], hold["who"], _instant(hold["at"]), _maybe(hold["until"])),
        data["livelock"],
        ordered(history),
        {name: timer_from_json(item) for name, item in data.get("timers", {}).items()},
    )


def outcome_to_json(outcome: Outcome) -> str:
    """Return the canonical text of an outcome."""
    return canonical_json(outcome)


def outcome_from_json(data: str | Mapping[str, Any]) -> Outcome:
    """Read an outcome from its text or from the parsed JSON."""
    found: Mapping[str, Any] = json.loads(data) if isinstance(data, str) else data
    return Outcome(
        found["stage"],
        _instant(found["since"]),
        found["pass_number"],
        {
            name: ScoreValue(Decimal(item["value"]), Decimal(item["lowest"]), Decimal(item["highest"]))
            for name, item in found["scores"].items()
        },
        dict(found["grades"]),
        found["cell"],
        found["temperature"],
        tuple(found["disqualified"]),
        found["previous"],
        found["why"],
        {name: StageDate(_instant(item["at"]), item["implied"]) for name, item in found["entered"].items()},
        {name: _sla_state(item) for name, item in found.get("slas", {}).items()},
        waits_for=found.get("waits_for"),
        waits_since=_maybe(found.get("waits_since")),
        waits_in=found.get("waits_in", ""),
    )


def timer_from_json(found: Mapping[str, Any]) -> Timer:
    """Read a timer from the parsed JSON of a state."""
    return Timer(
        found["stage"],
        _instant(found["entered"]),
        _instant(found["started"]),
        found["target"],
        found["calendar"],
        found["rules"],
        _maybe(found["floor"]),
        _maybe(found["due"]),
        tuple((_instant(start), _maybe(end)) for start, end in found["pauses"]),
        _maybe(found["stopped"]),
        found["withdrawn"],
        _maybe(found["breached"]),
        _maybe(found["ended"]),
        found["void"],
        tuple(Decimal(share) for share in found["reached"]),
        found["alarmed"],
        _maybe(found["kept"]),
        _maybe(found["kept_due"]),
        found.get("again", False),
    )


def _sla_state(found: Mapping[str, Any]) -> SlaState:
    return SlaState(
        found["status"],
        _instant(found["started"]),
        _maybe(found["due"]),
        _maybe(found["breached"]),
        _maybe(found["ended"]),
        tuple(Decimal(share) for share in found["reached"]),
        found.get("corrected", False),
    )


def decision_to_json(made: Decision) -> str:
    """Return the canonical text of a decision."""
    return canonical_json(made)


def decision_from_json(data: str | Mapping[str, Any]) -> Decision:
    """Read a decision from its text or from the parsed JSON."""
    found: Mapping[str, Any] = json.loads(data) if isinstance(data, str) else data
    moves = tuple(
        Move(item["source"], item["target"], item["by"], item["reason"], tuple(item["implied"]))
        for item in found["moves"]
    )
    before = None if found["before"] is None else outcome_from_json(found["before"])
    after = outcome_from_json(found["after"])
    at = _instant(found["at"])
    return Decision(found["id"], found["person"], at, found["cause"], found["book"], moves, before, after)


def _fact_text(fact: Fact) -> str:
    parts = (
        fact.kind,
        fact.name,
        value_text(fact.value),
        instant_text(fact.at),
        fact.source,
        fact.record,
        instant_text(fact.seen),
        str(fact.rank),
        fact.precision,
    )
    return "\x1e".join(parts)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else _instant(text)
