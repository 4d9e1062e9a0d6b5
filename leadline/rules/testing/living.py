"""The lives of the people of a rule test: what happened is told to the engine as its time comes, never before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from leadline.rules.deciding import Engine
from leadline.rules.deciding.units import since
from leadline.rules.effects import effects_of
from leadline.rules.state import Adopted, Advance, Decision, Effect, Fact
from leadline.rules.testing.model import Case, MoveMade

PERSON: Final = "the person of the test"


class Life:
    """The lives of a test's person and of their colleagues, up to where they were asked.

    The person is number 0, colleagues follow in the order of the test.
    """

    def __init__(self, engine: Engine, case: Case) -> None:
        self.engine = engine
        self.start = case.start
        self.cases = (case, *case.colleagues)
        self.made: list[list[Decision]] = [[] for _ in self.cases]
        self.instants: set[datetime] = {case.start, *(fact.at for one in self.cases for fact in one.facts)}
        self._advances: list[Advance] = []
        shared = self._shared(case.start, case.start)
        for number, one in enumerate(self.cases):
            self._advances.append(self._begin(number, one, shared))
            self._note(number)

    def until(self, at: datetime, number: int = 0) -> Advance:
        """Let time pass up to ``at`` for everybody; what was passed already stays as it is. Return one person's."""
        waiting = [place for place, advance in enumerate(self._advances) if at > advance.state.frontier]
        states = {place: self._advances[place].state for place in waiting}
        shared = self._shared(at, min((max(state.frontier, self.start) for state in states.values()), default=at))
        for place, state in states.items():
            news = self._told(place, state.frontier, at)
            own = since(shared, max(state.frontier, self.start))
            self._advances[place] = self.engine.advance(state, (*news, *own), at)
            self._note(place)
        return self._advances[number]

    def moved(self, number: int = 0) -> tuple[Decision, ...]:
        """Return one person's decisions that moved them."""
        return tuple(made for made in self.made[number] if made.moves)

    def moves(self, number: int = 0) -> tuple[MoveMade, ...]:
        """Return one person's stage changes in order."""
        return tuple(
            MoveMade(made.at, move.source, move.target, move.by) for made in self.made[number] for move in made.moves
        )

    def effects(self, number: int = 0) -> tuple[Effect, ...]:
        """Return what one person's decisions caused, in order."""
        return tuple(effect for made in self.made[number] for effect in effects_of(self.engine.book, made))

    def facts_of_account(self) -> tuple[Fact, ...]:
        """Return what the account comes to at every instant, by everything that the test tells."""
        return self._shared(max(self.instants), min(self.instants))

    def _begin(self, number: int, case: Case, shared: tuple[Fact, ...]) -> Advance:
        before = [fact for fact in case.facts if fact.at < self.start]
        if case.adopted is not None or before:
            known = [fact for fact in case.facts if fact.at <= self.start]
            return self.engine.begin(self._name(number), (*known, *shared), self.start, case.adopted)
        # As in a cycle: who is new begins just before, with nothing known, so that what follows is caused by facts.
        begun = Adopted(since=self.start)
        return self.engine.begin(self._name(number), (), self.start - datetime.resolution, begun)

    def _shared(self, known: datetime, at: datetime) -> tuple[Fact, ...]:
        """Return the facts of the account from ``at`` on, by what has happened up to ``known``."""
        if self.engine.unit is None:
            return ()
        people: Mapping[str, list[Fact]] = {
            self._name(number): [fact for fact in one.facts if fact.at <= known]
            for number, one in enumerate(self.cases)
        }
        return self.engine.unit.derive(people, at)

    def _name(self, number: int) -> str:
        return PERSON if number == 0 else f"colleague {number}"

    def _told(self, number: int, after: datetime, until: datetime) -> list[Fact]:
        return [fact for fact in self.cases[number].facts if after < fact.at <= until]

    def _note(self, number: int) -> None:
        decisions = self._advances[number].decisions
        self.made[number] += decisions
        self.instants.update(made.at for made in decisions)
