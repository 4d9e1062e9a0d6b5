"""One person's fold in one cycle: what ``evaluate`` does and ``verify`` does again, from the same inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from leadline.rules.deciding import Engine, input_hash, state_from_json
from leadline.rules.state import Adopted, Advance, Decision, Fact, PersonState
from leadline.sync.intake import PersonFacts
from leadline.sync.slas.editing import Edit, edits_of


@dataclass(frozen=True, slots=True)
class Before:
    """Where a person stood: the state's text, the cycle whose knowledge it holds, and the book it was made under."""

    state: str
    cycle: int
    book_hash: str


@dataclass(frozen=True, slots=True)
class Folded:
    """What one fold gave. ``input_hash`` covers everything that it read.

    ``edits`` say what another book did to the timers that ran, by SLA.
    """

    advance: Advance
    decisions: tuple[Decision, ...]
    adopted: bool
    activated: bool
    input_hash: str
    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)


def fold_person(
    engine: Engine, before: Before | None, facts: PersonFacts, previous: datetime | None, frontier: datetime
) -> Folded:
    """Bring one person to ``frontier``. ``previous`` is the frontier evaluated to before, None at first.

    Without a state the person is adopted as the CRMs have them; who was made after the previous frontier begins
    just before that, with nothing known, so that what follows is caused by facts. Otherwise time passes to the
    previous frontier first, so that lateness is judged against the last cycle, and then the new facts are taken in.
    Under another book the old state is activated at the previous frontier with all that is known. Facts of the
    account come as a whole, by what is known now of all its people, and move stages from the previous frontier on.
    """
    if before is None:
        return _begin(engine, facts, previous, frontier)
    state = state_from_json(before.state)
    start = state.frontier if previous is None else max(state.frontier, previous)
    if before.book_hash != engine.book.hash:
        known = (*facts.all(), *facts.shared(engine.unit, start))
        state = state_from_json(before.state, known)
        first = engine.activate(state, start)
        folded = _folded(state, (), frontier, first, engine.advance(first.state, (), frontier), activated=True)
        return replace(folded, edits=dict(edits_of(state.timers, first.state.timers, start)))
    news = facts.after(before.cycle)
    state = state_from_json(before.state, facts.until(before.cycle))
    if engine.unit is None:
        first = engine.advance(state, (), start)
    else:
        # Who was due by then was evaluated then, so nothing differs; and who has left the account since is not known.
        first = Advance(replace(state, frontier=start), (), None)
        news = (*news, *facts.shared(engine.unit, start))
    return _folded(state, news, frontier, first, engine.advance(first.state, news, frontier))


def _begin(engine: Engine, facts: PersonFacts, previous: datetime | None, frontier: datetime) -> Folded:
    known = facts.all()
    person, adopted = facts.person, _since_made(facts)
    if previous is None or facts.created is None or facts.created <= previous:
        known = (*known, *facts.shared(engine.unit, frontier))
        first = engine.begin(person, known, frontier, adopted)
        return _folded(None, known, frontier, first, adopted=True)
    at = min(facts.created, frontier) - timedelta(microseconds=1)
    first = engine.begin(person, (), at, adopted)
    known = (*known, *facts.shared(engine.unit, min(facts.created, frontier)))
    return _folded(None, known, frontier, first, engine.advance(first.state, known, frontier), adopted=True)


def _since_made(facts: PersonFacts) -> Adopted:
    """Let who has no stage in any CRM be in the start stage since their first record was made."""
    if facts.adopted.stage is None and facts.adopted.since is None and facts.created is not None:
        return replace(facts.adopted, since=facts.created)
    return facts.adopted


def _folded(
    before: PersonState | None,
    news: tuple[Fact, ...],
    frontier: datetime,
    first: Advance,
    last: Advance | None = None,
    *,
    adopted: bool = False,
    activated: bool = False,
) -> Folded:
    decisions = first.decisions + (last.decisions if last is not None else ())
    read = input_hash(before, news, frontier) if decisions else ""
    return Folded(last or first, decisions, adopted, activated, read)
