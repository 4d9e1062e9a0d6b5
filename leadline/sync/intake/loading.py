"""The facts of many persons at once, as known at a cycle, with a handful of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection

from leadline.common.folding import fold
from leadline.common.values import RecordRef, SourceActivity
from leadline.common.vocabulary import ACCOUNT_OBJECTS, DEAL_OBJECTS
from leadline.rules.allocation import SOURCE
from leadline.rules.convert import matching
from leadline.rules.deciding.units import Unit, since
from leadline.rules.model import Activity, Book
from leadline.rules.state import Adopted, Fact
from leadline.sync.identity.addresses import plain_address
from leadline.sync.intake import rows
from leadline.sync.intake.accounts import units_of
from leadline.sync.intake.counters import Supply, counted, counter_facts, supplies
from leadline.sync.intake.deals import deal_facts
from leadline.sync.intake.fields import Source, field_facts, sources_by_object
from leadline.sync.intake.stages import adopted_state, human_facts
from leadline.sync.store.allocations import AllocationRow, allocations_of

_DEALS = tuple(DEAL_OBJECTS.values())


@dataclass(slots=True)
class PersonFacts:
    """One person's facts, each with the cycle in which it became known of this person.

    ``created`` is when their first record was made, as far as the CRMs say; ``live`` says whether any record is
    still there. ``together`` are the people of their account, for a book that asks for facts of accounts.
    """

    person: str
    learned: list[tuple[int, Fact]] = field(default_factory=list)
    adopted: Adopted = field(default_factory=Adopted)
    created: datetime | None = None
    live: bool = False
    together: Together | None = None

    def shared(self, unit: Unit | None, at: datetime) -> tuple[Fact, ...]:
        """Return the facts of the person's account from ``at`` on, by all that is known; none for a book without."""
        if unit is None or self.together is None:
            return ()
        return self.together.shared(unit, at)

    def all(self) -> tuple[Fact, ...]:
        """Return every fact."""
        return tuple(fact for _, fact in self.learned)

    def until(self, cycle: int) -> tuple[Fact, ...]:
        """Return the facts known at the end of ``cycle``."""
        return tuple(fact for known, fact in self.learned if known <= cycle)

    def after(self, cycle: int) -> tuple[Fact, ...]:
        """Return the facts that became known after ``cycle``."""
        return tuple(fact for known, fact in self.learned if known > cycle)


@dataclass(slots=True)
class Together:
    """The people of one account with what is known of each; who has no live record left is no part of it.

    ``account`` is None for a person without one.
    """

    people: Mapping[str, PersonFacts]
    account: RecordRef | None
    _derived: tuple[Unit, datetime, tuple[Fact, ...]] | None = None

    def shared(self, unit: Unit, at: datetime) -> tuple[Fact, ...]:
        """Return the account's facts from ``at`` on; they are derived once for people of one frontier."""
        if self._derived is None or self._derived[0] is not unit or self._derived[1] > at:
            self._derived = (unit, at, unit.derive(self.histories(), at))
        return since(self._derived[2], at)

    def histories(self) -> dict[str, tuple[Fact, ...]]:
        """Return what is known of each person who counts."""
        return {person: facts.all() for person, facts in sorted(self.people.items()) if facts.live}


def facts_of_persons(
    connection: Connection, book: Book, person_ids: Iterable[str], cycle: int
) -> dict[str, PersonFacts]:
    """Return the facts of these persons as known at the end of ``cycle``; everybody asked for is there.

    A fact becomes known when its record was observed and had joined the person (or its account or deal), whichever
    came last.
    """
    if not book.accounts:
        return _facts_of(connection, book, sorted(set(person_ids)), cycle)
    wanted = sorted(set(person_ids))
    units, accounts = units_of(connection, book.primary, wanted, cycle)
    everybody = {person for unit in units.values() for person in unit} | set(wanted)
    known = _facts_of(connection, book, sorted(everybody), cycle)
    made: dict[tuple[str, ...], Together] = {}
    for person, unit in units.items():
        if unit not in made:
            made[unit] = Together({one: known[one] for one in unit}, accounts.get(person))
        known[person].together = made[unit]
    return {person: known[person] for person in wanted}


