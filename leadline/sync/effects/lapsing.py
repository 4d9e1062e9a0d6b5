"""Actions that were put off, by a CRM that was down or that refused them, until their reason was gone."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from leadline.rules.causes import enter_cause, rung_cause
from leadline.rules.model import AddTo, AssignOwner, Book, Consequence, CreateTask, Notify, SetField
from leadline.rules.model.actions import RELATIVES
from leadline.sync.store.effects import OPEN, EffectRow, effects_by_status
from leadline.sync.store.outcomes import in_stage_since, stages_decided


def lapsed(connection: Connection, book: Book, cycle: int) -> dict[str, str]:
    """Return the actions of earlier cycles than ``cycle`` whose stage was left since, by key, each with the reason.

    An owner, a value, a membership or a task belongs to the stage that asked for it: carried out later, it would
    write over what was decided since. Notes and notices to channels say what happened, which stays true. What may
    stand in a CRM already is not among them: that is looked for first.
    """
    rows = [row for row in effects_by_status(connection, (*OPEN, "parked")) if row.cycle < cycle and unmade(row)]
    rows = [row for row in rows if belongs_to_stage(row.consequence)]
    since = in_stage_since(connection, {row.person_id for row in rows})
    rows = [row for row in rows if row.person_id in since and since[row.person_id] > row.at]
    stages = stages_decided(connection, [row.decision_id for row in rows])
    return {
        row.key: left_before(stages[row.decision_id])
        for row in rows
        if row.cause in set(causes_within(book, stages.get(row.decision_id, "")))
    }


def unmade(row: EffectRow) -> bool:
    """Whether nothing of an action stands in a CRM, as far as that can be known without asking."""
    return row.status in OPEN or (row.status == "parked" and not row.remote_id)


def belongs_to_stage(consequence: Consequence) -> bool:
    """Whether an action is meant for as long as the stage lasts that asked for it."""
    return makes_task(consequence) or isinstance(consequence, AddTo | AssignOwner | SetField)


def makes_task(consequence: Consequence) -> bool:
    """Whether an action makes a task: a notice to a person is one."""
    return isinstance(consequence, CreateTask) or (isinstance(consequence, Notify) and consequence.to in RELATIVES)


def causes_within(book: Book, stage: str) -> Iterator[str]:
    """Yield the causes whose actions end with a stage: its own entry, by every name it had, and its SLAs."""
    known = book.stages.get(stage)
    yield from (enter_cause(name) for name in (stage, *(known.renamed if known is not None else ())))
    for name, sla in book.slas.items():
        if stage in sla.starts:
            yield from (rung_cause(name, rung.share) for rung in sla.ladder)


def left_before(stage: str) -> str:
    """Return the reason that is kept with an action whose stage was left."""
    return f"left {stage} before it was done"
