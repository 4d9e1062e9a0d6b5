"""From decisions to waiting effects, in the transaction of the evaluation that made them.

A trial evaluation takes them back with everything else. Recording twice changes nothing: an effect has one key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from leadline.rules.causes import has_actions, rung_cause
from leadline.rules.deciding import outcome_from_json
from leadline.rules.effects import closing, effects_of, left_stage
from leadline.rules.model import Book, CloseTask
from leadline.rules.state import Decision, Effect, Outcome
from leadline.sync.effects.lapsing import causes_within, lapsed, left_before, makes_task, unmade
from leadline.sync.store.effects import (
    EffectRow,
    add_effects,
    any_effects,
    effects_by_key,
    effects_by_status,
    effects_of_persons,
    look_again,
    move_effects,
    settle_effects,
)
from leadline.sync.store.outcomes import load_lifecycle

LOOK_BACK: Final = timedelta(minutes=10)
"""How long a CRM may tell of the past (facts.md, hazard 2): the consequence of an SLA waits for it."""
PATIENCE: Final = timedelta(days=30)
"""How long plans try what they have to hold back, such as a list that nobody made; then it is left out."""
TRIES: Final = 10
"""Cycles that must have passed besides: after an outage of any length what waits is tried first."""
LATE: Final = timedelta(hours=1)
"""From here on a consequence counts as late: an SLA may say that it is then left out (``late: skip``)."""


def record_effects(
    connection: Connection,
    book: Book,
    decisions: Sequence[Decision],
    *,
    cycle: int,
    frontier: datetime,
    joined: Mapping[str, Sequence[str]] | None = None,
    gone: Iterable[str] = (),
) -> None:
    """Store what decisions cause as waiting, in the order in which they were made.

    Who left a stage no longer needs its tasks: those that were not made yet are withdrawn, the others are closed.
    ``joined`` gives each person those who were joined into them; ``gone`` are persons without a lifecycle any more,
    for whom nothing is done.
    """
    if joined:
        move_effects(connection, joined)
    found = [effect for decision in decisions for effect in effects_of(book, decision)]
    kept, skipped = _in_time(book, found, frontier)
    add_effects(connection, [*kept, *skipped], cycle, frontier)
    settle_effects(connection, {effect.key: _late(effect, frontier) for effect in skipped}, "skipped", frontier)
    _leave(connection, book, decisions, cycle, frontier)
    theirs = [row for row in effects_of_persons(connection, gone) if unmade(row)]
    lost = dict.fromkeys((row.key for row in theirs), "out of the book's scope")
    settle_effects(connection, lost, "withdrawn", frontier)


def tidy_effects(connection: Connection, book: Book, cycle: int, frontier: datetime) -> None:
    """Withdraw what is no longer wanted among all that waits, or that was refused.

    That is the consequences of SLAs that are ripe and that the outcome does not tell of any more: what became known
    within the look-back may have met the SLA in time (stage moves are never taken back). It is the closing of
    tasks that came to nothing. And it is what was put off until its stage was left.
    """
    settle_effects(connection, lapsed(connection, book, cycle), "withdrawn", frontier)
    held = effects_by_status(connection, ("waiting", "failed"))
    waiting = [row for row in held if row.status == "waiting"]
    _close_nothing(connection, waiting, frontier)
    old = [row for row in held if frontier - row.changed_at > PATIENCE]
    given_up = [row.key for row in old if cycle - row.cycle >= TRIES]
    settle_effects(connection, dict.fromkeys(given_up, f"held back for {PATIENCE.days} days"), "skipped", frontier)
    ripe = [row for row in waiting if _of_sla(row) and is_ripe(row, frontier)]
    people = load_lifecycle(connection, {row.person_id for row in ripe})
    outcomes = {person: outcome_from_json(row.outcome) for person, row in people.items()}
    told = {person: set(_told(outcome)) for person, outcome in outcomes.items()}
    lost = {row.key: "met in time after all" for row in ripe if row.cause not in told.get(row.person_id, set())}
    settle_effects(connection, lost, "withdrawn", frontier)


def is_ripe(row: EffectRow, frontier: datetime) -> bool:
    """Say whether an effect may be planned at ``frontier``: the consequence of an SLA waits for the look-back."""
    return not _of_sla(row) or frontier >= row.at + LOOK_BACK


def concerned(connection: Connection, book: Book) -> bool:
    """Say whether this book causes anything, or an earlier one did."""
    return has_actions(book) or any_effects(connection)


def _in_time(book: Book, found: Sequence[Effect], frontier: datetime) -> tuple[list[Effect], list[Effect]]:
    """Split off what fell due too long ago under an SLA that leaves out what is late."""
    skipping = {
        rung_cause(name, rung.share) for name, sla in book.slas.items() if sla.late == "skip" for rung in sla.ladder
    }
    kept: list[Effect] = []
    late: list[Effect] = []
    for effect in found:
        skipped = effect.cause in skipping and frontier - effect.at > LATE + LOOK_BACK
        (late if skipped else kept).append(effect)
    return kept, late


def _late(effect: Effect, frontier: datetime) -> str:
    hours = (frontier - effect.at) // timedelta(hours=1)
    return f"{hours} hours late; the rule book leaves out what is late"


def _leave(connection: Connection, book: Book, decisions: Sequence[Decision], cycle: int, frontier: datetime) -> None:
    """Withdraw or close the tasks of stages that people left."""
    leaving = [(decision, stage) for decision in decisions if (stage := left_stage(decision)) is not None]
    if not leaving:
        return
    mine: dict[str, list[EffectRow]] = {}
    closed: set[str] = set()
    for row in effects_of_persons(connection, {decision.person for decision, _ in leaving}):
        consequence = row.consequence
        if isinstance(consequence, CloseTask):
            closed.add(consequence.key)
        elif makes_task(consequence):
            mine.setdefault(row.person_id, []).append(row)
    left: dict[str, str] = {}
    closings: list[Effect] = []
    doubtful: list[str] = []
    for decision, stage in leaving:
        causes = set(causes_within(book, stage))
        for row in mine.get(decision.person, ()):
            if row.at >= decision.at or row.cause not in causes or row.key in closed | left.keys():
                continue
            if unmade(row):
                left[row.key] = left_before(stage)
            elif row.status == "claimed" or row.stands or row.doubtful:
                closings.append(closing(decision, stage, row.key))
                closed.add(row.key)
                doubtful += [row.key] if row.doubtful else []
    settle_effects(connection, left, "withdrawn", frontier)
    look_again(connection, doubtful, frontier)
    add_effects(connection, closings, cycle, frontier)


def _close_nothing(connection: Connection, waiting: Sequence[EffectRow], frontier: datetime) -> None:
    """Withdraw tasks that were about to be made when their stage was left, and that never were."""
    opened = {row.key: row.consequence.key for row in waiting if isinstance(row.consequence, CloseTask)}
    known = effects_by_key(connection, opened.values())
    never = {key: task for key, task in opened.items() if known[task].status != "claimed" and not known[task].stands}
    settle_effects(connection, dict.fromkeys(never, "the task was never made"), "withdrawn", frontier)
    left = {task: "its stage was left" for task in never.values() if unmade(known[task])}
    settle_effects(connection, left, "withdrawn", frontier)


def _of_sla(row: EffectRow) -> bool:
    return row.cause.startswith("sla ")


def _told(outcome: Outcome) -> Iterator[str]:
    for name, state in outcome.slas.items():
        yield from (rung_cause(name, share) for share in state.reached)
