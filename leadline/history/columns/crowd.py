"""Many people as arrays, told from facts one by one: who is plain enough for columns, and who is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from leadline.batch.columns.arrays import micros
from leadline.history.columns.told import Steps, Told
from leadline.history.living import MOMENT
from leadline.history.people import PersonHistory
from leadline.rules.deciding.fields import FieldTimeline, Known
from leadline.rules.deciding.history import LAST_INSTANT, History, ordered
from leadline.rules.model import Book
from leadline.rules.state import Unreadable


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Everybody who became known before an end: ``told`` are those of ``ids``, in this order, None for nobody.

    ``assumed`` are, for each of them, the fields of which only the value of now is known. ``others`` have to be lived
    through one by one; ``load`` gives the histories of anybody.
    """

    ids: Sequence[str]
    assumed: Sequence[tuple[str, ...]]
    told: Told | None
    others: Sequence[str]
    load: Callable[[Sequence[str]], Iterable[PersonHistory]]


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """One person of whom columns know everything, with their facts before the end in order."""

    history: PersonHistory
    facts: History


def crowd_of(book: Book, people: Iterable[PersonHistory], until: datetime) -> Crowd:
    """Return people as arrays, up to and without ``until``."""
    everybody = {history.person: history for history in people}
    known = {person: known_person(book, history, until) for person, history in everybody.items()}
    plain = [found for found in known.values() if found is not None]
    return Crowd(
        [one.history.person for one in plain],
        [one.history.assumed for one in plain],
        told_of(book, plain, until) if plain else None,
        [person for person, found in known.items() if found is None],
        lambda ids: [everybody[person] for person in ids],
    )


def known_person(book: Book, history: PersonHistory, until: datetime) -> KnownPerson | None:
    """Return who is known by fields and activities alone, each told once and none before they became known.

    Who has a value of their own in a field that a table tells of others is left to the one-person evaluator.
    """
    if history.born >= until:
        return None
    facts = ordered(fact for fact in history.facts if fact.at < until)
    if any(fact.kind not in ("field", "activity") or isinstance(fact.value, Unreadable) for fact in facts):
        return None
    tabled = {name for name, field in book.fields.items() if field.table is not None}
    if tabled and any(fact.kind == "field" and fact.name in tabled for fact in facts):
        return None
    if facts and (facts[0].at < history.born or facts[-1].at > LAST_INSTANT):
        return None
    found = History(facts, book.readable, book.deals)
    names = {fact.name for fact in facts if fact.kind == "activity"}
    count = sum(fact.kind == "activity" for fact in facts)
    told = [found.activity(name) for name in names]
    if sum(len(one.ats) for one in told) != count or any(one.ends is not None for one in told):
        return None
    return KnownPerson(history, found)


def told_of(book: Book, people: Sequence[KnownPerson], until: datetime) -> Told:
    """Return what is known of people up to and without ``until``."""
    kinds: dict[str, int] = {}
    happened: list[tuple[int, int, int]] = []
    looks: list[tuple[int, int]] = []
    changes: dict[str, list[tuple[int, int, Known]]] = {}
    for number, person in enumerate(people):
        for fact in person.facts.facts:
            at = micros(fact.at)
            if fact.kind == "activity":
                happened.append((kinds.setdefault(fact.name, len(kinds)), number, at))
            else:
                looks.append((number, at))
        for name in book.fields:
            timeline = person.facts.fields.get(name)
            if isinstance(timeline, FieldTimeline):
                for changed, value in timeline.changes():
                    changes.setdefault(name, []).append((number, micros(changed), value))
    kind, who, at_ = np.array(happened, np.int64).reshape(-1, 3).T
    looked = np.array(looks, np.int64).reshape(-1, 2).T
    fields = {name: _steps(found) for name, found in changes.items()}
    born = np.array([micros(person.history.born) for person in people], np.int64)
    last = micros(until - MOMENT)
    return Told(born, last, list(kinds), kind.astype(np.int32), who, at_, fields, (looked[0], looked[1]))


def _steps(changes: Sequence[tuple[int, int, Known]]) -> Steps:
    values: dict[tuple[type, Known], int] = {}
    codes = [values.setdefault((type(value), value), len(values)) for _, _, value in changes]
    person, at = np.array([(number, changed) for number, changed, _ in changes], np.int64).T
    return Steps([value for _, value in values], person, at, np.array(codes, np.int64))
