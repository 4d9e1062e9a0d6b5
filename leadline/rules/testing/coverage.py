"""What tests reach of a book: criteria, bands, grades, stages and transitions, and which of them none reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from leadline.rules.causes import action_word, actions_by_cause, has_actions
from leadline.rules.deciding import Engine
from leadline.rules.deciding.criteria import CompiledCriterion, inside
from leadline.rules.deciding.history import History, ordered
from leadline.rules.deciding.lifecycle import BY_DISQUALIFICATION, MAIN_PATH
from leadline.rules.deciding.moment import Moment
from leadline.rules.model import (
    Band,
    Book,
    CloseTask,
    Consequence,
    Criterion,
    DisqualifiedTest,
    Mark,
    Score,
    Transition,
)
from leadline.rules.state import Effect, Fact
from leadline.rules.testing.model import ITEM_KINDS, Case, CaseResult, Item, ItemKind, MoveMade
from leadline.rules.testing.slas import sla_items


@dataclass(frozen=True, slots=True)
class Coverage:
    """By kind: how many there are, and those that no test reached, in the order of the book."""

    total: Mapping[ItemKind, int]
    missed: Mapping[ItemKind, tuple[Item, ...]]

    @property
    def complete(self) -> bool:
        """Whether everything was reached."""
        return not any(self.missed.values())


def coverage(book: Book, results: Iterable[CaseResult]) -> Coverage:
    """Return what these tests reached, passed or not."""
    found = frozenset(item for result in results for item in result.reached)
    items = tuple(items_of(book))
    kinds: tuple[ItemKind, ...] = (*ITEM_KINDS, "action") if has_actions(book) else ITEM_KINDS
    kinds = (*kinds, "sla") if book.slas else kinds
    return Coverage(
        {kind: sum(item.kind == kind for item in items) for kind in kinds},
        {kind: tuple(item for item in items if item.kind == kind and item not in found) for kind in kinds},
    )


def items_of(book: Book) -> Iterator[Item]:
    """Yield everything in a book that a test can reach, in the order of the book."""
    for score in book.scores.values():
        for criterion in score.criteria:
            yield _criterion(score, criterion)
            bands = criterion.bands.bands if criterion.bands is not None else criterion.counted
            yield from (_band(score, criterion, band) for band in bands)
        yield from (_grade(score, name) for name, _ in score.grades)
    yield from (Item("stage", stage.name, stage.mark) for stage in book.stages.values())
    for source, target in pairwise(book.main_path):
        if book.stages[target].enter is not None:
            yield _main(book, source, target)
    yield from (_transition(transition) for transition in book.transitions)
    yield from (_action(cause, action, number) for cause, action, number in actions_by_cause(book))
    yield from sla_items(book)


def caused(effects: Iterable[Effect]) -> frozenset[Item]:
    """Return the actions that a test reached."""
    return frozenset(_action(effect.cause, effect.action, effect.number) for effect in effects)


def reached(
    engine: Engine, case: Case, moves: Sequence[MoveMade], instants: Iterable[datetime], shared: Sequence[Fact] = ()
) -> frozenset[Item]:
    """Return what one test reached: what gave points at one of the instants, and where the person was and went.

    ``shared`` are the facts of the person's account.
    """
    book = engine.book
    first = case.adopted.stage if case.adopted is not None and case.adopted.stage is not None else book.start_stage
    stages = {first, *(move.target for move in moves)}
    found = {Item("stage", name) for name in stages}
    found |= {item for move in moves for item in _moved(book, move)}
    history = History(ordered((*case.facts, *shared)), book.readable, book.deals)
    for at in instants:
        found |= set(_scored(engine, Moment(history, at)))
    return frozenset(found)


def _scored(engine: Engine, moment: Moment) -> Iterator[Item]:
    card = engine.settling.scoring.card(moment)
    for name, compiled in engine.settling.scoring.scores.items():
        for criterion in compiled.criteria:
            if _counts(criterion, card.moment):
                yield _criterion(compiled.score, criterion.criterion)
            yield from _bands(compiled.score, criterion, card.moment)
        grade = card.grades().get(name)
        if grade is not None:
            yield _grade(compiled.score, grade)


def _counts(compiled: CompiledCriterion, moment: Moment) -> bool:
    if compiled.criterion.disqualify is not None:
        return compiled.node is not None and compiled.node.holds(moment) is True
    return compiled.worth(moment).points != 0


def _bands(score: Score, compiled: CompiledCriterion, moment: Moment) -> Iterator[Item]:
    criterion, counted = compiled.criterion, compiled.counted_band(moment)
    if counted is not None:
        yield _band(score, criterion, counted)
    if criterion.bands is None:
        return
    value = moment.value(criterion.bands.field)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield from (_band(score, criterion, band) for band in criterion.bands.bands if inside(value, band))


def _moved(book: Book, move: MoveMade) -> Iterator[Item]:
    if move.by == MAIN_PATH:
        yield _main(book, move.source, move.target)
    for transition in book.transitions:
        by_disqualification = move.by == BY_DISQUALIFICATION and isinstance(transition.when, DisqualifiedTest)
        same_ends = (transition.source, transition.target) == (move.source, move.target)
        if transition.id == move.by or (by_disqualification and same_ends):
            yield _transition(transition)


def _action(cause: str, action: Consequence, number: int) -> Item:
    mark = Mark() if isinstance(action, CloseTask) else action.mark
    return Item("action", f"{cause}: {number + 1} {action_word(action)}", mark)


def _criterion(score: Score, criterion: Criterion) -> Item:
    return Item("criterion", f"{score.name}: {criterion.name}", criterion.mark)


def _band(score: Score, criterion: Criterion, band: Band) -> Item:
    return Item("band", f"{score.name}: {criterion.name}: {band.label}", band.mark)


def _grade(score: Score, name: str) -> Item:
    return Item("grade", f"{score.name}: {name}", score.mark)


def _main(book: Book, source: str, target: str) -> Item:
    return Item("transition", f"{source} -> {target}", book.stages[target].mark)


def _transition(transition: Transition) -> Item:
    position = transition.id.rpartition("#")[2]
    reason = f", {transition.reason}" if transition.reason else ""
    return Item(
        "transition", f"{transition.source} -> {transition.target} (path {position}{reason})", transition.mark
    )
