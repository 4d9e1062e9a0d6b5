"""From what a CRM told to findings: pure, so that each missing permission can be tried by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Final

from leadline.common.folding import fold
from leadline.common.values import Crm
from leadline.common.vocabulary import SALESFORCE_ACTIVITIES
from leadline.connectors.inspecting import FieldSeen, ObjectSeen
from leadline.sync.doctor.findings import SEVERITIES, Finding, finding
from leadline.sync.doctor.looking import Seen
from leadline.sync.doctor.needing import Need
from leadline.sync.doctor.surroundings import surroundings

_FITS: Final[Mapping[str, frozenset[str]]] = {
    "picklist": frozenset({"picklist", "string", "textarea", "combobox", "enumeration"}),
    "text": frozenset({"string", "textarea", "picklist", "combobox", "enumeration"}),
    "number": frozenset({"double", "int", "currency", "percent", "number", "string"}),
    "datetime": frozenset({"datetime", "date"}),
}
"""Which of the vendors' types take the values of a target."""

_TYPED: Final = {"picklist": "a picklist", "text": "text", "number": "a number", "datetime": "date/time"}


def examine(
    needs: Mapping[Crm, Sequence[Need]],
    seen: Mapping[Crm, Seen],
    machines: Sequence[str],
    quota_share: Mapping[Crm, float],
) -> tuple[Finding, ...]:
    """Return the findings of all CRMs together, the gravest first. ``machines`` are those of the book."""
    found: list[Finding] = []
    for crm, told in seen.items():
        if told.refused:
            found.append(finding("cannot-sign-in", crm, crm, told.refused))
            continue
        for need in needs[crm]:
            if _PARTS.get(need.kind, "objects") in told.unasked:
                continue  # that it could not be asked for is told once
            found += _CHECKS[need.kind](need, told, seen)
        found += surroundings(needs[crm], told, machines, quota_share[crm])
    unique = {(one.id, one.crm, one.subject, one.message): one for one in reversed(found)}
    return tuple(
        sorted(unique.values(), key=lambda one: (SEVERITIES.index(one.severity), one.crm, one.id, one.subject))
    )


_PARTS: Final = {"right": "rights", "activity": "activities", "user": "users", "group": "groups"}
"""What a need is examined by, where it is not what describing objects told."""

Seens = Mapping[Crm, Seen]


def _object(need: Need, told: Seen, _: Seens) -> Iterator[Finding]:
    if need.object not in told.objects:
        message = f"{need.object} is not visible"
        yield finding("object-hidden", need.crm, need.object, message, object=need.object, why=need.why)


def _allowed(
    allows: Callable[[ObjectSeen], bool], ident: str, word: str, need: Need, told: Seen, _: Seens
) -> Iterator[Finding]:
    shown = told.objects.get(need.object)
    if shown is not None and not allows(shown):
        message = f"{need.object} cannot be {word}"
        yield finding(ident, need.crm, need.object, message, object=need.object, why=need.why)


def _hidden(ident: str, need: Need, told: Seen, _: Seens) -> Iterator[Finding]:
    shown = told.objects.get(need.object)
    if shown is not None and need.name not in shown.fields:
        message = f"{need.subject} is not visible"
        yield finding(ident, need.crm, need.subject, message, object=need.object, name=need.name, why=need.why)


def _write(need: Need, told: Seen, _: Seens) -> Iterator[Finding]:
    field = _target(need, told)
    if field is None:
        yield from _target_missing(need, told)
        return
    target = need.target
    if target is None:
        return
    here = {"object": need.object, "name": need.name, "why": need.why}
    if not field.updateable:
        yield finding("field-read-only", need.crm, need.subject, f"{need.subject} cannot be edited", **here)
    if field.type not in _FITS[target.type]:
        message = f"{need.subject} is of type {field.type}, and the values are {_TYPED[target.type]}"
        yield finding("field-type", need.crm, need.subject, message, value=_TYPED[target.type], **here)
    if field.length and target.longest > field.length and target.type == "text" and not field.options:
        message = f"{need.subject} takes {field.length} characters, and values have up to {target.longest}"
        yield finding("field-short", need.crm, need.subject, message, value=str(target.longest), **here)
    yield from _values(need, field, target.options)


def _set(need: Need, told: Seen, _: Seens) -> Iterator[Finding]:
    field = _target(need, told)
    if field is None:
        yield from _target_missing(need, told)
        return
    if not field.updateable:
        message = f"{need.subject} cannot be edited"
        here = {"object": need.object, "name": need.name, "why": need.why}
        yield finding("field-read-only", need.crm, need.subject, message, **here)
    yield from _values(need, field, (need.value,) if need.value else ())


