"""Facts from the CRMs' own histories: what a field said before the first pull found it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Connection

from leadline.common.values import RecordRef
from leadline.rules.convert import to_value
from leadline.rules.model import Book
from leadline.rules.state import Fact
from leadline.sync.intake.fields import sources_by_object
from leadline.sync.store.past import coverage, past_of

Key = tuple[str, str, str]
"""A field of the book, the CRM and the record that said it."""


def past_facts(connection: Connection, book: Book, refs: Iterable[RecordRef]) -> dict[Key, tuple[Fact, ...]]:
    """Return the past of the book's fields on these records, oldest first; ``seen`` is when the history was read."""
    sources = sources_by_object(book)
    found: dict[Key, list[Fact]] = {}
    for ref, values in past_of(connection, refs).items():
        for past in values:
            for source in sources.get((ref.crm, ref.object), ()):
                if source.crm_field != past.field:
                    continue
                value = to_value(source.field, past.value)
                name, record = source.field.name, str(ref)
                fact = Fact("field", name, value, past.at, ref.crm, record, past.seen, source.rank)
                found.setdefault((name, ref.crm, record), []).append(fact)
    return {key: tuple(facts) for key, facts in found.items()}


def before_the_first(
    facts: Iterable[Fact], past: Mapping[Key, tuple[Fact, ...]]
) -> tuple[tuple[Fact, ...], set[Key]]:
    """Return facts with the past put before the first one of each key, and the keys that have a past."""
    told: set[Key] = set()
    known: set[Key] = set()
    placed: list[Fact] = []
    for fact in facts:
        key = (fact.name, fact.source, fact.record)
        if fact.kind == "field" and key not in told:
            told.add(key)
            earlier = [one for one in past.get(key, ()) if one.at < fact.at]
            if earlier:
                known.add(key)
                placed += earlier
                if earlier[-1].value == fact.value:
                    continue  # the pull found what the history's last change says
        placed.append(fact)
    return tuple(placed), known


def coverage_told(connection: Connection) -> Iterator[str]:
    """Yield a sentence for each field whose past is known."""
    for item in coverage(connection):
        yield (
            f"The past of {item.crm} {item.object}.{item.field} is known since {item.since:%Y-%m-%d} "
            f"({item.changes:,} changes); what the CRM had not tracked by then is missing."
        )
