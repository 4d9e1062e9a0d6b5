"""Decisions told as events: every grade crossed, stage left and entered, SLA started, met or breached, its rungs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from leadline.common.canonical import decimal_text, instant_text
from leadline.rules.consequences_json import consequence_kind
from leadline.rules.effects import effects_of
from leadline.rules.model import Book
from leadline.rules.state import Decision, Outcome, SlaState

EventKind = Literal["leave", "enter", "grade", "temperature", "disqualified", "sla", "effect"]
COLUMNS: Final = ("at", "person_id", "event", "name", "from", "to", "by", "why", "decision")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a decision changed.

    ``name`` is the stage, the score (``grade`` for the grid's cell), the SLA; ``before``, ``after`` what it was and
    became: of a stage the other stage, of an SLA its status or the share of its target, of an effect its cause.
    ``by`` is the transition, or the decision's cause; ``implied`` marks a stage that was passed over.
    """

    at: datetime
    person: str
    kind: EventKind
    name: str
    before: str | None
    after: str | None
    by: str
    why: str
    decision: str

    def row(self) -> dict[str, str | None]:
        """Return the event under the names of ``COLUMNS``."""
        at = instant_text(self.at)
        values = (at, self.person, self.kind, self.name, self.before, self.after, self.by, self.why, self.decision)
        return dict(zip(COLUMNS, values, strict=True))


def events_of(book: Book, decisions: Iterable[Decision], born: datetime | None = None) -> Iterator[Event]:
    """Yield what each decision changed and what it causes, in order; nothing is told as before ``born``."""
    for made in decisions:
        at = made.at if born is None else max(made.at, born)
        yield from _stages(made, at)
        yield from _grades(made, at)
        yield from _timers(made, at)
        for effect in effects_of(book, made):
            kind = consequence_kind(effect.action)
            yield Event(at, made.person, "effect", kind, None, effect.cause, made.cause, "", made.id)


def _stages(made: Decision, at: datetime) -> Iterator[Event]:
    if made.before is None:
        stage = made.moves[0].source if made.moves else made.after.stage
        yield Event(at, made.person, "enter", stage, None, None, "begins", "", made.id)
    for move in made.moves:
        last = move is made.moves[-1]
        why = made.after.why if last else move.reason or ""
        yield Event(at, made.person, "leave", move.source, None, move.target, move.by, "", made.id)
        for name in move.implied:
            yield Event(at, made.person, "enter", name, move.source, None, "implied", "passed over", made.id)
        yield Event(at, made.person, "enter", move.target, move.source, None, move.by, why, made.id)


def _grades(made: Decision, at: datetime) -> Iterator[Event]:
    before, after = made.before, made.after
    pairs = [(name, _grade(before, name), grade) for name, grade in after.grades.items()]
    pairs.append(("grade", before.cell if before else None, after.cell))
    for name, was, now in pairs:
        if was != now:
            yield Event(at, made.person, "grade", name, was, now, made.cause, "", made.id)
    warm = before.temperature if before else None
    if warm != after.temperature:
        yield Event(at, made.person, "temperature", "temperature", warm, after.temperature, made.cause, "", made.id)
    for reason in sorted(set(after.disqualified) - set(before.disqualified if before else ())):
        yield Event(at, made.person, "disqualified", reason, None, None, made.cause, "", made.id)


def _grade(outcome: Outcome | None, name: str) -> str | None:
    return outcome.grades.get(name) if outcome is not None else None


def _timers(made: Decision, at: datetime) -> Iterator[Event]:
    known = made.before.slas if made.before is not None else {}
    for name, now in made.after.slas.items():
        was = known.get(name)
        if was is not None and was.started != now.started:
            was = None
        for before, after in _turns(was, now):
            due = f"due {instant_text(now.due)}" if now.due is not None else ""
            yield Event(at, made.person, "sla", name, before, after, made.cause, due, made.id)


def _turns(was: SlaState | None, now: SlaState) -> Iterator[tuple[str | None, str]]:
    """Yield (before, after): the start, each rung reached, and the status where it differs."""
    if was is None:
        yield None, "started"
    for share in now.reached[len(was.reached) if was is not None else 0 :]:
        yield "reached", decimal_text(share)
    before = was.status if was is not None else "running"
    if now.status != before:
        yield before, now.status
