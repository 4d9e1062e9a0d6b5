"""What needs all people at once: places in a stage with a capacity, and whose turn it is (design 4.1).

Pure functions of what is asked and of what was given before: no order of arrival, no chance. What they give becomes a
fact of the person who gets it, so that each person's decision stays a function of that person's history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from leadline.common.folding import fold
from leadline.rules.deciding.localdays import day_of, day_start
from leadline.rules.model import Book, Rota
from leadline.rules.model.actions import OTHERWISE
from leadline.rules.state import Fact, Outcome

SOURCE = "leadline"
"""The source of facts that tell what was given."""

Given = Mapping[tuple[str, str], int]
"""Places given on a day, by stage and part."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who waits for a place in ``stage`` since ``since``, competing within ``part`` with ``points``."""

    person: str
    stage: str
    part: str
    since: datetime
    points: Decimal

    @property
    def rank(self) -> tuple[Decimal, datetime, str]:
        """Who comes first: the best, then who waits longest, then the smaller id."""
        return (-self.points, self.since, self.person)


def candidate(book: Book, person: str, outcome: Outcome) -> Candidate | None:
    """Return what a person waits for by their outcome; None for who waits for nothing."""
    capacity = book.capacity.get(outcome.waits_for or "")
    if capacity is None or outcome.waits_since is None:
        return None
    score = outcome.scores.get(capacity.best) if capacity.best is not None else None
    points = Decimal(0) if score is None else score.value
    return Candidate(person, capacity.stage, outcome.waits_in, outcome.waits_since, points)


def allocate(book: Book, candidates: Iterable[Candidate], given: Given) -> tuple[Candidate, ...]:
    """Return who gets a place now, in order of stage, part and rank.

    ``given`` counts the places of the present day (of the book's zone) that are gone already. As long as there is
    room in a part, nobody of that part goes without.
    """
    queues: dict[tuple[str, str], list[Candidate]] = {}
    for one in candidates:
        queues.setdefault((one.stage, one.part), []).append(one)
    return tuple(one for key in sorted(queues) for one in _first(queues[key], _room(book, key, given)))


def next_round(book: Book, candidates: Iterable[Candidate], given: Given) -> tuple[Candidate, ...]:
    """Return who gets a place in the earliest stage that has one for anybody, as ``stages_in_turn`` orders them.

    Whoever gets in may wait for a later stage next, so that one is given out when no earlier one gives any more.
    """
    chosen = allocate(book, candidates, given)
    first = next((stage for stage in stages_in_turn(book) if any(one.stage == stage for one in chosen)), None)
    return tuple(one for one in chosen if one.stage == first)


def stages_in_turn(book: Book) -> tuple[str, ...]:
    """Return the stages with a capacity in the order in which places are given: the main path, then the rest."""
    return tuple(name for name in dict.fromkeys((*book.main_path, *book.stages)) if name in book.capacity)


def day_of_places(book: Book, at: datetime) -> tuple[datetime, datetime]:
    """Return the UTC instants at which the day of the book's zone that ``at`` lies in begins and has ended."""
    day = day_of(at, book.zone)
    return day_start(day, book.zone), day_start(day + timedelta(days=1), book.zone)


def place_fact(stage: str, at: datetime) -> Fact:
    """Return the fact that a person may enter a stage at this instant, then or never."""
    return Fact("allocation", "capacity", stage, at, SOURCE, wish_for_place(stage, at), at)


def wish_for_place(stage: str, at: datetime) -> str:
    """Return the name of a person's wish that a place answers: one for each stage and instant."""
    return f"{stage} at {at.isoformat()}"


def next_in_rota(
    rota: Rota, part: str, given_before: Sequence[str], absent: AbstractSet[str] = frozenset()
) -> str | None:
    """Return whose turn it is in a part of a rota: who has had no turn for longest, first in the list where equal.

    ``given_before`` names who took turns in this part, oldest first (the last turn of each is enough). Nobody who is
    ``absent`` takes a turn; who comes back or is new takes the next one, and no more than one. None where the rota
    has no such part, or nobody is there. Names are compared without regard to case.
    """
    members = rota.members.get(part, ())
    last = {fold(member): number for number, member in enumerate(given_before)}
    away = {fold(member) for member in absent}
    present = [member for member in members if fold(member) not in away]
    return min(present, key=lambda member: last.get(fold(member), -1), default=None)


class Turns:
    """Whose turn it is in each part of each rota, wish after wish.

    ``before`` names who had turns in a part, oldest last turn first. Nobody who is ``absent`` takes a turn.
    """

    def __init__(
        self,
        book: Book,
        before: Callable[[str, str], Sequence[str]] = lambda _, __: (),
        absent: AbstractSet[str] = frozenset(),
    ) -> None:
        self._book, self._before, self._absent = book, before, absent
        self._taken: dict[tuple[str, str], list[str]] = {}

    def take(self, rota: str, part: str) -> str | None:
        """Give the next turn in a part of a rota, and return to whom; None where nobody is there."""
        taken = self._taken.get((rota, part))
        if taken is None:
            taken = self._taken[rota, part] = list(self._before(rota, part))
        member = next_in_rota(self._book.rotas[rota], part, taken, self._absent)
        if member is not None:
            # The last turn of each is enough, and keeps this short.
            taken[:] = [one for one in taken if fold(one) != fold(member)]
            taken.append(member)
        return member


def part_of_rota(rota: Rota, value: str) -> str:
    """Return the part of a rota that a field's value chooses, without regard to case; else ``otherwise``."""
    wanted = fold(value)
    return next((name for name in rota.members if fold(name) == wanted), OTHERWISE)


def _room(book: Book, key: tuple[str, str], given: Given) -> int:
    capacity = book.capacity.get(key[0])
    return 0 if capacity is None else max(0, capacity.most - given.get(key, 0))


def _first(queue: list[Candidate], room: int) -> list[Candidate]:
    return sorted(queue, key=lambda one: one.rank)[:room]
