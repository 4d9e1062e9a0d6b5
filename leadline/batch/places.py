"""Settling the people of a file, with places in stages that not all may enter given once everybody has settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from leadline.rules.allocation import candidate, next_round, place_fact
from leadline.rules.deciding import Engine
from leadline.rules.state import Adopted, Advance, Fact

Person = tuple[str, tuple[Fact, ...], Adopted]


def with_places(engine: Engine, people: Iterable[Person], as_of: datetime) -> Iterator[tuple[str, Advance]]:
    """Yield each person's id and how they stand at ``as_of``, in the order of ``people``.

    A book without capacities settles each person as they come. With them, all are settled first, and then the places
    of one day are given, to all of the file together, until nobody gets one any more.
    """
    book = engine.book
    if not book.capacity:
        yield from ((person, engine.begin(person, facts, as_of, adopted)) for person, facts, adopted in people)
        return
    settled: dict[str, Advance] = {}
    waiting: dict[str, Person] = {}
    for person, facts, adopted in people:
        settled[person] = _without_history(engine.begin(person, facts, as_of, adopted))
        if settled[person].state.outcome.waits_for is not None:
            waiting[person] = (person, facts, adopted)
    given: Counter[tuple[str, str]] = Counter()
    while True:
        asked = (candidate(book, person, settled[person].state.outcome) for person in waiting)
        chosen = next_round(book, [one for one in asked if one is not None], given)
        if not chosen:
            break
        given.update((one.stage, one.part) for one in chosen)
        for one in chosen:
            person, facts, adopted = waiting[one.person]
            waiting[person] = (person, (*facts, place_fact(one.stage, as_of)), adopted)
            settled[person] = _without_history(engine.begin(*waiting[person][:2], as_of, adopted))
    yield from settled.items()


def _without_history(advance: Advance) -> Advance:
    return replace(advance, state=replace(advance.state, history=()))
