"""What was expected at an instant against what the engine says, both in words, with the reason for a difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from leadline.common.canonical import decimal_text
from leadline.rules.causes import action_word
from leadline.rules.deciding import Engine
from leadline.rules.deciding.fieldtests import compare_number
from leadline.rules.deciding.localdays import day_of
from leadline.rules.deciding.units import from_account
from leadline.rules.state import Advance, Effect, Fact, Outcome, Unreadable
from leadline.rules.testing.because import because
from leadline.rules.testing.instants import told
from leadline.rules.testing.model import Expectation, Failure, MoveMade, Wanted, What
from leadline.rules.testing.slas import compare_due, compare_sla

_OPS = {"equals": "", "at_least": "at least ", "at_most": "at most ", "over": "over ", "under": "under "}


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to compare with at one instant; ``moves`` and ``effects`` are all up to there."""

    engine: Engine
    advance: Advance
    known: Sequence[Fact]
    moves: Sequence[MoveMade]
    effects: Sequence[Effect] = ()

    @property
    def outcome(self) -> Outcome:
        """What the person is."""
        return self.advance.state.outcome


def failures(seen: Seen, expectation: Expectation) -> Iterator[Failure]:
    """Yield each thing that is not as expected."""
    for wanted in expectation.wanted:
        compared = _COMPARED[wanted.what](seen, expectation, wanted)
        if compared is None:
            continue
        expected, actual = compared
        what = wanted.name if wanted.what in ("score", "account", "sla") else _TITLES.get(wanted.what, wanted.what)
        title = f"{wanted.name} {_AFTER[wanted.what]}" if wanted.what in _AFTER else what
        why = because(seen.engine, seen.advance, wanted)
        zone = seen.engine.book.zone
        when = f"{day_of(expectation.at, zone)}" if expectation.is_day else told(expectation.at, zone)
        yield Failure(wanted.mark, expectation.at, when, title, expected, actual, why)


Compared = tuple[str, str] | None
"""None where it is as expected, else both sides in words."""


def _named(pick: Callable[[Outcome], str | None]) -> Callable[[Seen, Expectation, Wanted], Compared]:
    def compare(seen: Seen, _: Expectation, wanted: Wanted) -> Compared:
        actual = pick(seen.outcome)
        return None if actual == wanted.value else (_word(wanted.value), _word(actual))

    return compare


def _pass(seen: Seen, _: Expectation, wanted: Wanted) -> Compared:
    actual = seen.outcome.pass_number
    return None if actual == wanted.value else (str(wanted.value), str(actual))


def _score(seen: Seen, _: Expectation, wanted: Wanted) -> Compared:
    assert isinstance(wanted.value, Decimal)
    score = seen.outcome.scores[wanted.name]
    if compare_number(wanted.op, score.value, wanted.value):
        return None
    return f"{_OPS[wanted.op]}{decimal_text(wanted.value)}", decimal_text(score.value)


def _account(seen: Seen, expectation: Expectation, wanted: Wanted) -> Compared:
    history, at = seen.advance.state.history, expectation.at
    told = [fact.value for fact in history if fact.name == wanted.name and from_account(fact) and fact.at <= at]
    actual = told[-1] if told else None
    number = Decimal(actual) if isinstance(actual, int | Decimal) else None
    shown = "unreadable" if isinstance(actual, Unreadable) else "none" if number is None else decimal_text(number)
    if wanted.value is None:
        return None if actual is None else ("none", shown)
    assert isinstance(wanted.value, Decimal)
    if number is not None and compare_number(wanted.op, number, wanted.value):
        return None
    return f"{_OPS[wanted.op]}{decimal_text(wanted.value)}", shown


def _score_grade(seen: Seen, _: Expectation, wanted: Wanted) -> Compared:
    actual = seen.outcome.grades.get(wanted.name)
    return None if actual == wanted.value else (_word(wanted.value), _word(actual))


def _disqualified(seen: Seen, _: Expectation, wanted: Wanted) -> Compared:
    reasons = seen.outcome.disqualified
    actual = ", ".join(reasons) or "no"
    if isinstance(wanted.value, bool):
        return None if wanted.value is bool(reasons) else ("yes" if wanted.value else "no", actual)
    assert isinstance(wanted.value, tuple)
    return None if set(wanted.value) == set(reasons) else (", ".join(wanted.value), actual)


def _moves(seen: Seen, expectation: Expectation, wanted: Wanted) -> Compared:
    assert isinstance(wanted.value, tuple)
    made = tuple((move.source, move.target) for move in seen.moves if expectation.since <= move.at <= expectation.at)
    return None if made == wanted.value else (_arrows(wanted.value), _arrows(made))


def _actions(seen: Seen, expectation: Expectation, wanted: Wanted) -> Compared:
    assert isinstance(wanted.value, tuple)
    caused = tuple(
        action_word(item.action) for item in seen.effects if expectation.since <= item.at <= expectation.at
    )
    return None if caused == wanted.value else (", ".join(wanted.value) or "none", ", ".join(caused) or "none")


def _next_change(seen: Seen, _: Expectation, wanted: Wanted) -> Compared:
    actual, zone = seen.advance.next_change, seen.engine.book.zone
    found = "never" if actual is None else told(actual, zone)
    if wanted.value is None:
        return None if actual is None else ("never", found)
    assert isinstance(wanted.value, tuple)
    since, until = wanted.value
    if actual is not None and since <= actual <= until:
        return None
    return (told(since, zone) if since == until else f"{day_of(since, zone)}"), found


def _scope(seen: Seen, expectation: Expectation, wanted: Wanted) -> Compared:
    answer = seen.engine.in_scope(seen.known, expectation.at)
    actual = "undecided" if answer is None else ("in" if answer else "out")
    return None if actual == wanted.value else (str(wanted.value), actual)


_COMPARED: Mapping[What, Callable[[Seen, Expectation, Wanted], Compared]] = {
    "stage": _named(lambda outcome: outcome.stage),
    "previous": _named(lambda outcome: outcome.previous),
    "waits_for": _named(lambda outcome: outcome.waits_for),
    "reason": _named(lambda outcome: outcome.why.partition(": ")[2]),
    "grade": _named(lambda outcome: outcome.cell),
    "temperature": _named(lambda outcome: outcome.temperature),
    "pass": _pass,
    "score": _score,
    "score grade": _score_grade,
    "account": _account,
    "disqualified": _disqualified,
    "moves": _moves,
    "next_change": _next_change,
    "actions": _actions,
    "scope": _scope,
    "sla": lambda seen, _, wanted: compare_sla(seen.outcome, wanted),
    "due": lambda seen, _, wanted: compare_due(seen.outcome, wanted, seen.engine.book.zone),
}
_AFTER: Mapping[str, str] = {"score grade": "grade", "due": "due"}
_TITLES: Mapping[str, str] = {"next_change": "next change", "moves": "moves", "waits_for": "waits for"}


def _word(value: object) -> str:
    return "none" if value is None else str(value)


def _arrows(moves: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{source} -> {target}" for source, target in moves) or "none"