def _facts_of(connection: Connection, book: Book, wanted: list[str], cycle: int) -> dict[str, PersonFacts]:
    found = {person: PersonFacts(person) for person in wanted}
    scene = _Scene(book, sources_by_object(book), counted(book), supplies(connection, book, cycle))
    scene.load(connection, wanted, cycle)
    for place in scene.places:
        history = scene.history.get(place.ref, [])
        _add(found[place.person], place.since, scene.facts_of(place, history))
    for person, versions in scene.activities.items():
        found[person].learned += _activity_facts(book, versions)
    for person, refs in scene.members.items():
        histories = {ref: scene.history.get(ref, []) for ref in refs}
        found[person].adopted = adopted_state(book, histories)
        found[person].live = any(history and not history[-1].deleted for history in histories.values())
        found[person].created = min((at for ref in refs if (at := scene.created.get(ref))), default=None)
    for row in allocations_of(connection, wanted, cycle):
        # A place is known to the fold that it was given for; whose turn it was, from the next cycle on.
        learned = row.cycle if row.kind == "capacity" else row.cycle + 1
        if learned <= cycle:
            found[row.person_id].learned.append((learned, _given(row)))
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """A record that speaks for a person: one of theirs, their account, or a deal of theirs."""

    person: str
    ref: RecordRef
    since: int


@dataclass(slots=True)
class _Scene:
    """Everything loaded for one batch of persons."""

    book: Book
    sources: Mapping[tuple[str, str], tuple[Source, ...]]
    counters: Mapping[tuple[str, str], tuple[Activity, ...]]
    supplied: Mapping[str, Supply]
    places: list[_Place] = field(default_factory=list)
    members: dict[str, list[RecordRef]] = field(default_factory=dict)
    history: dict[RecordRef, list[rows.Observation]] = field(default_factory=dict)
    created: dict[RecordRef, datetime] = field(default_factory=dict)
    activities: dict[str, dict[int, tuple[int, rows.ActivityVersion]]] = field(default_factory=dict)
    _facts: dict[RecordRef, list[tuple[int, Fact]]] = field(default_factory=dict)

    def load(self, connection: Connection, persons: Sequence[str], cycle: int) -> None:
        own = [_Place(item.person, item.ref, item.since) for item in rows.members(connection, persons, cycle)]
        for place in own:
            self.members.setdefault(place.person, []).append(place.ref)
        accounts = self._accounts(connection, own, cycle) if self._reads_accounts() else []
        deals = self._deals(connection, own, accounts, cycle)
        self.places = [*own, *accounts, *deals]
        self.history = rows.observed(connection, {place.ref for place in self.places}, cycle)
        self.created = rows.created(connection, {place.ref for place in (*own, *deals)})
        if self.book.activities:
            self._load_activities(connection, own, cycle)

    def facts_of(self, place: _Place, history: Sequence[rows.Observation]) -> list[tuple[int, Fact]]:
        """Return what one record says; an account or deal of many persons is read once."""
        known = self._facts.get(place.ref)
        if known is None:
            known = list(self._read(place.ref, history))
            self._facts[place.ref] = known
        return known

    def _read(self, ref: RecordRef, history: Sequence[rows.Observation]) -> Iterable[tuple[int, Fact]]:
        facts = field_facts(self.sources.get((ref.crm, ref.object), ()), history)
        if ref.object in _DEALS:
            return chain(facts, deal_facts(self.book.deals, history, self.created.get(ref)))
        counters = self.counters.get((ref.crm, ref.object), ())
        rises = (fact for item in counters for fact in counter_facts(item, history, self.supplied.get(item.name)))
        return chain(facts, human_facts(self.book, history), rises)

    def _reads_accounts(self) -> bool:
        """Tell whether an account's record can say anything: of a field or a counter, or by its deals."""
        read = {name for _, name in (*self.sources, *self.counters)}
        return "account" in self.book.deals.link or not read.isdisjoint(ACCOUNT_OBJECTS.values())

    def _accounts(self, connection: Connection, own: Sequence[_Place], cycle: int) -> list[_Place]:
        first: dict[RecordRef, rows.KnownLink] = {}
        for known in rows.outward(connection, {place.ref for place in own}, ("company",), cycle):
            first.setdefault(known.link.source, known)  # the primary one comes first
        found: dict[tuple[str, RecordRef], int] = {}
        for place in own:
            if place.ref in first:
                _earliest(
                    found, (place.person, first[place.ref].link.target), max(place.since, first[place.ref].since)
                )
        return _places(found)

    def _deals(
        self, connection: Connection, own: Sequence[_Place], accounts: Sequence[_Place], cycle: int
    ) -> list[_Place]:
        found: dict[tuple[str, RecordRef], int] = {}
        by_ref = _by_ref(own)
        links = self.book.deals.link
        if "converted" in links:
            for known in rows.outward(connection, by_ref, ("converted_deal",), cycle):
                _reach(found, by_ref, known.link.source, known.link.target, known.since)
        sources = [name for word, name in (("contact_role", "Opportunity"), ("association", "deal")) if word in links]
        if sources:
            for known in rows.inward(connection, by_ref, "contact", sources, cycle):
                _reach(found, by_ref, known.link.target, known.link.source, known.since)
        if "account" in links:
            companies = _by_ref(accounts)
            for known in rows.inward(connection, companies, "company", _DEALS, cycle):
                _reach(found, companies, known.link.target, known.link.source, known.since)
        return _places(found)

    def _load_activities(self, connection: Connection, own: Sequence[_Place], cycle: int) -> None:
        by_ref = _by_ref(own)
        for ref, version in rows.activities_about(connection, by_ref, cycle):
            for place in by_ref.get(ref, ()):
                self._happened(place.person, max(place.since, version.cycle), version)
        shown: dict[str, dict[str, int]] = {}
        for place in own:
            for observation in self.history.get(place.ref, ()):
                for address in self._addresses(observation):
                    since = max(place.since, observation.cycle)
                    people = shown.setdefault(address, {})
                    people[place.person] = min(since, people.get(place.person, since))
        for email, version in rows.activities_by_email(connection, shown, cycle):
            for person, since in shown[email].items():
                self._happened(person, max(since, version.cycle), version)

    def _addresses(self, observation: rows.Observation) -> set[str]:
        """Return the folded addresses that an observation tells, further ones included."""
        ref, rule = observation.ref, self.book.identity
        also = [one.field for one in rule.also if (one.crm, one.object) == (ref.crm, ref.object)]
        given = (observation.changed.get(name) for name in ("Email", "email", *also))
        texts = [value for value in given if isinstance(value, str) and "@" in value]
        return {form for text in texts for form in (fold(text), plain_address(text, rule))}

    def _happened(self, person: str, learned: int, version: rows.ActivityVersion) -> None:
        mine = self.activities.setdefault(person, {})
        known = mine.get(version.row)
        mine[version.row] = (learned if known is None else min(learned, known[0]), version)


