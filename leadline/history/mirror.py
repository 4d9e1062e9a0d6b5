"""Histories out of the mirror: everything that is known by now, placed where it happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from leadline.common.errors import RefusedError
from leadline.common.values import RecordRef
from leadline.common.vocabulary import DEAL_OBJECTS
from leadline.history.columns.crowd import Crowd, crowd_of
from leadline.history.past import Key, before_the_first, coverage_told, past_facts
from leadline.history.people import Limits, PersonHistory, Together
from leadline.rules.model import Book, FieldSource
from leadline.rules.state import Fact
from leadline.sync.intake import PersonFacts, facts_of_persons
from leadline.sync.intake.rows import created
from leadline.sync.store import Store, open_store
from leadline.sync.store.schema import activities, cycles, persons, records

RECORDS_LOOKED_AT: Final = 200
"""Records of each object whose fields are looked at, to tell what was pulled: all of one object have the same."""


@dataclass(frozen=True, slots=True)
class MirrorSource:
    """A ``HistorySource`` over the state store at ``url``, as known at the end of ``cycle``."""

    url: str
    cycle: int
    earliest: datetime
    chosen: tuple[str, ...]
    has_deals: bool

    @property
    def count(self) -> int:
        """How many people there are."""
        return len(self.chosen)

    def ids(self) -> Sequence[str]:
        """Return everybody, sorted."""
        return self.chosen

    def part(self, ids: Sequence[str]) -> MirrorSource:
        """Return the same mirror for these people."""
        return replace(self, chosen=tuple(sorted(ids)))

    def parts(self, size: int) -> Iterator[MirrorSource]:
        """Yield the same mirror for at most ``size`` people after the other, in order of id."""
        return (self.part(self.chosen[low : low + size]) for low in range(0, len(self.chosen), size))

    def load(self, book: Book) -> Iterator[PersonHistory]:
        """Yield everybody's history; who has no record left is left out. See ``HistorySource``."""
        with open_store(self.url) as store, store.read() as connection:
            found = read_histories(connection, book, self.chosen, self.cycle, self.earliest)
        yield from found

    def crowd(self, book: Book, until: datetime) -> Crowd:
        """Return the same histories as arrays; see ``HistorySource``."""
        return crowd_of(book, self.load(book), until)

    def limits(self, book: Book) -> Limits:
        """Say what the mirror cannot know; see ``HistorySource``."""
        with open_store(self.url) as store, store.read() as connection:
            first = connection.execute(select(func.min(cycles.c.frontier))).scalar()
            deleted = connection.execute(select(func.count()).where(records.c.deleted)).scalar()
            oldest = connection.execute(select(func.min(activities.c.at))).scalar()
            fieldless = dict(never_pulled(connection, book))
            remembered = list(coverage_told(connection))
        said = []
        if first is not None:
            said.append(
                f"Changes of fields and stages are known since the first pull, {first:%Y-%m-%d}; a value found then"
                " counts for the time before, too, and is marked as leaking; signals count since their record's last"
                " change before it."
            )
            said.append("Records that were deleted or merged before the first pull were never seen.")
        said += remembered
        if deleted:
            said.append(f"{deleted:,} records were deleted since; people without any record left are left out.")
        if oldest is not None:
            said.append(f"The oldest activity is of {oldest:%Y-%m-%d}; what the CRMs kept no longer is missing.")
        return Limits(tuple(said), fieldless)


def open_mirror(store: Store, url: str) -> MirrorSource:
    """Return everybody whom the mirror knows. Raises RefusedError where nothing was read completely yet."""
    with store.read() as connection:
        last, first = known_since(connection)
        everyone = connection.execute(select(persons.c.id).where(persons.c.alias_of.is_(None))).scalars()
        ids = tuple(sorted(everyone))
        deals = select(records.c.record_id).where(records.c.object.in_(DEAL_OBJECTS.values())).limit(1)
        has_deals = connection.execute(deals).scalar() is not None
    return MirrorSource(url, last, first, ids, has_deals)


def known_since(connection: Connection) -> tuple[int, datetime]:
    """Return the last cycle that read everything, and the first frontier of all.

    Raises RefusedError where nothing was read completely yet.
    """
    last = connection.execute(select(func.max(cycles.c.id)).where(cycles.c.frontier.is_not(None))).scalar()
    first = connection.execute(select(func.min(cycles.c.frontier))).scalar()
    if last is None or first is None:
        raise RefusedError("nothing was ever read completely, so there is no history; run `leadline pull`")
    return last, first


