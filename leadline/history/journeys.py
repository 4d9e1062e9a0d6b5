"""A life made short: the stages visited, the timers, what it would have written and caused, and when it was won."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from leadline.history.living import Life
from leadline.history.replaying import Span
from leadline.rules.consequences_json import consequence_kind
from leadline.rules.deciding import Engine
from leadline.rules.deciding.history import History
from leadline.rules.deciding.moment import Moment
from leadline.rules.effects import effects_of
from leadline.rules.model import Book
from leadline.rules.state import Decision, Fact, Outcome, SlaState, Unreadable

OWNER = "owner"
"""The field of the book that names a person's owner, where there is one."""
NOBODY = "unassigned"


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay in a stage, ``left`` None while it lasts; ``source`` None where the person began."""

    stage: str
    at: datetime
    left: datetime | None
    source: str | None
    pass_number: int
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Timer:
    """One SLA timer as it stood in the end, and whose it was when it started."""

    sla: str
    owner: str
    state: SlaState


@dataclass(frozen=True, slots=True)
class Journey:
    """One person under one book.

    ``wins`` are when their deals were won; ``points`` say for ``(score, criterion)`` whether it gave points at the
    landmark, None where unknown, nothing where the landmark is not within the span.
    """

    person: str
    born: datetime
    visits: tuple[Visit, ...]
    timers: tuple[Timer, ...]
    writes: int
    actions: Mapping[str, int]
    wins: tuple[datetime, ...]
    assumed: tuple[str, ...]
    landmark: datetime | None = None
    points: Mapping[tuple[str, str], bool | None] = field(default_factory=dict)

    def entered(self, stage: str) -> datetime | None:
        """Return when a stage was first entered in person, not passed over."""
        return next((visit.at for visit in self.visits if visit.stage == stage and not visit.implied), None)

    def won(self, since: datetime) -> datetime | None:
        """Return the first win at or after an instant."""
        return next((at for at in self.wins if at >= since), None)


def journey_of(life: Life, engine: Engine, span: Span, landmark: timedelta) -> Journey:
    """Return what counts of a life in ``span``; ``landmark`` is how long after ``born`` (or its start) to look."""
    book = engine.book
    born = life.history.born
    inside = [made for made in life.decisions if max(made.at, born) in span]
    at = max(born, span.since) + landmark
    looked = at if at < span.until else None
    known = None
    if looked is not None or any(made.after.slas for made in inside):
        known = History(life.state.history, book.readable, book.deals)
    return Journey(
        life.history.person,
        born,
        tuple(_visits(life)),
        tuple(_timers(book, life.decisions, known)),
        _writes(book, inside),
        Counter(consequence_kind(effect.action) for made in inside for effect in effects_of(book, made)),
        tuple(sorted(fact.at for fact in life.history.facts if _is_win(fact, span))),
        life.history.assumed,
        looked,
        _points(engine, known, looked) if known is not None and looked is not None else {},
    )


def _is_win(fact: Fact, span: Span) -> bool:
    return fact.kind == "deal" and fact.name == "deal" and fact.value == "won" and fact.at < span.until


def _visits(life: Life) -> Iterator[Visit]:
    first = life.decisions[0]
    stage = first.moves[0].source if first.moves else first.after.stage
    here = Visit(stage, life.history.born, None, None, 1)
    for made in life.decisions:
        at = max(made.at, life.history.born)
        for move in made.moves:
            yield replace(here, left=at)
            number = made.after.pass_number
            for name in move.implied:
                yield Visit(name, at, at, move.source, number, implied=True)
            here = Visit(move.target, at, None, move.source, number)
    yield here


def _timers(book: Book, decisions: Sequence[Decision], known: History | None) -> Iterator[Timer]:
    found: dict[tuple[str, datetime], SlaState] = {}
    for made in decisions:
        for name, state in made.after.slas.items():
            found[name, state.started] = state
    for (name, started), state in found.items():
        yield Timer(name, _owner(book, name, known, started), state)


def _owner(book: Book, sla: str, known: History | None, at: datetime) -> str:
    if known is not None and OWNER in book.fields:
        value = known.value(OWNER, at)
        return NOBODY if value is None or isinstance(value, Unreadable) else str(value)
    starts = book.slas[sla].starts if sla in book.slas else ()
    return next((owner for stage in starts if (owner := book.stages[stage].owner)), NOBODY)


def _writes(book: Book, decisions: Sequence[Decision]) -> int:
    """Count how often something would be written: moves and grades at once, plain drift once a ``drift``."""
    at_once = 0
    drifts: set[date] = set()
    for made in decisions:
        if made.before is None or _shown(made.before) != _shown(made.after):
            at_once += 1
        elif book.publish.drift is not None:
            drifts.add(made.at.date())
    return at_once + len(drifts)


def _shown(outcome: Outcome) -> tuple[object, ...]:
    return (outcome.stage, outcome.pass_number, outcome.cell, dict(outcome.grades), outcome.temperature)


def _points(engine: Engine, known: History, at: datetime) -> dict[tuple[str, str], bool | None]:
    moment = Moment(known, at)
    moment.card = engine.settling.scoring.card(moment)
    found: dict[tuple[str, str], bool | None] = {}
    for name, score in engine.settling.scoring.scores.items():
        for compiled in score.criteria:
            if compiled.criterion.disqualify is None:
                worth = compiled.worth(moment)
                sure = worth.lowest == worth.highest
                found[name, compiled.criterion.name] = bool(worth.points) if sure else None
    return found
