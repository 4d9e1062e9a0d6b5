"""The generated organisation: the same for a seed, consistent in itself, plausible as a B2B database."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.common.canonical import digest
from leadline.connectors.practice.generate import DEFAULT_END, generate
from leadline.connectors.practice.generate_chance import DAY, Span
from leadline.connectors.practice.organisation import Organisation, Person

PINNED = "0ce5ac0092dbe46d8c0bc6c7cef16ec3334bdbaf8b6ec48cd2a60d065d04f6c9"


@pytest.fixture(scope="module")
def organisation() -> Organisation:
    """Return the default organisation of 2,000 people."""
    return generate()


def test_a_seed_gives_one_organisation_for_ever() -> None:
    """Pinned: a change of this digest changes every rehearsal and must be meant."""
    assert digest(generate(seed=7, people=300)) == PINNED


def test_seeds_differ_and_repeat() -> None:
    """Another seed is another organisation; the same one is the same."""
    assert generate(seed=1, people=50) == generate(seed=1, people=50)
    assert generate(seed=1, people=50).people != generate(seed=2, people=50).people


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), people=st.integers(0, 120), days=st.integers(0, 800))
def test_every_organisation_is_consistent(seed: int, people: int, days: int) -> None:
    """Whatever the seed, size and end: instants in order and in the span, keys unique, references good."""
    check(generate(seed, people, DEFAULT_END + timedelta(days=days, hours=days)))


def test_two_thousand_people_are_consistent(organisation: Organisation) -> None:
    """The default organisation keeps the same laws at its size."""
    check(organisation)
    assert len(organisation.people) == 2000


def check(organisation: Organisation) -> None:
    """Fail where the organisation contradicts itself."""
    people = {person.key: person for person in organisation.people}
    companies = {company.key: company for company in organisation.companies}
    owners = {owner.key for owner in organisation.owners}
    deals = {deal.key: deal for deal in organisation.deals}
    for table in (organisation.people, organisation.companies, organisation.deals, organisation.happenings):
        assert len({item.key for item in table}) == len(table)
    for person in organisation.people:
        check_person(person, people, organisation)
        assert person.owner in owners
        assert person.company is None or person.company in companies
        assert person.deal is None or person.key in deals[person.deal].people
    for deal in organisation.deals:
        instants = [deal.created, *(since for _, since in deal.stages), organisation.end]
        assert instants == sorted(instants)
        assert deal.in_salesforce or deal.in_hubspot
        assert all(person in people for person in deal.people)
    for happening in organisation.happenings:
        person = people[happening.person]
        assert person.created <= happening.at <= (person.merged or person.deleted or organisation.end)
        assert person.salesforce if happening.crm == "salesforce" else person.in_hubspot
    ordered = [happening.at for happening in organisation.happenings]
    assert ordered == sorted(ordered)
    mailed = [person.email for person in organisation.people if person.email and person.in_hubspot]
    assert len(set(mailed)) == len(mailed)


def check_person(person: Person, people: dict[str, Person], organisation: Organisation) -> None:
    """Fail where one person contradicts itself or the row it was merged into."""
    assert person.salesforce or person.in_hubspot
    assert organisation.start <= person.created <= person.modified <= organisation.end
    crms = {crm for crm, there in (("salesforce", person.salesforce), ("hubspot", person.in_hubspot)) if there}
    assert set(person.deleted_in) <= crms
    for moment in (person.status_at, person.converted, person.lifecycle_at, person.merged, person.deleted):
        assert moment is None or person.created <= moment <= organisation.end
    assert (person.status == "New") == (person.status_at is None)
    assert (person.salesforce == "converted") == (person.converted is not None)
    assert not person.linked or crms == {"salesforce", "hubspot"}
    if person.duplicate_of is not None:
        survivor = people[person.duplicate_of]
        assert person.merged is not None
        assert set(person.merged_in) == crms
        assert survivor.created <= person.merged <= survivor.modified
        assert survivor.merged is None or person.merged < survivor.merged
        assert "salesforce" not in person.merged_in or survivor.salesforce == person.salesforce
        assert "hubspot" not in person.merged_in or survivor.in_hubspot


def test_the_mix_is_that_of_a_b2b_database(organisation: Organisation) -> None:
    """Presence, roles, blanks, opt-outs and odd rows come in the promised shares."""
    people = organisation.people
    both = [p for p in people if p.salesforce and p.in_hubspot]
    assert 0.35 < len(both) / len(people) < 0.5
    assert 0.2 < sum(p.linked for p in both) / len(both) < 0.3
    assert all(Counter(p.salesforce for p in people)[role] > 100 for role in ("lead", "contact", "converted", None))
    assert {p.opted_out for p in people} == {True, False, None}
    assert all(any(getattr(p, name) is None for p in people) for name in ("email", "title", "phone", "first_name"))
    assert 5 < len([p for p in people if p.duplicate_of]) < 60
    assert any(p.duplicate_of and q.duplicate_of == p.key for p in people for q in people if q.duplicate_of)
    assert 5 < len([p for p in people if p.deleted]) < 60
    domains = Counter((p.email or "@").partition("@")[2] for p in people)
    assert domains["gmail.com"] > 20
    assert domains["rivalsoft.example"] + domains["copycat.example"] > 10
    assert len({c.industry for c in organisation.companies}) > 7
    assert any(c.employees is None for c in organisation.companies)
    names = "".join(f"{p.first_name}{p.last_name}" for p in people)
    assert [letter for letter in ("Ł", "王", "Ñ", "م", "כ", "🚀") if letter not in names] == []
    assert {d.type for d in organisation.deals} == {"New Business", "Renewal"}
    assert {d.stages[-1][0] for d in organisation.deals} >= {"Closed Won", "Closed Lost", "Qualification", "Proposal"}
    assert any(p.salesforce == "lead" and q.salesforce == "contact" and p.email == q.email for p, q in twins(people))


def twins(people: tuple[Person, ...]) -> list[tuple[Person, Person]]:
    """Return pairs of rows with one address."""
    by_email: dict[str, list[Person]] = {}
    for person in people:
        by_email.setdefault(person.email or person.key, []).append(person)
    return [(p, q) for group in by_email.values() for p in group for q in group if p is not q]


def test_interest_follows_intent(organisation: Organisation) -> None:
    """Few asked for a demo this week; most did little; six to ten activities a person."""
    week = organisation.end - timedelta(days=7)
    asked = {h.person for h in organisation.happenings if h.attributes.get("form") == "demo" and h.at > week}
    assert 40 < len(asked) < 140
    assert 6 < len(organisation.happenings) / len(organisation.people) < 10
    counts = Counter(h.person for h in organisation.happenings)
    hot = sum(counts[key] for key in asked) / len(asked)
    assert hot > 1.3 * sum(counts.values()) / len(counts)


def test_instants_collide_and_straddle_clock_changes(organisation: Organisation) -> None:
    """Bulk loads share an instant, and something happens around all four changes of clocks."""
    stamps = Counter(person.modified for person in organisation.people)
    assert max(stamps.values()) > 200
    assert max(Counter(h.at for h in organisation.happenings).values()) > 50
    changes = [
        datetime(2025, 10, 26, 1, tzinfo=UTC),
        datetime(2025, 11, 2, 6, tzinfo=UTC),
        datetime(2026, 3, 8, 7, tzinfo=UTC),
        datetime(2026, 3, 29, 1, tzinfo=UTC),
    ]
    span = Span(organisation.end)
    assert [span.at(moment) for moment in span.clock_changes()] == changes
    happened = {h.at for h in organisation.happenings}
    for change in changes:
        assert {change, change - timedelta(minutes=30), change + timedelta(minutes=30)} <= happened


@settings(deadline=None)
@given(at=st.integers(0, 365 * DAY))
def test_moments_and_instants_are_one(at: int) -> None:
    """Milliseconds since the start and instants convert without loss."""
    span = Span(DEFAULT_END)
    assert span.moment(span.at(at)) == at


def test_it_is_quick() -> None:
    """2,000 people in well under a second (0.1 s measured; a slow machine gets ten times that)."""
    began = time.perf_counter()
    generate(seed=11)
    assert time.perf_counter() - began < 1


def test_what_cannot_be_generated_is_refused() -> None:
    """A negative number and an end without zone are errors of the caller."""
    with pytest.raises(ValueError, match="negative"):
        generate(people=-1)
    with pytest.raises(ValueError, match="time zone"):
        generate(people=1, end=datetime(2026, 6, 30))  # noqa: DTZ001 - that is the point


def test_the_end_is_an_instant_whatever_its_zone() -> None:
    """The same instant told in another zone gives the same organisation."""
    elsewhere = DEFAULT_END.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert generate(people=20, end=elsewhere) == generate(people=20)
