"""The fold of the people of one account together: account facts first, then each person with them.

Pure, as ``Engine`` is; who belongs to an account is the caller's knowledge. A person without an account is alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from leadline.rules.deciding.engine import Engine
from leadline.rules.deciding.units import from_account, since
from leadline.rules.state import Adopted, Advance, Fact, PersonState

People = Mapping[str, Iterable[Fact]]
"""What is known of each person of one account, without what comes from the account."""


def begin_together(
    engine: Engine, people: People, at: datetime, adopted: Mapping[str, Adopted] | None = None
) -> dict[str, Advance]:
    """Take all people of one account up at ``at``; see ``Engine.begin``."""
    own = {person: tuple(facts) for person, facts in people.items()}
    shared = () if engine.unit is None else engine.unit.derive(own, at)
    return {
        person: engine.begin(person, (*facts, *shared), at, (adopted or {}).get(person))
        for person, facts in own.items()
    }


def advance_together(
    engine: Engine, states: Mapping[str, PersonState], news: People, until: datetime
) -> dict[str, Advance]:
    """Fold the news of all people of one account, and time, into their states up to ``until``.

    ``states`` are all of the account; who has no news is there, too. Raises ValueError as ``Engine.advance`` does.
    """
    fresh = {person: tuple(news.get(person, ())) for person in states}
    if engine.unit is None:
        return {person: engine.advance(state, fresh[person], until) for person, state in states.items()}
    known = {
        person: (*(fact for fact in state.history if not from_account(fact)), *fresh[person])
        for person, state in states.items()
    }
    shared = engine.unit.derive(known, min(state.frontier for state in states.values()))
    return {
        person: engine.advance(state, (*fresh[person], *since(shared, state.frontier)), until)
        for person, state in states.items()
    }
