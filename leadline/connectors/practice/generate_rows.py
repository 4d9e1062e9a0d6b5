"""Generated merges, deletes and twins: what befell people's rows after they were made."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.connectors.practice.generate_chance import DAY, HOUR, Chance, Span
from leadline.connectors.practice.generate_drafts import Draft


def mend_rows(seed: int, people: list[Draft], span: Span) -> None:
    """Merge some rows into others (at times chained), delete some, and make twins with one address.

    Only cold rows are used up for it, so that the funnel stays as drawn.
    """
    chance = Chance(seed, "rows")
    spare = [p for p in people if p.segment == "cold" and p.email and p.created < span.length - 20 * DAY]
    cold = iter([*spare[::7], *spare[1::7]])
    _merge_some(chance, people, cold, span)
    for person, _ in zip(cold, range(len(people) // 80), strict=False):
        person.deleted = span.busy(chance, person.created + DAY, span.length)
        person.deleted_in = person.crms if chance.yes(0.6) else person.crms[:1]
    contacts = [p for p in people if p.salesforce == "contact" and p.email and p.gone is None]
    for person, contact in zip(cold, contacts[: len(people) // 100], strict=False):
        _take_after(person, contact)
        person.email = contact.email
        # Salesforce lets a lead and a contact share an address; HubSpot keeps addresses unique.
        person.salesforce, person.hubspot, person.linked, person.converted = "lead", False, False, None


def _merge_some(chance: Chance, people: list[Draft], cold: Iterator[Draft], span: Span) -> None:
    kept = {"demo", "scored", "working", "won"}
    survivors = [p for p in people if p.segment in kept and p.email and (p.hubspot or p.salesforce != "converted")]
    for survivor, _ in zip(survivors[::5], range(len(people) // 120), strict=False):
        loser = next(cold, None)
        if loser is None:
            return
        _merge(chance, loser, survivor, span)
        if chance.yes(0.4) and (second := next(cold, None)):
            _merge(chance, second, loser, span)


def _merge(chance: Chance, loser: Draft, survivor: Draft, span: Span) -> None:
    """Let ``loser`` be merged into ``survivor``, earlier than the survivor itself was, where both have a row."""
    _take_after(loser, survivor)
    local, _, domain = (survivor.email or "").partition("@")
    loser.email = f"{local}.{loser.key}@{domain}"
    loser.salesforce = survivor.salesforce if survivor.salesforce != "converted" else None
    loser.hubspot, loser.linked, loser.converted = survivor.hubspot, False, None
    loser.duplicate_of, loser.merged_in = survivor.key, loser.crms
    latest = span.length if survivor.merged is None else survivor.merged
    loser.created = loser.heat = loser.lifecycle_at = min(loser.created, latest - HOUR // 2)
    both_since = max(loser.created, survivor.created)
    margin = (latest - both_since) // 4
    loser.merged = span.busy(chance, both_since + margin, latest - margin)


def _take_after(person: Draft, other: Draft) -> None:
    person.first, person.last = other.first, other.last
    person.firm, person.company_name, person.country = other.firm, other.company_name, other.country
