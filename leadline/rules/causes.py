"""What a rule book says that follows from what: its actions by their cause, and the words for them.

Nothing here decides, so that who only reads a book need not load what decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import Final

from leadline.common.canonical import decimal_text
from leadline.rules.model import (
    Action,
    AddTo,
    AssignOwner,
    Book,
    CloseTask,
    Consequence,
    CreateTask,
    Notify,
    SetField,
    WriteNote,
)

WORDS: Final[Mapping[type[Action], str]] = {
    CreateTask: "task",
    Notify: "notify",
    AssignOwner: "assign",
    WriteNote: "note",
    AddTo: "add_to",
    SetField: "set",
}
"""What a rule book calls each action; taking out of a list or campaign is ``remove_from``."""


def action_word(action: Consequence) -> str:
    """Return what a rule book calls an action; ``close`` for what no book says."""
    if isinstance(action, CloseTask):
        return "close"
    return "remove_from" if isinstance(action, AddTo) and action.remove else WORDS[type(action)]


def has_actions(book: Book) -> bool:
    """Say whether anything can follow from a decision at all."""
    return bool(book.on_enter) or any(sla.ladder for sla in book.slas.values())


def all_actions(book: Book) -> Iterator[tuple[Action, ...]]:
    """Yield the actions of each cause: of stages, then of the points of SLAs."""
    yield from (entered.actions for entered in book.on_enter.values())
    yield from (rung.actions for sla in book.slas.values() for rung in sla.ladder)


def every_action(book: Book) -> Iterator[Action]:
    """Yield every action of the book, of stages first."""
    yield from chain.from_iterable(all_actions(book))


def actions_by_cause(book: Book) -> Iterator[tuple[str, Action, int]]:
    """Yield each action with its cause and its place among the actions of that cause."""
    for name, entered in book.on_enter.items():
        yield from ((enter_cause(name), action, number) for number, action in enumerate(entered.actions))
    for name, sla in book.slas.items():
        for rung in sla.ladder:
            cause = rung_cause(name, rung.share)
            yield from ((cause, action, number) for number, action in enumerate(rung.actions))


def enter_cause(stage: str) -> str:
    """Return the cause of a stage's actions."""
    return f"enter {stage}"


def rung_cause(sla: str, share: Decimal) -> str:
    """Return the cause of the actions of one rung: ``sla accept mql 50%``."""
    return f"sla {sla} {decimal_text(share * 100)}%"
