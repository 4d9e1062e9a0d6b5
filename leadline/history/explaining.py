"""Why one book moves a person and the other does not: both traces at the instant of the move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from leadline.history.backtest import Question
from leadline.history.living import MOMENT, Life
from leadline.history.pairing import Sample
from leadline.history.people import HistorySource, PersonHistory
from leadline.history.replaying import replayer
from leadline.history.report import Difference, SampleLine
from leadline.rules.deciding import ConditionTrace, Trace, WayTrace
from leadline.rules.model import Book

MOST_DIFFERENCES = 6
MOST_TESTS = 2


@dataclass(slots=True)
class Explainer:
    """Lives sampled people through once more, up to the move."""

    source: HistorySource
    asked: Question
    _known: dict[tuple[str, str], PersonHistory | None] = field(default_factory=dict)

    def sample(self, sample: Sample, target: str, *, by_new: bool) -> SampleLine:
        """Explain a move into ``target`` that only the new (``by_new``) or only the old book makes."""
        assert self.asked.old is not None
        lives = [self._life(book, sample) for book in (self.asked.old, self.asked.new)]
        old, new = (
            None if life is None else replayer(book, identify=False).engine.explain(life.state)
            for book, life in zip((self.asked.old, self.asked.new), lives, strict=True)
        )
        other = old if by_new else new
        told = "out of the book's scope" if other is None else _otherwise(other, target)
        differences = tuple(_differences(old, new)) if old is not None and new is not None else ()
        mover = lives[1] if by_new else lives[0]
        why = _why(mover, sample, target) if mover is not None else ""
        return SampleLine(sample.person, sample.at, why, told, differences[:MOST_DIFFERENCES])

    def _life(self, book: Book, sample: Sample) -> Life | None:
        key = (book.hash, sample.person)
        if key not in self._known:
            self._known[key] = next(iter(self.source.part([sample.person]).load(book)), None)
        history = self._known[key]
        return replayer(book, identify=False).life(history, sample.at + MOMENT) if history is not None else None


def _why(life: Life, sample: Sample, target: str) -> str:
    """Return why a book makes the move."""
    for made in reversed(life.decisions):
        if max(made.at, life.history.born) == sample.at:
            for move in reversed(made.moves):
                if move.target == target:
                    return made.after.why if move is made.moves[-1] else move.reason or ""
    return ""


def _otherwise(trace: Trace, target: str) -> str:
    """Say why a person is not moved into a stage: where they stand, and what the way there lacks."""
    outcome = trace.outcome
    stands = f"in {outcome.stage}"
    if outcome.stage == target and outcome.since == trace.at:
        return f"moves there at the same instant, from {outcome.previous or 'nowhere'}"
    if outcome.stage == target:
        return f"there already since {outcome.since:%Y-%m-%d}"
    ways = [way for way in trace.ways if way.target == target]
    if not ways:
        return f"{stands}, from where no way leads to {target}"
    return f"{stands}; {_lacks(ways[0])}"


def _lacks(way: WayTrace) -> str:
    if way.reason:
        return way.reason + (f"; {way.hint}" if way.hint else "")
    failing = [leaf for leaf in (way.condition.leaves() if way.condition else ()) if leaf.answer is not True]
    return "; ".join(_told(leaf) for leaf in failing[:MOST_TESTS]) or way.result


def _told(leaf: ConditionTrace) -> str:
    return f"not {leaf.text}" + (f" ({leaf.reason})" if leaf.reason else "")


def _differences(old: Trace, new: Trace) -> Iterator[Difference]:
    """Yield criteria that give other points, then scores that come to something else."""
    before, after = ({score.name: score for score in trace.scores} for trace in (old, new))
    for name in dict.fromkeys([*before, *after]):
        was, now = (
            {item.name: item.points for item in side[name].criteria} if name in side else {}
            for side in (before, after)
        )
        for criterion in dict.fromkeys([*was, *now]):
            if was.get(criterion, 0) != now.get(criterion, 0):
                yield Difference(name, criterion, was.get(criterion), now.get(criterion))
    for name in dict.fromkeys([*before, *after]):
        one, two = (side[name].value.value if name in side else None for side in (before, after))
        if one != two:
            yield Difference(name, "", one, two)
