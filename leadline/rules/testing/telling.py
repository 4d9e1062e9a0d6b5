"""A rule test made out of a real person's story: masked, and expecting what this book decides for it today."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from leadline.common.canonical import decimal_text, plain
from leadline.common.values import Precision, Value
from leadline.rules.allocation import place_fact
from leadline.rules.deciding import Engine
from leadline.rules.deciding.history import History, Occurrences, ordered
from leadline.rules.model import DEAL_PREFIX, Book
from leadline.rules.state import Adopted, Decision, Fact, Outcome, Unreadable
from leadline.rules.testing.living import Life
from leadline.rules.testing.masking import fields_read, masked, of_deals, same_answers
from leadline.rules.testing.model import Case


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of a person: facts up to ``until``, taken up at ``start`` in the state that the CRMs showed.

    ``colleagues`` are the other people of the account, for a book that asks for facts of accounts. ``person`` is the
    minted id, which says nothing of who they are.
    """

    facts: tuple[Fact, ...]
    start: datetime
    until: datetime
    adopted: Adopted | None = None
    colleagues: tuple[Story, ...] = ()
    person: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A test as YAML. ``lost`` names fields whose masked values answer differently, so that the test may too."""

    text: str
    lost: tuple[str, ...]


def tell(book: Book, story: Story, name: str) -> Told:
    """Write a test out of a story; what it expects is what the book decides for the masked facts.

    Several sources of a field become one, as the book prefers them; facts that were withdrawn are left out.
    """
    lost: dict[str, None] = {}
    events = _events(book, story, story.until, lost)
    lines = [f"- test: {_scalar(name)}", f"  start: {_instant(story.start)}"]
    lines += _taken_up(story)
    lines += _section("history", _history(events, book.zone))
    colleagues: list[Case] = []
    told: list[str] = []
    for number, other in enumerate(story.colleagues, 1):
        theirs = _events(book, other, story.until, lost)
        colleagues.append(Case(f"colleague {number}", story.start, _facts(theirs), (), other.adopted))
        own = [*_taken_up(other), *_section("history", _history(theirs, book.zone))]
        told += [f"colleague {number}:", *own] if own else [f"colleague {number}: {{}}"]
    lines += _section("colleagues", told)
    # The masked story is read back as a test would be, so that it expects what the test will give.
    case = Case("", story.start, _facts(events), (), story.adopted, colleagues=tuple(colleagues))
    lines += _expected(book, case, story.until)
    return Told("\n".join(lines) + "\n", tuple(lost))


def _events(book: Book, story: Story, until: datetime, lost: dict[str, None]) -> list[_Event]:
    """Return what is told of one person, masked."""
    known = ordered(fact for fact in story.facts if fact.at <= until)
    return [
        *_fields(book, History(known, book.fields, book.deals), lost),
        *_activities(book, known),
        *_deals(book, known, lost),
        *_humans(book, known),
        *_places(book, known),
    ]


def _facts(events: Sequence[_Event]) -> tuple[Fact, ...]:
    return tuple(event.fact for event in events)


def _taken_up(story: Story) -> list[str]:
    adopted = story.adopted
    return [f"  adopted: {_adopted(adopted)}"] if adopted is not None and adopted.stage is not None else []


@dataclass(frozen=True, slots=True)
class _Event:
    fact: Fact
    text: str


_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*(?: [A-Za-z0-9_./@-]+)*")
_MEANT: Final = frozenset({"true", "false", "null", "none", "never"})
_TOLD: Final = "test"


def _fields(book: Book, history: History, lost: dict[str, None]) -> Iterator[_Event]:
    for name in (name for name in book.fields if name in fields_read(book)):
        field = book.fields[name]
        if field.table is not None:
            continue
        before: object = None
        for at in history.instants:
            value = history.value(name, at)
            if value == before and type(value) is type(before):
                continue
            before = value
            shown: Value | Unreadable = value if isinstance(value, Unreadable) else masked(book, field, value)
            if not isinstance(value, Unreadable) and not isinstance(shown, Unreadable):
                lost.update({} if same_answers(book, field, value, shown) else {name: None})
            text = (
                f"unreadable: {_scalar(name)}"
                if isinstance(shown, Unreadable)
                else f"{_scalar(name)}: {_value(shown)}"
            )
            yield _Event(Fact("field", name, shown, at, _TOLD, "person", at), text)


def _activities(book: Book, facts: Sequence[Fact]) -> Iterator[_Event]:
    for name in book.activities:
        occurrences = Occurrences([fact for fact in facts if fact.kind == "activity" and fact.name == name])
        ends = occurrences.ends or [None] * len(occurrences.facts)
        for number, (fact, end) in enumerate(zip(occurrences.facts, ends, strict=True)):
            if end is None:
                told = Fact("activity", name, True, fact.at, _TOLD, f"{name}/{number}", fact.at, 0, fact.precision)
                yield _Event(told, f"activity: {_scalar(name)}")


def _deals(book: Book, facts: Sequence[Fact], lost: dict[str, None]) -> Iterator[_Event]:
    told = [fact for fact in facts if fact.kind == "deal" and (fact.name == "deal" or fact.value is not None)]
    names = {record: f"deal {number}" for number, record in enumerate(dict.fromkeys(fact.record for fact in told), 1)}
    for fact in told:
        kind = book.deals.kinds.get(fact.name)
        if kind is not None and kind.state != fact.value:
            continue
        state = fact.name if kind is not None else "gone" if fact.value is None else str(fact.value)
        text = f"deal: {state}" if len(names) == 1 else f"deal: {{{names[fact.record]}: {state}}}"
        record, precision = names[fact.record], fact.precision
        yield _Event(Fact("deal", fact.name, fact.value, fact.at, _TOLD, record, fact.at, 0, precision), text)
    yield from _deal_fields(book, [fact for fact in facts if fact.record in names], names, lost)


def _deal_fields(
    book: Book, facts: Sequence[Fact], names: Mapping[str, str], lost: dict[str, None]
) -> Iterator[_Event]:
    """Tell what deals say of themselves, masked; what was unreadable is told as not known."""
    asked = of_deals(book)
    for fact in facts:
        field = book.deals.fields.get(fact.name.removeprefix(DEAL_PREFIX))
        if fact.kind != "field" or field is None or not fact.name.startswith(DEAL_PREFIX):
            continue
        value = None if isinstance(fact.value, Unreadable) else fact.value
        shown = masked(asked, field, value)
        lost.update({} if same_answers(asked, field, value, shown) else {fact.name: None})
        said = f"{{{_scalar(field.name)}: {_value(shown)}}}"
        text = f"deal: {said}" if len(names) == 1 else f"deal: {{{names[fact.record]}: {said}}}"
        yield _Event(Fact("field", fact.name, shown, fact.at, _TOLD, names[fact.record], fact.at), text)


def _humans(book: Book, facts: Sequence[Fact]) -> Iterator[_Event]:
    for fact in facts:
        if fact.kind == "human" and fact.value in book.stages:
            told = Fact("human", "somebody", fact.value, fact.at, _TOLD, "person", fact.at)
            yield _Event(told, f"by_hand: {_scalar(str(fact.value))}")


def _places(book: Book, facts: Sequence[Fact]) -> Iterator[_Event]:
    for fact in facts:
        if fact.kind == "allocation" and fact.value in book.capacity:
            yield _Event(place_fact(str(fact.value), fact.at), f"allocated: {_scalar(str(fact.value))}")


def _history(events: Sequence[_Event], zone: str) -> Iterator[str]:
    by_instant: dict[tuple[datetime, Precision], list[str]] = {}
    for event in sorted(events, key=lambda event: event.fact.at):
        by_instant.setdefault((event.fact.at, event.fact.precision), []).append(event.text)
    for (at, precision), texts in by_instant.items():
        # A CRM's day begins at UTC's midnight; a day in a test begins in the book's zone.
        when = f"{at:%Y-%m-%d}" if precision == "day" and zone == "UTC" else _instant(at)
        if len(texts) == 1:
            yield f"- {when}: {{{texts[0]}}}"
        else:
            yield f"- {when}:"
            yield from (f"    - {{{text}}}" for text in texts)


def _expected(book: Book, case: Case, until: datetime) -> Iterator[str]:
    life = Life(Engine(book), case)
    outcome = life.until(until).state.outcome
    yield from _section("expect", _expectations(life.moved(), until, outcome))
    moves = [f"- {_instant(item.at)}: {_moves(item)}" for item in life.moved()]
    yield from _section("moves", moves) if moves else ["  moves: none"]


def _expectations(made: Sequence[Decision], until: datetime, outcome: Outcome) -> Iterator[str]:
    seen: Mapping[datetime, Outcome] = {**{item.at: item.after for item in made}, until: outcome}
    for at, found in seen.items():
        parts = {"stage": _scalar(found.stage), "pass": str(found.pass_number)}
        parts.update({_scalar(name): decimal_text(score.value) for name, score in found.scores.items()})
        if found.cell is not None:
            parts["grade"] = _scalar(found.cell)
        yield f"- {_instant(at)}: {{{', '.join(f'{key}: {value}' for key, value in parts.items())}}}"


def _section(name: str, lines: Sequence[str] | Iterator[str]) -> list[str]:
    found = list(lines)
    return [f"  {name}:", *(f"    {line}" for line in found)] if found else []


def _moves(made: Decision) -> str:
    return f"[{', '.join(f'{move.source} -> {move.target}' for move in made.moves)}]"


def _adopted(adopted: Adopted) -> str:
    parts = [f"stage: {_scalar(str(adopted.stage))}", f"pass: {adopted.pass_number}"]
    if adopted.since is not None:
        parts.append(f"since: {_instant(adopted.since)}")
    return f"{{{', '.join(parts)}}}"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, tuple):
        return f"[{', '.join(_scalar(item) for item in value)}]"
    return _scalar(value) if isinstance(value, str) else str(plain(value))


def _scalar(text: str) -> str:
    """Write a text so that it reads back as itself, also between braces."""
    simple = _PLAIN.fullmatch(text) is not None and text.lower() not in _MEANT
    return text if simple else json.dumps(text, ensure_ascii=False)


def _instant(at: datetime) -> str:
    """Write an instant with its offset: so it means the same whatever the book's zone is."""
    text = f"{at:%Y-%m-%d %H:%M}"
    if at.microsecond:
        return f"{text}:{at:%S.%f}Z"
    return f"{text}:{at:%S}Z" if at.second else f"{text}Z"
