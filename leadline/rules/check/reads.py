"""Comparing what a book reads with what the CRMs describe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from leadline.common.errors import Problem
from leadline.common.folding import fold
from leadline.common.values import Crm, FieldDescription, ObjectDescription
from leadline.rules.check.finding import all_conditions, deal_conditions, error, leaves, warning
from leadline.rules.check.vendors import READ, fits
from leadline.rules.model import Book, Field, FieldSource, FieldTest
from leadline.rules.nearest import nearest

Described = Mapping[Crm, Mapping[str, ObjectDescription]]


def check_reads(book: Book, described: Described) -> Iterator[Problem]:
    """Yield fields that no CRM shows, types that clash, values that no picklist offers."""
    for field in book.sourced:
        found: list[tuple[Crm, FieldDescription]] = []
        for source in field.sources:
            if source.crm not in described:
                continue
            one = find_field(described[source.crm], source.object, source.field)
            if one is None:
                yield _missing(described[source.crm], field, source)
                continue
            found.append((source.crm, one))
            if not fits(one, READ[field.type][source.crm]):
                message = (
                    f"`{field.name}` is of type {field.type}, but {source} of {source.crm} is of type {one.type}"
                )
                yield error(source.mark, "type-clash", message, "change `type`, or name another field")
        complete = len(found) == len(field.sources) and all(one.options for _, one in found)
        if found and complete:
            yield from _values(book, field, [(crm, option) for crm, one in found for option in one.options])


def find_field(objects: Mapping[str, ObjectDescription], name: str, field: str) -> FieldDescription | None:
    """Return a described field, None when the object or the field is hidden or absent."""
    return objects[name].fields.get(field) if name in objects else None


def _missing(objects: Mapping[str, ObjectDescription], field: Field, source: FieldSource) -> Problem:
    shown = objects.get(source.object)
    if shown is None:
        message = f"{source.crm} shows no object {source.object}, which `{field.name}` reads"
        return error(source.mark, "unknown-object", message, "grant this user read access to it")
    hint = nearest(source.field, shown.fields, few=0, cutoff=0.75)
    hint = hint or "check the spelling, or grant this user access to the field"
    return error(source.mark, "unknown-field", f"{source.crm} shows no field {source}", hint)


def _values(book: Book, field: Field, options: Sequence[tuple[Crm, str]]) -> Iterator[Problem]:
    """Yield warnings only: a picklist may hold values that are not offered any more."""
    offered = {option for _, option in options}
    for crm, values in ((None, field.values), *field.crm_values.items()):
        there = {option for owner, option in options if crm in (None, owner)}
        for raw, meant in values.items():
            if raw not in {fold(option) for option in there}:
                message = f"`values` of `{field.name}`: {crm or 'no CRM'} offers {'nothing that' if crm else 'what'}"
                message += f" stands for `{meant}` here (`{raw}`)"
                yield warning(field.mark, "unknown-value", message, nearest(raw, there))
    known = {fold(field.as_in(crm).values.get(fold(option), option)) for crm, option in options}
    of_deals = book.deals.fields.get(field.name) is field
    for condition in deal_conditions(book) if of_deals else all_conditions(book):
        for leaf in leaves(condition):
            if isinstance(leaf, FieldTest) and leaf.field == field.name and leaf.op in ("in", "all_of"):
                for operand in leaf.operands:
                    if fold(str(operand)) not in known:
                        hint = nearest(str(operand), {*offered, *field.values.values()})
                        yield warning(
                            leaf.mark, "unknown-value", f"no CRM offers `{operand}` for `{field.name}`", hint
                        )
