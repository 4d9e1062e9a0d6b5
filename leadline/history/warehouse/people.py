"""What is known of people as rows: values as of now, what happened, what changed, and their deals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from leadline.common.canonical import plain
from leadline.common.masking import mask
from leadline.common.values import Value
from leadline.history.people import PersonHistory
from leadline.rules.deciding.decisions import outcome_from_json
from leadline.rules.deciding.fields import FieldTimeline, Known
from leadline.rules.deciding.history import LAST_INSTANT, fact_key
from leadline.rules.model import DEAL_PREFIX, Book, Field
from leadline.rules.state import Fact, Unreadable
from leadline.rules.testing.masking import Masker, of_deals
from leadline.sync.store.outcomes import LifecycleRow

Rows = Iterator[dict[str, Any]]
_GONE: Final = "gone"


class Telling:
    """The book whose names are used, and whether values stand as they are or unrecognisable.

    What the book asks of a masked text is answered as before, patterns and counts of distinct values left aside.
    """

    def __init__(self, book: Book, *, personal: bool) -> None:
        self.book = book
        self.personal = personal
        self._people = Masker(book)
        self._deals = Masker(of_deals(book))

    def value(self, field: Field, value: Known) -> Value:
        """Return a field's value as it is told; nothing where it could not be read."""
        return self._told(self._people, field, value)

    def of_deal(self, field: Field, value: Known) -> Value:
        """Return the value of a field of deals as it is told."""
        return self._told(self._deals, field, value)

    def text(self, text: str | None) -> str | None:
        """Return a sentence as it is told: without addresses and numbers of people."""
        return text if text is None or self.personal else mask(text)

    def _told(self, masker: Masker, field: Field, value: Known) -> Value:
        if isinstance(value, Unreadable):
            return None
        return value if self.personal else masker.value(field, value)


def person_row(telling: Telling, history: PersonHistory, account: str | None, stands: LifecycleRow | None) -> Rows:
    """Yield a person as they are now."""
    row: dict[str, Any] = {
        name: telling.value(telling.book.fields[name], line.value(LAST_INSTANT))
        for name, line in _timelines(telling.book.fields, _by_name(history.facts, "field")).items()
    }
    row |= {"person_id": history.person, "account": account, "created": history.born}
    if stands is not None:
        outcome = outcome_from_json(stands.outcome)
        row |= {"stage": outcome.stage, "stage_since": outcome.since, "pass": outcome.pass_number}
    yield row


def outcome_row(telling: Telling, stands: LifecycleRow) -> Rows:
    """Yield where a person stands."""
    outcome = outcome_from_json(stands.outcome)
    scores = {name: outcome.scores[name].value for name in telling.book.scores if name in outcome.scores}
    grades = {f"{name}_grade": outcome.grades.get(name) for name in telling.book.scores}
    yield (
        {
            "person_id": stands.person_id,
            "current_stage": outcome.stage,
            "since": outcome.since,
            "pass": outcome.pass_number,
            "cell": outcome.cell,
            "temperature": outcome.temperature,
            "waits_for": outcome.waits_for,
            "next_change": stands.next_change,
            "why": telling.text(outcome.why),
            "book": stands.book_hash,
        }
        | scores
        | grades
    )


def activity_rows(history: PersonHistory, since: datetime | None) -> Rows:
    """Yield what a person did, as it stands by its last version, in order."""
    last: dict[tuple[str, str, str], Fact] = {}
    for fact in sorted((fact for fact in history.facts if fact.kind == "activity"), key=lambda one: one.seen):
        last[fact.name, fact.source, fact.record] = fact
    for fact in sorted(last.values(), key=fact_key):
        if fact.value is not False and (since is None or fact.at >= since):
            yield {
                "person_id": history.person,
                "activity": fact.name,
                "at": fact.at,
                "precision": fact.precision,
                "crm": fact.source,
                "record": fact.record,
            }


def change_rows(telling: Telling, history: PersonHistory, since: datetime | None) -> Rows:
    """Yield the steps of each field; ``assumed`` are first values of which nobody knows since when they were so."""
    facts = _by_name(history.facts, "field")
    for name, line in _timelines(telling.book.fields, facts).items():
        field = telling.book.fields[name]
        for number, (at, value) in enumerate(_steps(line, facts[name], every=field.signal)):
            if since is None or at >= since:
                told = telling.value(field, value)
                yield {
                    "person_id": history.person,
                    "field": name,
                    "value": _text(told),
                    "at": at,
                    "assumed": number == 0 and name in history.assumed,
                    "unreadable": isinstance(value, Unreadable),
                }


def deal_rows(telling: Telling, history: PersonHistory, since: datetime | None) -> Rows:
    """Yield what each deal of a person was, from one change to the next; nothing before its state is known."""
    deals: dict[str, list[Fact]] = defaultdict(list)
    for fact in history.facts:
        if fact.kind == "deal" or (fact.kind == "field" and fact.name.startswith(DEAL_PREFIX)):
            deals[fact.record].append(fact)
    fields = {DEAL_PREFIX + name: field for name, field in telling.book.deals.fields.items()}
    for record in sorted(deals):
        states = _by_name(deals[record], "deal")
        lines = _timelines(fields, _by_name(deals[record], "field"))
        for at in sorted({fact.at for fact in deals[record]}):
            now = {name: _last(own, at) for name, own in states.items()}
            if "deal" not in now or (since is not None and at < since):
                continue
            state = now.pop("deal")
            kinds = [name for name in telling.book.deals.kinds if state is not None and now.get(name) == state]
            told = {
                name.removeprefix(DEAL_PREFIX): telling.of_deal(fields[name], line.value(at))
                for name, line in lines.items()
            }
            row = {"person_id": history.person, "deal": record, "at": at, "kind": kinds[0] if kinds else None}
            yield told | row | {"state": _GONE if state is None else state}


def _by_name(facts: Iterable[Fact], kind: str) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in sorted((fact for fact in facts if fact.kind == kind), key=fact_key):
        found[fact.name].append(fact)
    return found


def _timelines(fields: Mapping[str, Field], facts: Mapping[str, list[Fact]]) -> dict[str, FieldTimeline]:
    """Return the fields that anything is known of, as the book resolves them; empty stays empty."""
    return {
        name: FieldTimeline(replace(field, has_blank=False), facts[name])
        for name, field in fields.items()
        if name in facts
    }


def _steps(line: FieldTimeline, facts: Iterable[Fact], *, every: bool) -> Iterator[tuple[datetime, Known]]:
    before: list[Known] = []
    for at in sorted({fact.at for fact in facts}):
        value = line.value(at)
        if every or [value] != before:
            yield at, value
        before = [value]


def _last(facts: Iterable[Fact], at: datetime) -> Any:
    return [None, *(fact.value for fact in facts if fact.at <= at)][-1]


def _text(value: Value) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return ";".join(value) if isinstance(value, tuple) else str(plain(value))
