"""Running rule tests on the real engine: the person is begun, time passes, and each expectation is compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from leadline.rules.deciding import Engine
from leadline.rules.deciding.localdays import day_of
from leadline.rules.model import Book
from leadline.rules.testing.comparing import Seen, failures
from leadline.rules.testing.coverage import caused, reached
from leadline.rules.testing.instants import told
from leadline.rules.testing.living import Life
from leadline.rules.testing.model import Case, CaseResult, ExpectedMove, Failure, Item, MoveMade
from leadline.rules.testing.slas import slas_reached


def run_cases(book: Book, cases: Iterable[Case]) -> tuple[CaseResult, ...]:
    """Run every test on its own. Raises RefusedError where the engine cannot decide for the book at all."""
    engine = Engine(book)
    return tuple(run_case(engine, case) for case in cases)


def run_case(engine: Engine, case: Case) -> CaseResult:
    """Run one test: what happened is told to the engine as its time comes, never before."""
    story = Life(engine, case)
    failed: list[Failure] = []
    asked = [(expectation, number) for number, one in enumerate(story.cases) for expectation in one.expectations]
    for expectation, number in sorted(asked, key=lambda pair: (pair[0].at, pair[1])):
        # A moment before the test's start is seen as the start: nothing is decided for it.
        advance = story.until(expectation.at, number)
        known = [fact for fact in story.cases[number].facts if fact.at <= expectation.at]
        found = failures(Seen(engine, advance, known, story.moves(number), story.effects(number)), expectation)
        failed += [_named(failure, story.cases[number], number) for failure in found]
    ends = [fact.at for one in story.cases for fact in one.facts]
    ends += [move.at for one in story.cases for move in one.moves or ()]
    story.until(max(ends, default=case.start))
    reaching: set[Item] = set()
    shared = story.facts_of_account()
    for number, one in enumerate(story.cases):
        if one.moves is not None:
            wrong = _moves(one, one.moves, story.moves(number), engine.book.zone)
            failed += [_named(failure, one, number) for failure in wrong]
        instants = {expectation.at for expectation in one.expectations} | story.instants
        reaching |= reached(engine, one, story.moves(number), instants, shared)
        reaching |= caused(story.effects(number)) | set(slas_reached(story.made[number]))
    return CaseResult(case, tuple(failed), story.moves(), frozenset(reaching))


def _named(failure: Failure, case: Case, number: int) -> Failure:
    """Say of which colleague an expectation did not come true."""
    return replace(failure, what=f"{case.name}: {failure.what}") if number else failure


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
