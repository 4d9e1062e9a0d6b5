"""Stages that not all may enter at once: in which part of the sales house a person competes for a place."""

from __future__ import annotations

from typing import Final

from leadline.common.canonical import plain
from leadline.common.folding import fold
from leadline.rules.deciding.moment import Moment
from leadline.rules.model import Book, Capacity
from leadline.rules.state import Unreadable

OWNER_TEAM: Final = "owner team"
"""The word of ``per`` that stands for the team which owns the stage in which a person waits."""


def part_of(book: Book, capacity: Capacity, stage: str, moment: Moment) -> str:
    """Return the part in which a person in ``stage`` competes; who has none competes in the part ``""``."""
    if capacity.per is None:
        return ""
    value = book.stages[stage].owner if capacity.per == OWNER_TEAM else moment.value(capacity.per)
    return "" if value is None or isinstance(value, Unreadable) else fold(str(plain(value)))


def capacity_text(capacity: Capacity) -> str:
    """Say a capacity as the book does: ``15 a day per owner team``."""
    per = f" per {capacity.per.replace('_', ' ')}" if capacity.per is not None else ""
    return f"{capacity.most} a day{per}"