def _activity_facts(
    book: Book, versions: Mapping[int, tuple[int, rows.ActivityVersion]]
) -> Iterable[tuple[int, Fact]]:
    """Turn versions into facts: a later version that no longer matches withdraws the earlier one (False)."""
    matched: dict[tuple[str, str, str], set[str]] = {}
    for _, (learned, version) in sorted(versions.items()):
        names = set() if version.deleted else set(matching(book, _activity(version)))
        before = matched.setdefault((version.crm, version.kind, version.id), set())
        for name in sorted(names | before):
            record = f"{version.kind}/{version.id}"
            yield (
                learned,
                Fact(
                    "activity",
                    name,
                    name in names,
                    version.at,
                    version.crm,
                    record,
                    version.seen,
                    precision=version.precision,
                ),
            )
        before |= names


def _activity(version: rows.ActivityVersion) -> SourceActivity:
    return SourceActivity(
        version.crm,
        version.kind,
        version.id,
        version.at,
        version.stamp,
        version.precision,
        attributes=version.attributes,
    )


def _add(person: PersonFacts, since: int, facts: Iterable[tuple[int, Fact]]) -> None:
    """Take in what a record says; what it said before it joined the person is learnt by joining.

    A stage that was set by hand before is no news then: it was obeyed by whose record it was, and is part of the
    state that a join or a split hands on.
    """
    for learned, fact in facts:
        obeyed = fact.kind == "human" and learned < since
        person.learned.append((0 if obeyed else max(since, learned), fact))


def _given(row: AllocationRow) -> Fact:
    return Fact("allocation", row.kind, row.value, row.at, SOURCE, row.wish, row.seen)


def _by_ref(places: Iterable[_Place]) -> dict[RecordRef, list[_Place]]:
    found: dict[RecordRef, list[_Place]] = {}
    for place in places:
        found.setdefault(place.ref, []).append(place)
    return found


def _reach(
    found: dict[tuple[str, RecordRef], int],
    by_ref: Mapping[RecordRef, Sequence[_Place]],
    through: RecordRef,
    target: RecordRef,
    since: int,
) -> None:
    for place in by_ref.get(through, ()):
        _earliest(found, (place.person, target), max(place.since, since))


def _earliest(found: dict[tuple[str, RecordRef], int], key: tuple[str, RecordRef], since: int) -> None:
    found[key] = min(since, found.get(key, since))


def _places(found: Mapping[tuple[str, RecordRef], int]) -> list[_Place]:
    return [_Place(person, ref, since) for (person, ref), since in sorted(found.items())]
