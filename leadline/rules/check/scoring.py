"""Checks of scores: bands, grades, criteria without effect, comparisons that cannot come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations, pairwise

from leadline.common.canonical import decimal_text
from leadline.common.errors import Problem
from leadline.rules.check.finding import all_conditions, error, leaves, warning
from leadline.rules.check.reach import INFINITE, Reach, criterion_range, reach
from leadline.rules.model import Band, Book, Criterion, GradeTest, Score, ScoreTest
from leadline.rules.ownscores import without_account_facts

_INTEGER_STEP = Decimal(1)
_NOTHING = (Decimal(0), Decimal(0))


def check_scoring(book: Book) -> Iterator[Problem]:
    """Yield what is wrong with the scores of a book and with what is asked of them."""
    known = reach(book)
    for score in book.scores.values():
        for criterion in score.criteria:
            yield from _criterion(book, criterion)
        yield from _grades(score, known)
        for group in score.groups:
            if all(criterion.group != group for criterion in score.criteria):
                yield warning(score.mark, "no-effect", f"no criterion of `{score.name}` is in the group `{group}`")
    yield from _temperatures(book, known)
    for condition in all_conditions(book):
        for leaf in leaves(condition):
            if isinstance(leaf, ScoreTest | GradeTest):
                yield from _asked(known, leaf)
    yield from _accounts(book)


def _accounts(book: Book) -> Iterator[Problem]:
    """Yield account facts that ask more of scores than people can have by themselves."""
    if not book.accounts:
        return
    alone, known = reach(without_account_facts(book)), reach(book)
    for fact in book.accounts.values():
        for leaf in leaves(fact.when):
            if not isinstance(leaf, ScoreTest | GradeTest):
                continue
            if alone.constant(leaf, None) is False and known.constant(leaf, None) is not False:
                message = (
                    f"the account fact `{fact.name}` asks for what only account facts give, which is left out here"
                )
                yield error(leaf.mark, "never-true", message, "ask for less, or give points for what people do")


def _criterion(book: Book, criterion: Criterion) -> Iterator[Problem]:
    if criterion.bands is not None:
        whole = book.readable[criterion.bands.field].type == "integer"
        yield from _bands(criterion.bands.bands, criterion.bands.field, whole)
    if criterion.counted:
        yield from _bands(criterion.counted, str(criterion.activity), whole=True)
    if criterion.disqualify is None and criterion_range(criterion) == _NOTHING:
        message = f"the criterion `{criterion.name}` gives no points"
        yield warning(criterion.mark, "no-effect", message, "give it points or remove it")
    if criterion.within is not None and criterion.decay is not None and criterion.within <= criterion.decay.every:
        message = f"`decay` of `{criterion.name}` has no effect: `within` ends before its first step"
        yield warning(criterion.mark, "no-effect", message, "make `within` longer, or remove one of them")
    single = criterion.points if criterion.match in {"first", "latest"} else None
    if single is not None and criterion.up_to is not None and criterion.up_to >= abs(single) > 0:
        message = f"`up_to` of `{criterion.name}` has no effect: it never gives more than {decimal_text(single)}"
        yield warning(criterion.mark, "no-effect", message, "remove it")


def _bands(bands: Sequence[Band], name: str, whole: bool) -> Iterator[Problem]:
    for one, other in combinations(bands, 2):
        if _overlap(one, other):
            message = f"the bands `{one.label}` and `{other.label}` of `{name}` overlap"
            yield error(other.mark, "band-overlap", message, "a value lies in one band")
    ordered = sorted(bands, key=_begin)
    for one, other in pairwise(ordered):
        if one.highest is not None and other.lowest is not None and _gap(one, other, whole):
            message = f"between the bands `{one.label}` and `{other.label}` of `{name}` there is a gap"
            yield warning(other.mark, "band-gap", message, "values there give no points")


def _begin(band: Band) -> Decimal:
    return -INFINITE if band.lowest is None else band.lowest


def _overlap(one: Band, other: Band) -> bool:
    low, high = sorted((one, other), key=_begin)
    if low.highest is None or high.lowest is None:
        return True
    if low.highest == high.lowest:
        return not (low.below or high.above)
    return low.highest > high.lowest


def _gap(one: Band, other: Band, whole: bool) -> bool:
    assert one.highest is not None and other.lowest is not None
    if one.highest == other.lowest:
        return one.below and other.above
    return other.lowest > one.highest + (_INTEGER_STEP if whole else 0)


def _grades(score: Score, known: Reach) -> Iterator[Problem]:
    if not score.grades:
        return
    lowest, highest = known.scores[score.name]
    for name, threshold in score.grades:
        if name not in known.grades[score.name]:
            way = f"at most {_points(highest)}" if threshold > highest else f"at least {_points(lowest)}"
            message = f"no `{score.name}` reaches grade `{name}`: the score is {way}"
            yield warning(score.mark, "unreachable-grade", message, "change its least points or the criteria")
    last, threshold = score.grades[-1]
    if lowest < threshold:
        message = f"a `{score.name}` under {_points(threshold)} has no grade: it can be {_points(lowest)}"
        yield warning(
            score.mark, "grade-gap", message, f"let grade `{last}` begin at {_points(lowest)}, or set `between`"
        )


def _temperatures(book: Book, known: Reach) -> Iterator[Problem]:
    if book.temperatures is None or book.temperatures.otherwise is not None or book.grid is None:
        return
    named = {cell for _, cells in book.temperatures.cells for cell in cells}
    missing = sorted(known.cells - named)
    if missing:
        message = f"`temperature` leaves out {', '.join(missing[:6])}{' and more' if len(missing) > 6 else ''}"
        yield warning(book.temperatures.mark, "temperature-gap", message, "add one with `otherwise`")


def _asked(known: Reach, leaf: ScoreTest | GradeTest) -> Iterator[Problem]:
    if isinstance(leaf, GradeTest):
        never = [name for name in leaf.names if name not in known.allowed(leaf)]
        if never:
            what = "temperature" if leaf.temperature else "grade"
            yield warning(leaf.mark, "never-true", f"no score comes to {what} {', '.join(never)}", "see the criteria")
        return
    constant = known.constant(leaf, None)
    if constant is None:
        return
    lowest, highest = known.scores[leaf.score]
    message = (
        f"this is {'always' if constant else 'never'} true: `{leaf.score}` is {_points(lowest)} to {_points(highest)}"
    )
    yield warning(
        leaf.mark, "always-true" if constant else "never-true", message, "change the number or the criteria"
    )


def _points(points: Decimal) -> str:
    return decimal_text(points) if points.is_finite() else "without limit"