def read_histories(
    connection: Connection, book: Book, ids: Sequence[str], cycle: int, earliest: datetime
) -> Iterator[PersonHistory]:
    """Return the histories of people as known at the end of ``cycle``, in the order of ``ids``.

    All is read before the first one is given. Who has no record left is left out; who has no dated fact is there
    since ``earliest``.
    """
    found = facts_of_persons(connection, book, ids, cycle)
    everybody = [one for known in found.values() for one in _household(known)]
    refs = _refs(everybody)
    made, past = created(connection, refs), past_facts(connection, book, refs)
    return _histories([found[person] for person in ids], _Placing(book, earliest, made, past))


def _histories(people: Iterable[PersonFacts], placing: _Placing) -> Iterator[PersonHistory]:
    units: dict[int, Together] = {}
    for known in people:
        if not known.live:
            continue
        if known.together is None:
            yield placing.history(known)
            continue
        if id(known.together) not in units:
            members = [placing.history(one) for one in known.together.people.values() if one.live]
            born = min(one.born for one in members)
            units[id(known.together)] = Together({one.person: one.facts for one in members}, born)
        yield replace(placing.history(known), together=units[id(known.together)])


@dataclass(frozen=True, slots=True)
class _Placing:
    """Where what is known is placed in time."""

    book: Book
    earliest: datetime
    made: dict[RecordRef, datetime]
    past: dict[Key, tuple[Fact, ...]]

    def history(self, known: PersonFacts) -> PersonHistory:
        """Place what is known: a first value counts since its record was made, a signal only since its stamp.

        Where the CRM's own history tells older values, they count since they were set, and nothing is assumed.
        """
        facts, remembered = before_the_first(known.all(), self.past)
        born = known.created or min((fact.at for fact in facts), default=self.earliest)
        since = {str(ref): max(born, at) for ref, at in self.made.items()}
        placed: list[Fact] = []
        assumed: set[str] = set()
        begun = set(remembered)
        for fact in facts:
            key = (fact.name, fact.source, fact.record)
            field = self.book.fields.get(fact.name) if fact.kind == "field" else None
            begins = field is not None and not field.signal and key not in begun
            if begins:
                begun.add(key)
                at = since.get(fact.record, born)
                if at < fact.at and fact.value is not None:
                    assumed.add(fact.name)
                    fact = replace(fact, at=at)  # noqa: PLW2901  (the same fact, at its assumed place)
            placed.append(fact)
        return PersonHistory(known.person, born, tuple(placed), tuple(sorted(assumed)))


def _household(known: PersonFacts) -> Iterable[PersonFacts]:
    return (known,) if known.together is None else known.together.people.values()


def _refs(people: Iterable[PersonFacts]) -> set[RecordRef]:
    told = {
        (fact.source, fact.record)
        for known in people
        for fact in known.all()
        if fact.kind == "field" and fact.source in ("salesforce", "hubspot")
    }
    found: set[RecordRef] = set()
    for crm, text in told:
        name, _, key = text.removeprefix(f"{crm}:").partition("/")
        found.add(RecordRef("salesforce" if crm == "salesforce" else "hubspot", name, key))
    return found


def never_pulled(connection: Connection, book: Book) -> Iterator[tuple[str, str]]:
    """Yield the book's fields of which the mirror has no source, each with the reason."""
    pulled: dict[tuple[str, str], set[str]] = {}
    for item in book.fields.values():
        missing = [source for source in item.sources if source.field not in _pulled(connection, pulled, source)]
        if item.sources and len(missing) == len(item.sources):
            yield item.name, f"{missing[0]} was never pulled, because no active book reads it"


def _pulled(connection: Connection, known: dict[tuple[str, str], set[str]], source: FieldSource) -> set[str]:
    crm, name = source.crm, source.object
    if (crm, name) not in known:
        own = select(records.c.fields).where(records.c.crm == crm, records.c.object == name)
        rows = connection.execute(own.limit(RECORDS_LOOKED_AT)).scalars()
        known[crm, name] = {field for row in rows for field in row}
    return known[crm, name]
