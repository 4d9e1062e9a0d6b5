"""Comparing what a book writes with what the CRMs let this user write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leadline.common.errors import Problem
from leadline.common.marks import Mark
from leadline.common.values import Crm, FieldDescription, ObjectDescription
from leadline.common.vocabulary import ACCOUNT_OBJECTS, PERSON_OBJECTS
from leadline.rules.check.finding import error
from leadline.rules.check.reads import Described
from leadline.rules.check.vendors import WRITE, Written, fits, options
from leadline.rules.model import Book, WriteTargets
from leadline.rules.nearest import nearest


def check_writes(book: Book, described: Described) -> Iterator[Problem]:
    """Yield write targets that are hidden, read-only, of the wrong type, or lack a stage among their values."""
    for crm, targets in book.write.items():
        if crm not in described:
            continue
        for name in PERSON_OBJECTS[crm]:
            shown = described[crm].get(name)
            if shown is None:
                message = f"{crm} shows no object {name}, to which this writes"
                yield error(targets.mark, "unknown-object", message, "grant this user access to it")
                continue
            for field, kind in _written(targets).items():
                yield from _target(crm, shown, field, kind, targets.mark_of(field))
            yield from _stages(crm, shown, targets)
        if targets.account:
            yield from _accounts(book, crm, described[crm].get(ACCOUNT_OBJECTS[crm]), targets)


def _accounts(book: Book, crm: Crm, shown: ObjectDescription | None, targets: WriteTargets) -> Iterator[Problem]:
    if shown is None:
        message = f"{crm} shows no object {ACCOUNT_OBJECTS[crm]}, to which this writes"
        yield error(targets.mark, "unknown-object", message, "grant this user access to it")
        return
    for name, field in targets.account.items():
        kind: Written = "number" if book.accounts[name].read else "text"
        yield from _target(crm, shown, field, kind, targets.mark_of(field))


def _written(targets: WriteTargets) -> Mapping[str, Written]:
    written: dict[str, Written] = dict.fromkeys(targets.all_fields(), "text")
    written.update(dict.fromkeys(targets.scores.values(), "number"))
    written.update(dict.fromkeys((*targets.entered.values(), *filter(None, [targets.due])), "instant"))
    if targets.pass_number is not None:
        written[targets.pass_number] = "number"
    return written


def _target(crm: Crm, shown: ObjectDescription, name: str, kind: Written, mark: Mark) -> Iterator[Problem]:
    field: FieldDescription | None = shown.fields.get(name)
    if field is None:
        hint = nearest(name, shown.fields, few=0, cutoff=0.75) or "create it, or grant this user access"
        yield error(mark, "unknown-field", f"{crm} shows no field {shown.name}.{name} to write", hint)
        return
    if not field.updateable:
        message = f"{shown.name}.{name} of {crm} is read-only for this user"
        yield error(mark, "read-only", message, "grant edit access, or write another field")
    if not fits(field, WRITE[kind][crm]):
        message = f"{shown.name}.{name} of {crm} is of type {field.type} and cannot take {_SAID[kind]}"
        yield error(mark, "type-clash", message, "name another field")


_SAID: Mapping[Written, str] = {"text": "a text", "number": "a number", "instant": "an instant"}


def _stages(crm: Crm, shown: ObjectDescription, targets: WriteTargets) -> Iterator[Problem]:
    field = shown.fields.get(targets.stage.field) if targets.stage is not None else None
    if targets.stage is None or field is None:
        return
    offered = options(crm, field)
    missing = [
        value for value in targets.stage.values.values() if value is not None and offered and value not in offered
    ]
    for value in missing:
        message = f"{shown.name}.{field.name} of {crm} has no value `{value}`"
        hint = nearest(value, offered, few=0) or "add it to the picklist, or map the stage to `unchanged`"
        yield error(targets.mark_of(field.name), "unknown-value", message, hint)
