"""From the counts of a backtest to its report: one side for each book, flips, findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median

from leadline.common.stats import Ratio, quartiles_of, ratio_of, share_of
from leadline.history.backtest import Compared, Question
from leadline.history.explaining import Explainer
from leadline.history.leaking import leaks_of, readers
from leadline.history.pairing import Finding, Flip, Sample
from leadline.history.people import HistorySource
from leadline.history.report import (
    Backtest,
    BookSide,
    CriterionLine,
    FindingLine,
    FlipLine,
    LoadLine,
    SampleLine,
    StageLine,
    StepLine,
    Verdict,
)
from leadline.history.tally import WON, Tally
from leadline.history.unknowns import unknown_of
from leadline.rules.deciding.localdays import day_of
from leadline.rules.model import Book, Criterion, Score

EXPLAINED = 12
"""Transitions whose samples are explained: those that most people make under one book only."""


def report_of(source: HistorySource, asked: Question, found: Compared) -> Backtest:
    """Return the report; samples are lived through once more to tell their reasons."""
    weeks = weeks_of(asked)
    explainer = Explainer(source, asked)
    sides = [book_side(asked, found.new, asked.new, weeks)]
    sides += [book_side(asked, found.old, asked.old, weeks)] if asked.old is not None else []
    return Backtest(
        since=asked.span.since,
        until=asked.span.until,
        people=found.people,
        focus=asked.focus,
        weeks=weeks,
        new=sides[0],
        old=sides[1] if asked.old is not None else None,
        flips=tuple(_flips(asked, found.pairing.flips, explainer)),
        finding=_finding(asked, found.pairing.finding, explainer),
        leaking=leaks_of(asked, found),
        unknown=unknown_of(source, asked, found),
        landmark=asked.landmark,
    )


def weeks_of(asked: Question) -> tuple[date, ...]:
    """Return the Mondays of the weeks that the span touches, in the new book's zone."""
    first, last = (
        day_of(at, asked.new.zone) for at in (asked.span.since, asked.span.until - timedelta(microseconds=1))
    )
    start = first - timedelta(days=first.weekday())
    return tuple(start + timedelta(weeks=number) for number in range((last - start).days // 7 + 1))


def book_side(asked: Question, tally: Tally, book: Book, weeks: Sequence[date]) -> BookSide:
    """Return what one book would have done."""
    days = max(Decimal((asked.span.until - asked.span.since) // timedelta(seconds=1)) / 86_400, Decimal(1))
    per_day = [count for (stage, _), count in tally.entries.items() if stage == asked.focus]
    steps = [*pairwise(book.main_path), (asked.focus, WON)]
    ended: dict[str, dict[str, int]] = {}
    for (sla, status), count in sorted(tally.ended.items()):
        ended.setdefault(sla, {})[status] = count
    return BookSide(
        name=book.name,
        hash=book.hash,
        people=tally.people,
        stages=tuple(_stage(tally, stage, weeks) for stage in book.stages),
        steps=tuple(
            StepLine(
                *step, share_of(tally.converted[step], tally.entered[step]), quartiles_of(tally.times.get(step, ()))
            )
            for step in steps
        ),
        load=tuple(_load(tally)),
        ended=ended,
        criteria=tuple(_criteria(book, tally)),
        actions=dict(sorted(tally.actions.items())),
        writes=tally.writes,
        a_day=(Decimal(sum(per_day)) / days).quantize(Decimal("0.01")),
        busiest=max(per_day, default=0),
    )


def _stage(tally: Tally, stage: str, weeks: Sequence[date]) -> StageLine:
    counts = dict.fromkeys(weeks, 0)
    for (name, day), count in tally.entries.items():
        if name == stage:
            counts[day - timedelta(days=day.weekday())] = counts.get(day - timedelta(days=day.weekday()), 0) + count
    return StageLine(
        stage,
        sum(counts.values()),
        tuple(counts[week] for week in weeks),
        quartiles_of(tally.stays.get(stage, ())),
        tally.staying[stage],
    )


def _load(tally: Tally) -> Iterator[LoadLine]:
    for sla, owner in sorted({(sla, owner) for sla, owner, _ in tally.load}):
        hours = tuple(tally.load[sla, owner, hour] for hour in range(24))
        yield LoadLine(sla, owner, hours, sum(tally.late[sla, owner, hour] for hour in range(24)))


def _criteria(book: Book, tally: Tally) -> Iterator[CriterionLine]:
    for score in book.scores.values():
        for criterion in score.criteria:
            if criterion.disqualify is None:
                yield _criterion(book, tally, score, criterion)


def _criterion(book: Book, tally: Tally, score: Score, criterion: Criterion) -> CriterionLine:
    def count(gave: bool | None, won: bool) -> int:
        return tally.criteria[score.name, criterion.name, gave, won]

    gave = share_of(count(True, True), count(True, True) + count(True, False))
    others = share_of(count(False, True), count(False, True) + count(False, False))
    lift = ratio_of(gave.part, gave.whole, others.part, others.whole)
    unknown = count(None, True) + count(None, False)
    verdict = _verdict(lift, gave.whole, others.whole + unknown)
    points = None if criterion.bands is not None or criterion.counted else criterion.points
    wrong = points is not None and ((verdict == "lowers" and points > 0) or (verdict == "raises" and points < 0))
    read = {name for name in tally.assumed if readers(book, name, criterion)}
    return CriterionLine(
        score.name, criterion.name, points, gave, others, unknown, lift, verdict, wrong, tuple(sorted(read))
    )


def _verdict(lift: Ratio | None, gave: int, others: int) -> Verdict:
    if not gave or not others:
        return "everybody has it" if gave else "nobody has it"
    if lift is None:
        return "too few"
    if lift.low > 1:
        return "raises"
    return "lowers" if lift.high < 1 else "none"


def _flips(asked: Question, flips: Mapping[tuple[str, str], Flip], explainer: Explainer) -> Iterator[FlipLine]:
    order = list(dict.fromkeys([*asked.new.main_path, *asked.new.stages, *(asked.old.stages if asked.old else ())]))
    by_weight = sorted(flips, key=lambda step: (-(flips[step].only_old + flips[step].only_new), step))
    told = set(by_weight[:EXPLAINED])
    for step in sorted(flips, key=lambda step: (order.index(step[0]), order.index(step[1]))):
        flip = flips[step]
        lost, gained = (
            tuple(explainer.sample(item, step[1], by_new=by_new) for item in (items if step in told else ()))
            for items, by_new in ((flip.lost, False), (flip.gained, True))
        )
        yield FlipLine(*step, flip.both, flip.only_old, flip.only_new, lost, gained)


def _finding(asked: Question, found: Finding, explainer: Explainer) -> FindingLine:
    def told(samples: Sequence[Sample], *, by_new: bool) -> tuple[SampleLine, ...]:
        return tuple(explainer.sample(item, asked.focus, by_new=by_new) for item in samples)

    return FindingLine(
        found.won,
        found.by_both,
        found.only_old,
        found.only_new,
        found.neither,
        sum(seconds > 0 for seconds in found.seconds),
        sum(seconds < 0 for seconds in found.seconds),
        timedelta(seconds=int(median(found.seconds))) if found.seconds else None,
        told(found.missed, by_new=False),
        told(found.found, by_new=True),
    )
