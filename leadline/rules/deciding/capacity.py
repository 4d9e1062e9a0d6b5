"""Stages that not all may enter at once: in which part of the sales house a person competes for a place."""

from __future__ import annotations

from leadline.common.canonical import plain
from leadline.common.folding import fold
from leadline.rules.deciding.moment import Moment
from leadline.rules.model import Book, Capacity
from leadline.rules.model.accounts import OWNER_TEAM
from leadline.rules.state import Unreadable


def part_of(book: Book, capacity: Capacity, stage: str, moment: Moment) -> str:
    """Return the part in which a person in ``stage`` competes; who has none competes in the part ``""``."""
    if capacity.per is None:
        return ""
    value = book.stages[stage].owner if capacity.per == OWNER_TEAM else moment.value(capacity.per)
    return "" if value is None or isinstance(value, Unreadable) else fold(str(plain(value)))
