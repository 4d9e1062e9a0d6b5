"""Checks of a book against what was pulled: how full the fields are that it asks for, and what a CRM's tier lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from leadline.common.errors import Problem
from leadline.common.values import Crm
from leadline.rules.check.finding import all_conditions, deal_conditions, leaves, note, warning
from leadline.rules.model import Book, Field, FieldTest, Known


@dataclass(frozen=True, slots=True)
class Filled:
    """How many live records there are, and in how many of them the field is empty."""

    records: int
    empty: int


def check_filling(book: Book, filled: Mapping[str, Filled]) -> Iterator[Problem]:
    """Yield how empty the fields are that rules ask for; ``filled`` by place, such as ``salesforce Lead.Email``."""
    asked = fields_asked(book)
    for field in book.sourced:
        of_deals = book.deals.fields.get(field.name) is field
        if field.name not in asked[of_deals] or field.has_blank:
            continue
        found = {str(source): filled.get(f"{source.crm} {source}") for source in field.sources}
        known = {place: item for place, item in found.items() if item is not None and item.records}
        records = sum(item.records for item in known.values())
        empty = sum(item.empty for item in known.values())
        if not empty:
            continue
        said = f"uses {'deals’ ' if of_deals else ''}`{field.name}`, {share(empty, records)} empty"
        where = ", ".join(f"{place}: {item.empty:,} of {item.records:,}" for place, item in known.items())
        if empty == records:
            hint = "what is empty is unknown; fill it, or say what empty means with `blank`"
            yield warning(field.mark, "empty-field", f"{said} ({where})", hint)
        else:
            yield note(field.mark, "empty-field", f"{said} ({where})")


def check_supply(book: Book, denied: Mapping[Crm, frozenset[str]]) -> Iterator[Problem]:
    """Yield activities whose source a connected CRM does not supply; ``denied`` are the kinds of each CRM."""
    for activity in book.activities.values():
        for source in activity.sources:
            if source.kind in denied.get(source.crm, ()):
                message = (
                    f"{source.crm} does not supply `{source.kind}` activities here, which `{activity.name}` reads"
                )
                if activity.otherwise is not None and activity.otherwise.crm == source.crm:
                    counted = f"{message}; rises of {activity.otherwise} are counted instead"
                    yield note(source.mark, "not-supplied", counted)
                    continue
                hint = "its tier lacks them or the app lacks the permission; see `leadline pull`"
                yield warning(source.mark, "not-supplied", message, hint)


def fields_asked(book: Book) -> tuple[frozenset[str], frozenset[str]]:
    """Return the fields of people that decide anything, and those of deals."""
    people = _tested(book, False)
    people |= {
        item.bands.field for score in book.scores.values() for item in score.criteria if item.bands is not None
    }
    people |= {name for stage in book.stages.values() for name in stage.require}
    return _with_read(book.fields, people), _with_read(book.deals.fields, _tested(book, True))


def share(part: int, whole: int) -> str:
    """Write a share as a percentage: whole, but never 0 % or 100 % for what is more or less."""
    percent = (Decimal(100 * part) / whole).quantize(Decimal(1), ROUND_HALF_EVEN)
    if percent == 0 and part:
        return "under 1 %"
    return "over 99 %" if percent == 100 and part < whole else f"{percent} %"


def _tested(book: Book, of_deals: bool) -> set[str]:
    conditions = deal_conditions(book) if of_deals else all_conditions(book)
    return {leaf.field for item in conditions for leaf in leaves(item) if isinstance(leaf, FieldTest | Known)}


def _with_read(fields: Mapping[str, Field], asked: set[str]) -> frozenset[str]:
    """Add what is read on behalf of a field: what it is looked up by, and its currency."""
    named = [field for field in fields.values() if field.name in asked]
    more = {field.table.by for field in named if field.table is not None}
    return frozenset(
        asked | more | {field.currency for field in named if field.currency in fields and field.currency}
    )
