"""Field facts: what a record said of the book's fields, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from leadline.common.values import Raw, Value
from leadline.rules.convert import to_value
from leadline.rules.model import DEAL_PREFIX, Book, Field
from leadline.rules.state import Fact, Unreadable
from leadline.sync.intake.rows import Observation

_NOTHING = object()
_AFTER_CONVERSION: Final = frozenset({("salesforce", "Contact"), ("salesforce", "Account")})


@dataclass(frozen=True, slots=True)
class Source:
    """One place a field comes from. ``moves``: a converted Lead hands this field over to its Contact or Account."""

    field: Field
    rank: int
    crm_field: str
    moves: bool


def sources_by_object(book: Book) -> dict[tuple[str, str], tuple[Source, ...]]:
    """Return, for each CRM's object, the book's fields that live there; those of deals are called `deal.<name>`."""
    found: dict[tuple[str, str], list[Source]] = {}
    of_deals = [replace(field, name=DEAL_PREFIX + field.name) for field in book.deals.fields.values()]
    for field in (*book.fields.values(), *of_deals):
        objects = {(source.crm, source.object) for source in field.sources}
        for rank, source in enumerate(field.sources):
            moves = (source.crm, source.object) == ("salesforce", "Lead") and bool(_AFTER_CONVERSION & objects)
            found.setdefault((source.crm, source.object), []).append(
                Source(field.as_in(source.crm), rank, source.field, moves)
            )
    return {key: tuple(items) for key, items in found.items()}


def field_facts(sources: Sequence[Source], history: Sequence[Observation]) -> Iterator[tuple[int, Fact]]:
    """Yield (cycle learnt, fact) for each change of value that one record's observations show.

    The first observation speaks from the record's own stamp on, since nothing older is known. A deleted or
    merged record says nothing any more, and a converted Lead leaves to its Contact and Account the fields that the
    book also reads there: both become empty then.
    """
    raw: dict[str, Raw | Unreadable] = {}
    said: dict[int, object] = {}
    speaking = (True, False)
    for observation in history:
        raw.update(observation.changed)
        now = (not observation.deleted, _converted(raw))
        everything = now != speaking
        speaking = now
        for place, source in enumerate(sources):
            if not everything and source.crm_field not in observation.changed:
                continue
            value = _value(source, raw) if now[0] and not (now[1] and source.moves) else None
            before = said.get(place, _NOTHING)
            if before is _NOTHING and value is None:
                continue
            if before is not _NOTHING and type(before) is type(value) and before == value:
                continue
            said[place] = value
            yield observation.cycle, _fact(source, observation, value)


def _converted(raw: Mapping[str, Raw | Unreadable]) -> bool:
    return raw.get("IsConverted") is True


def _value(source: Source, raw: Mapping[str, Raw | Unreadable]) -> Value | Unreadable:
    given = raw.get(source.crm_field)
    return given if isinstance(given, Unreadable) else to_value(source.field, given)


def _fact(source: Source, observation: Observation, value: Value | Unreadable) -> Fact:
    ref = observation.ref
    return Fact("field", source.field.name, value, observation.at, ref.crm, str(ref), observation.seen, source.rank)