def _values(need: Need, field: FieldSeen, values: Sequence[str]) -> Iterator[Finding]:
    # An unrestricted picklist of Salesforce takes any text through its API.
    if not field.restricted or not field.options:
        return
    for value in values:
        if value not in field.options:
            message = f"{need.subject} does not offer `{value}`"
            here = {"object": need.object, "name": need.name, "why": need.why}
            yield finding("value-missing", need.crm, f"{need.subject} = {value}", message, value=value, **here)


def _target(need: Need, told: Seen) -> FieldSeen | None:
    shown = told.objects.get(need.object)
    return shown.fields.get(need.name) if shown is not None else None


def _target_missing(need: Need, told: Seen) -> Iterator[Finding]:
    if need.object in told.objects:
        message = f"{need.subject} is not there, or not visible"
        here = {"object": need.object, "name": need.name, "why": need.why}
        yield finding("target-missing", need.crm, need.subject, message, **here)


def _key(need: Need, told: Seen, _: Seens) -> Iterator[Finding]:
    shown = told.objects.get(need.object)
    if shown is None:
        return
    field = shown.fields.get(need.name)
    here = {"object": need.object, "name": need.name, "why": need.why}
    if field is None:
        yield finding("key-missing", need.crm, need.subject, f"{need.subject} is not there, or not visible", **here)
    elif not field.updateable:
        yield finding("field-read-only", need.crm, need.subject, f"{need.subject} cannot be edited", **here)
    elif not (field.unique and field.external_id):
        yield finding("key-not-unique", need.crm, need.subject, f"{need.subject} is not unique", **here)


def _right(need: Need, told: Seen, _: Seens) -> Iterator[Finding]:
    here = {"name": need.name, "value": need.value or need.name, "why": need.why}
    word = need.value or need.name
    if need.name not in told.rights:
        yield finding("right-untold", need.crm, need.name, f"whether we have {word} cannot be told", **here)
    elif not told.rights[need.name]:
        yield finding("right-missing", need.crm, need.name, f"{word} is missing", **here)


def _activity(need: Need, told: Seen, _: Seens) -> Iterator[Finding]:
    reason = told.supplies.get(need.name, "")
    if reason:
        message = f"no activities of kind {need.name}: {reason}"
        source = SALESFORCE_ACTIVITIES.get(need.name, need.name)
        about = {"object": source, "value": _TIERS.get(need.name, ""), "why": need.why}
        found = finding("activity-unsupplied", need.crm, need.subject, message, **about)
        yield replace(found, severity="warning") if need.value == "optional" else found


_TIERS: Final = {"event": "; page views need Marketing Hub Enterprise, else name a counter with `otherwise:`"}


def _user(need: Need, told: Seen, seen: Seens) -> Iterator[Finding]:
    if _knows(told, need.name):
        return
    if any(_knows(other, need.name) for other in seen.values()):
        message = f"{need.name} is no active user or queue of {need.crm}"
        yield finding("user-elsewhere", need.crm, need.subject, message, name=need.name, why=need.why)
    else:
        message = f"{need.name} is no active user or queue"
        yield finding("user-missing", need.crm, need.subject, message, name=need.name, why=need.why)


def _knows(told: Seen, name: str) -> bool:
    wanted = fold(name)
    return sum(user.active and wanted in (fold(user.email), fold(user.name)) for user in told.users) == 1


def _group(need: Need, told: Seen, _: Seens) -> Iterator[Finding]:
    group = told.groups.get(need.name)
    if group is None:
        message = f"there is no list or campaign named {need.name}"
        yield finding("group-missing", need.crm, need.subject, message, name=need.name, why=need.why)
    elif not group.open:
        message = f"{need.name} chooses its own members"
        yield finding("group-closed", need.crm, need.subject, message, name=need.name, why=need.why)


_CHECKS: Final[Mapping[str, Callable[[Need, Seen, Seens], Iterator[Finding]]]] = {
    "object": _object,
    "edit": partial(_allowed, attrgetter("updateable"), "object-read-only", "edited"),
    "create": partial(_allowed, attrgetter("createable"), "not-creatable", "created"),
    "delete": partial(_allowed, attrgetter("deletable"), "not-deletable", "deleted"),
    "read": partial(_hidden, "field-hidden"),
    "join": partial(_hidden, "join-hidden"),
    "write": _write,
    "set": _set,
    "key": _key,
    "right": _right,
    "activity": _activity,
    "user": _user,
    "group": _group,
}
