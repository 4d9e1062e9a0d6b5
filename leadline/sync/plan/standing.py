"""Whose value stays: the book's policy for a value of ours that somebody else has changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from leadline.common.folding import fold
from leadline.rules.model import Book
from leadline.sync.plan.normal import same
from leadline.sync.store.conflicts import Conflict

if TYPE_CHECKING:
    from leadline.sync.plan.desired import Desired
    from leadline.sync.plan.source import RecordView


def by_human(conflict: Conflict, machines: Iterable[str]) -> bool:
    """Say whether a user made the change who is not one of the book's machines."""
    return conflict.by_user and fold(conflict.author) not in {fold(name) for name in machines}


def theirs_stands(book: Book, frontier: datetime, item: Desired, record: RecordView) -> str | None:
    """Return why the value that the record shows is left alone under the book's policy; None where ours is written.

    Only a value that somebody put in the place of ours is asked about; time is counted to the frontier.
    """
    crm = record.ref.crm
    conflict, targets = record.contested.get(item.field), book.write.get(crm)
    if conflict is None or targets is None:
        return None
    if not same(record.fields.get(item.field), conflict.theirs, item.kind, crm):
        return None  # it was changed or written since
    policy = targets.policy(record.ref.object, item.field)
    unmoved = same(item.value, conflict.ours, item.kind, crm)
    if policy.wins == "report":
        return f"{item.field} was changed by somebody else, and the book only reports that"
    if policy.wins == "newest" and unmoved:
        return f"{item.field} was changed by somebody else after us, and the newest value stands"
    if policy.wins == "human" and by_human(conflict, book.machines):
        stands = frontier - conflict.at < policy.stands if policy.stands is not None else unmoved
        if stands:
            return f"{item.field} was set by a person, whose value stands for now"
    return None


def stands_until(book: Book, item: Desired, record: RecordView) -> datetime | None:
    """Return when a value that ``theirs_stands`` leaves alone stops standing by time alone; None: it does not."""
    conflict, targets = record.contested[item.field], book.write[record.ref.crm]
    policy = targets.policy(record.ref.object, item.field)
    return conflict.at + policy.stands if policy.wins == "human" and policy.stands is not None else None
