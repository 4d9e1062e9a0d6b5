"""Running rule tests on the real engine: the person is begun, time passes, and each expectation is compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from leadline.rules.deciding import Engine
from leadline.rules.deciding.localdays import day_of
from leadline.rules.model import Book
from leadline.rules.state import Adopted, Advance, Decision, Fact
from leadline.rules.testing.comparing import Seen, failures
from leadline.rules.testing.coverage import reached
from leadline.rules.testing.instants import told
from leadline.rules.testing.model import Case, CaseResult, ExpectedMove, Failure, MoveMade

PERSON: Final = "the person of the test"


def run_cases(book: Book, cases: Iterable[Case]) -> tuple[CaseResult, ...]:
    """Run every test on its own. Raises RefusedError where the engine cannot decide for the book at all."""
    engine = Engine(book)
    return tuple(run_case(engine, case) for case in cases)


def run_case(engine: Engine, case: Case) -> CaseResult:
    """Run one test: what happened is told to the engine as its time comes, never before."""
    story = Life(engine, case)
    failed: list[Failure] = []
    for expectation in case.expectations:
        # A moment before the test's start is seen as the start: nothing is decided for it.
        advance = story.until(expectation.at)
        known = [fact for fact in case.facts if fact.at <= expectation.at]
        failed += failures(Seen(engine, advance, known, tuple(story.moves)), expectation)
    ends = [fact.at for fact in case.facts] + [move.at for move in case.moves or ()]
    story.until(max(ends, default=case.start))
    if case.moves is not None:
        failed += _moves(case, case.moves, story.moves, engine.book.zone)
    instants = {expectation.at for expectation in case.expectations} | story.instants
    return CaseResult(case, tuple(failed), tuple(story.moves), reached(engine, case, story.moves, instants))


class Life:
    """The life of a test's person, up to where it was asked; facts are told to the engine as their time comes."""

    def __init__(self, engine: Engine, case: Case) -> None:
        self.engine = engine
        self.case = case
        self.moves: list[MoveMade] = []
        self.moved: list[Decision] = []
        self.instants: set[datetime] = {case.start, *(fact.at for fact in case.facts)}
        self._advance = self._begin()

    def until(self, at: datetime) -> Advance:
        """Let time pass up to ``at``; what was passed already stays as it is."""
        state = self._advance.state
        if at > state.frontier:
            news = self._between(state.frontier, at)
            self._take(self.engine.advance(state, news, at))
        return self._advance

    def _begin(self) -> Advance:
        case = self.case
        before = [fact for fact in case.facts if fact.at < case.start]
        if case.adopted is not None or before:
            known = [fact for fact in case.facts if fact.at <= case.start]
            first = self.engine.begin(PERSON, known, case.start, case.adopted)
            self._note(first.decisions)
            return first
        # As in a cycle: who is new begins just before, with nothing known, so that what follows is caused by facts.
        return self.engine.begin(PERSON, (), case.start - datetime.resolution, Adopted(since=case.start))

    def _between(self, after: datetime, until: datetime) -> list[Fact]:
        return [fact for fact in self.case.facts if after < fact.at <= until]

    def _take(self, advance: Advance) -> None:
        self._advance = advance
        self._note(advance.decisions)

    def _note(self, decisions: Sequence[Decision]) -> None:
        for made in decisions:
            self.instants.add(made.at)
            self.moved += [made] if made.moves else []
            self.moves += [MoveMade(made.at, move.source, move.target, move.by) for move in made.moves]


def _moves(case: Case, expected: Sequence[ExpectedMove], made: Sequence[MoveMade], zone: str) -> list[Failure]:
    """Compare every stage change of the test, in order; the first difference is told."""
    for wanted, found in zip(expected, made, strict=False):
        same = (wanted.source, wanted.target) == (found.source, found.target)
        if not same or not wanted.since <= found.at <= wanted.at:
            return [_failure(wanted, zone, f"{_arrow(found)} at {told(found.at, zone)}")]
    if len(expected) > len(made):
        return [_failure(expected[len(made)], zone, "none")]
    if len(made) > len(expected):
        found = made[len(expected)]
        return [Failure(case.mark, found.at, told(found.at, zone), "move", "none", _arrow(found))]
    return []


def _failure(wanted: ExpectedMove, zone: str, actual: str) -> Failure:
    when = told(wanted.at, zone) if wanted.since == wanted.at else f"{day_of(wanted.at, zone)}"
    return Failure(wanted.mark, wanted.at, when, "move", f"{wanted.source} -> {wanted.target}", actual)


def _arrow(move: MoveMade) -> str:
    return f"{move.source} -> {move.target} ({move.by})"
