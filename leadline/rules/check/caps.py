"""Checks of caps: criteria that a cap makes useless, or of which it always cuts a part."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.common.canonical import decimal_text
from leadline.common.errors import Problem
from leadline.rules.check.finding import warning
from leadline.rules.check.reach import criterion_range, summed_range, total
from leadline.rules.model import Book, Criterion, Score

_ZERO = Decimal(0)


def check_caps(book: Book) -> Iterator[Problem]:
    """Yield criteria whose points never show, whatever the others give, and those whose every match is cut."""
    for score in book.scores.values():
        for criterion in score.criteria:
            lowest, highest = criterion_range(criterion)
            if criterion.disqualify is not None or lowest == highest == _ZERO:
                continue
            limit = _useless(score, criterion)
            if limit:
                message = f"the points of `{criterion.name}` never show: {limit}"
                yield warning(criterion.mark, "useless-cap", message, "change the limit or the points")
            elif (cut := _cut(score, criterion)) is not None:
                least = decimal_text(_least(criterion))
                message = f"`{criterion.name}` never gives its {least}: {cut}"
                yield warning(criterion.mark, "useless-cap", message, "raise the cap or give fewer points")


def _useless(score: Score, criterion: Criterion) -> str:
    """Return the limit that swallows all of a criterion's points, empty where they can show."""
    lowest, highest = criterion_range(criterion)
    if criterion.group is not None:
        others = [item for item in score.criteria if item.group == criterion.group and item is not criterion]
        most = score.groups[criterion.group]
        if not _shows(total(map(criterion_range, others)), (lowest, highest), -most, most):
            return f"the group `{criterion.group}` gives {_between(-most, most)}"
    rest = _rest(score, criterion)
    if not _shows(rest, (lowest, highest), score.floor, score.cap):
        return f"`{score.name}` is {_between(score.floor, score.cap)}, and the other criteria give {_between(*rest)}"
    return ""


def _rest(score: Score, criterion: Criterion) -> tuple[Decimal, Decimal]:
    """Return what the other criteria of a score can add up to, before its own floor and cap."""
    return summed_range(score, (item for item in score.criteria if item is not criterion))


def _shows(
    rest: tuple[Decimal, Decimal], own: tuple[Decimal, Decimal], floor: Decimal | None, cap: Decimal | None
) -> bool:
    """Tell whether adding ``own`` to some sum of the rest can change what lies between floor and cap."""
    up = own[1] > 0 and (cap is None or rest[0] < cap) and (floor is None or rest[1] + own[1] > floor)
    down = own[0] < 0 and (floor is None or rest[1] > floor) and (cap is None or rest[0] + own[0] < cap)
    return up or down


def _cut(score: Score, criterion: Criterion) -> str | None:
    """Return the cap that lies below the smallest gain; points that decay may begin above it."""
    if criterion.decay is not None:
        return None
    least = _least(criterion)
    if criterion.group is not None and least > score.groups[criterion.group]:
        return f"the group `{criterion.group}` gives at most {decimal_text(score.groups[criterion.group])}"
    if score.cap is not None and least > score.cap and _rest(score, criterion)[0] >= 0:
        return f"`{score.name}` is at most {decimal_text(score.cap)}"
    return None


def _least(criterion: Criterion) -> Decimal:
    """Return the fewest points above nothing that one match gives."""
    given = [band.points for band in (criterion.bands.bands if criterion.bands is not None else criterion.counted)]
    return min([points for points in given or [criterion.points] if points > 0], default=_ZERO)


def _between(low: Decimal | None, high: Decimal | None) -> str:
    ends = [decimal_text(end) if end is not None and end.is_finite() else "any number" for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
