"""What a decision causes: a pure function of the book and of the stored decision, so it can always be told again.

Only the stage in which a person comes to rest causes its actions; a stage that was skipped over causes none.
Adoption and a changed book cause nothing, unless the stage asks for it (``on_adoption``); a move by hand does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from leadline.common.canonical import digest
from leadline.rules.backends.consequences import CauseRules, Deriving, durable_consequences
from leadline.rules.causes import enter_cause, has_actions, rung_cause
from leadline.rules.consequences_json import consequence_kind
from leadline.rules.model import Action, Book, CloseTask, Consequence
from leadline.rules.state import Decision, Effect

_MOVED: Final = frozenset({"facts", "time"})


def effects_of(book: Book, decision: Decision, deriving: Deriving | None = None) -> tuple[Effect, ...]:
    """Return the effects of one decision, in order; none for a book without actions.

    ``deriving`` replaces durable_rules, for tests against the readable reference. Raises RefusedError for more
    actions of one cause than can be derived.
    """
    if not has_actions(book):
        return ()
    chosen = deriving if deriving is not None else durable_consequences(cause_rules(book))
    moved = decision.cause in _MOVED
    return tuple(
        _effect(decision, cause, number, actions[number])
        for cause, actions in _causes(book, decision)
        for number in chosen.derive(cause, moved=moved)
    )


def entering(book: Book, person: str, stage: str, at: datetime, *, moved: bool) -> tuple[Effect, ...]:
    """Return the effects of coming to rest in a stage at ``at``: by facts or time (``moved``), else by adoption."""
    if stage not in book.on_enter:
        return ()
    cause, actions = enter_cause(stage), book.on_enter[stage].actions
    numbers = durable_consequences(cause_rules(book)).derive(cause, moved=moved)
    return tuple(_made(person, at, cause, number, actions[number], "") for number in numbers)


def cause_rules(book: Book) -> tuple[CauseRules, ...]:
    """Return every cause of a book with the number of its actions: what durable_rules is given."""
    entered = [
        CauseRules(enter_cause(name), len(item.actions), item.on_adoption) for name, item in book.on_enter.items()
    ]
    rungs = [
        CauseRules(rung_cause(name, rung.share), len(rung.actions))
        for name, sla in book.slas.items()
        for rung in sla.ladder
    ]
    return (*entered, *rungs)


def entered_stage(decision: Decision) -> str | None:
    """Return the stage that the decision led into, None where the person stayed; a first one enters its stage."""
    if decision.before is None:
        return decision.after.stage
    if decision.moves and decision.after.stage != decision.before.stage:
        return decision.after.stage
    return None


def left_stage(decision: Decision) -> str | None:
    """Return the stage that the decision led out of, if it did."""
    return decision.before.stage if decision.before is not None and entered_stage(decision) is not None else None


def closing(decision: Decision, stage: str, opened: str) -> Effect:
    """Return the effect that closes the task of the effect ``opened``, because its person left ``stage``."""
    return _made(decision.person, decision.at, f"leave {stage}", 0, CloseTask(opened), decision.id)


def _causes(book: Book, decision: Decision) -> Iterator[tuple[str, tuple[Action, ...]]]:
    stage = entered_stage(decision)
    if stage is not None and stage in book.on_enter:
        yield enter_cause(stage), book.on_enter[stage].actions
    for name, state in decision.after.slas.items():
        before = decision.before.slas.get(name) if decision.before is not None else None
        known = before.reached if before is not None and before.started == state.started else ()
        ladder = book.slas[name].ladder if name in book.slas else ()
        for rung in ladder:
            if rung.share in state.reached and rung.share not in known:
                yield rung_cause(name, rung.share), rung.actions


def _effect(decision: Decision, cause: str, number: int, action: Action) -> Effect:
    return _made(decision.person, decision.at, cause, number, action, decision.id)


def _made(person: str, at: datetime, cause: str, number: int, action: Consequence, decision: str) -> Effect:
    opened = [action.key] if isinstance(action, CloseTask) else []
    key = digest([person, cause, at, number, consequence_kind(action), *opened])
    return Effect(f"e-{key[:32]}", person, at, cause, number, action, decision)
