"""Whose turn it is in a rota: given once everybody of the files has settled, in one order for all of them.

To settle is adoption, which takes a turn where the stage asks for it (``on_adoption``). A file knows neither who
took turns before, nor who is away, nor who owns an account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from leadline.common.canonical import plain
from leadline.rules.allocation import Turns, part_of_rota
from leadline.rules.deciding.history import History, ordered
from leadline.rules.effects import entering
from leadline.rules.model import AssignOwner, Book
from leadline.rules.state import Fact, Unreadable

TURN: Final = "turn"
"""The column with the member of a rota who is given the person."""


@dataclass(frozen=True, slots=True, order=True)
class TurnWish:
    """One effect that asks for the next in turn; wishes of one instant are served in this order."""

    person: str
    key: str
    rota: str
    part: str


def gives_turns(book: Book) -> bool:
    """Say whether adoption gives anybody a turn."""
    return bool(stages_with_turns(book))


def stages_with_turns(book: Book) -> frozenset[str]:
    """Return the stages in which whoever settles takes a turn."""
    return frozenset(
        name
        for name, entered in book.on_enter.items()
        if entered.on_adoption
        and any(isinstance(action, AssignOwner) and action.rota in book.rotas for action in entered.actions)
    )


def turn_wishes(book: Book, person: str, stage: str, facts: Iterable[Fact], as_of: datetime) -> Iterator[TurnWish]:
    """Yield what one person who settled in a stage wishes for; ``facts`` say in which part of the rota."""
    history: History | None = None
    for effect in entering(book, person, stage, as_of, moved=False):
        assign = effect.action
        if not isinstance(assign, AssignOwner) or assign.rota not in book.rotas:
            continue
        value = None
        if assign.by is not None:
            history = history or History(ordered(facts), book.fields, book.deals)
            value = history.value(assign.by, as_of)
        told = "" if value is None or isinstance(value, Unreadable) else str(plain(value))
        yield TurnWish(person, effect.key, str(assign.rota), part_of_rota(book.rotas[str(assign.rota)], told))


def given_turns(book: Book, wishes: Iterable[TurnWish]) -> Mapping[str, str]:
    """Return whose turn it is for each person; of two the last one stays."""
    turns = Turns(book)
    found: dict[str, str] = {}
    for wish in sorted(wishes):
        member = turns.take(wish.rota, wish.part)
        if member is not None:
            found[wish.person] = member
    return found
