"""What a backtest comes to, in a few sentences that stand above its charts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from leadline.common.canonical import decimal_text
from leadline.common.stats import Share
from leadline.history.report import Backtest, BookSide, CriterionLine, FlipLine
from leadline.history.sweeping import Swept
from leadline.terminal.backtest import share_text, sweep_sentence
from leadline.terminal.tables import cell

_NAMED: Final = 4
"""Names in one sentence; of the others it gives the number."""


def conclusions(found: Backtest, swept: Swept | None = None) -> Iterator[str]:
    """Yield how many, how good, who else, which criteria tell, and how far to believe it."""
    yield _volume(found.focus, found.old, found.new)
    yield _quality(found.focus, found.old, found.new)
    if found.old is not None:
        yield _moves(found.flips)
    yield won_sentence(found)
    yield _criteria(found.new.criteria)
    if swept is not None:
        yield sweep_sentence(swept)
    if found.leaking:
        without = _counted(len(found.leaking), "field has", "fields have")
        named = _listed([leak.field for leak in found.leaking])
        yield (
            f"{without} no history ({named}): their values of now stand for the past, so that what reads them looks"
            " better than it was."
        )


def won_sentence(found: Backtest) -> str:
    """Say who of those that were won had been in the focus stage before, by book."""
    line = found.finding
    won = f"{_counted(line.won, 'person was', 'people were')} won"
    if found.old is None:
        return f"{won}; {line.both:,} of them had been {found.focus} before that."
    said = f"{won}. {line.both:,} had been {found.focus} before that under both books"
    if line.earlier or line.later:
        said += f" ({line.earlier:,} earlier and {line.later:,} later under the new one"
        said += f", the median {cell(line.lead)} earlier)" if line.lead else ")"
    return (
        f"{said}, {line.only_old:,} only under the old book, {line.only_new:,} only under the new one,"
        f" {line.neither:,} under neither."
    )


def _volume(focus: str, old: BookSide | None, new: BookSide) -> str:
    said = f"{decimal_text(new.a_day)} people a day become {focus}"
    if old is not None and (old.a_day, old.busiest) == (new.a_day, new.busiest):
        return f"{said} under either book, {new.busiest:,} on the busiest day."
    said += f" under the new book, {new.busiest:,} on its busiest day"
    return f"{said}." if old is None else f"{said}; {decimal_text(old.a_day)} under the old one, and {old.busiest:,}."


def _quality(focus: str, old: BookSide | None, new: BookSide) -> str:
    now = new.steps[-1].share
    said = f"Of those who become {focus}, {share_text(now)} are won under the new book"
    if old is None:
        return f"{said}."
    before = old.steps[-1].share
    if before == now:
        return f"Of those who become {focus}, {share_text(now)} are won, under either book."
    apart = "" if _apart(now, before) else ": the intervals overlap, so this may be chance"
    return f"{said}, {share_text(before)} under the old one{apart}."


def _apart(one: Share, other: Share) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low > other.high or other.low > one.high


def _moves(flips: Sequence[FlipLine]) -> str:
    moved = [line for line in flips if line.only_old or line.only_new]
    if not moved:
        return "Both books make the same moves of the same people."
    most = max(moved, key=lambda line: line.only_old + line.only_new)
    return (
        f"{_counted(len(moved), 'move is', 'moves are')} made of other people, most of them from {most.source} to"
        f" {most.target}: {most.only_old:,} people only under the old book, {most.only_new:,} only under the new one."
    )


def _criteria(lines: Sequence[CriterionLine]) -> str:
    told = [f"{line.criterion} ({line.verdict} them)" for line in lines if line.verdict in {"raises", "lowers"}]
    against = [line.criterion for line in lines if line.against]
    if not told:
        return f"None of {len(lines)} criteria says anything of later wins beyond chance."
    said = f"Of {len(lines)} criteria {len(told)} say something of later wins: {_listed(told)}."
    return said + (f" Against their points: {_listed(against)}." if against else "")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
