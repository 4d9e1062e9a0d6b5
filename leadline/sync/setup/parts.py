"""Which parts a book needs in each CRM: fields that it writes, the key of tasks, and the rights to use them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from leadline.common.values import Crm
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.connectors.installing import Part
from leadline.rules.model import Book
from leadline.sync.doctor.needing import Need, needs_in
from leadline.sync.targets import write_targets

SET_NAME: Final = "Leadline"
GROUP_NAME: Final = "leadline"
KEY_LENGTH: Final = 80

_OWN: Final = ("hs_", "lifecyclestage", "hubspot_owner_id")
"""How names of properties begin that HubSpot itself has."""

_RIGHTS: Final = {
    "object": ("Read",),
    "edit": ("Read", "Edit"),
    "create": ("Read", "Create", "Edit"),
    "delete": ("Read", "Edit", "Delete"),
}
_GOVERNED: Final = frozenset({"Task", "Event"})
"""Objects whose rights are system permissions (Edit Tasks); members of campaigns go with their campaign."""

_ORDER: Final = ("Create", "Read", "Edit", "Delete", "ViewAllRecords")


def parts_of(book: Book, crm: Crm, task_key: str, user: str = "") -> tuple[Part, ...]:
    """Return the parts in the order in which they must be made. ``user`` is given Salesforce's permission set."""
    needs = needs_in(book, crm, task_key)
    fields = tuple(_fields(book, crm, needs))
    if crm == "hubspot":
        groups = [
            Part("group", crm, name, GROUP_NAME, "Leadline") for name in dict.fromkeys(f.object for f in fields)
        ]
        return (*groups, *fields)
    return (*fields, *_salesforce(needs, user))


def _fields(book: Book, crm: Crm, needs: tuple[Need, ...]) -> Iterator[Part]:
    for one in write_targets(book, crm):
        if _custom(crm, one.field):
            part = Part("field", crm, one.object, one.field, one.label, one.meaning, one.type)
            yield replace(part, length=one.length, scale=one.scale, options=one.options)
    meaning = "Leadline's key: it keeps a task from being made twice."
    for need in needs:
        if need.kind == "key":
            part = Part("field", crm, need.object, need.name, "Leadline Key", meaning)
            yield replace(part, length=KEY_LENGTH, unique=True)


def _custom(crm: Crm, name: str) -> bool:
    return name.endswith("__c") if crm == "salesforce" else not name.startswith(_OWN)


def _salesforce(needs: tuple[Need, ...], user: str) -> Iterator[Part]:
    system = list(dict.fromkeys(need.name for need in needs if need.kind == "right"))
    if any(need.kind in {"create", "edit"} and need.object == "Task" for need in needs):
        system.append("EditTask")
    meaning = "What Leadline's user needs for its rule book."
    yield Part("permission set", "salesforce", "", SET_NAME, "Leadline", meaning, rights=tuple(system))
    rights: dict[str, set[str]] = {}
    for need in needs:
        if need.kind not in _RIGHTS or need.object in _GOVERNED:
            continue
        if need.object == "CampaignMember":
            rights.setdefault("Campaign", set()).update(("Read",) if need.kind == "object" else ("Read", "Edit"))
        else:
            rights.setdefault(need.object, set()).update(_RIGHTS[need.kind])
    rights.setdefault("Account", {"Read"})  # nobody may read contacts who may not read accounts
    for name in PERSON_OBJECTS["salesforce"]:
        rights.setdefault(name, {"Read"}).add("ViewAllRecords")
    for name, held in rights.items():
        ordered = tuple(right for right in _ORDER if right in held)
        yield Part("object right", "salesforce", name, rights=ordered)
    fields: dict[tuple[str, str], tuple[str, ...]] = {}
    for need in needs:
        if need.name.endswith("__c") and need.kind in {"read", "join", "write", "set", "key"}:
            edits = need.kind not in {"read", "join"} or "Edit" in fields.get((need.object, need.name), ())
            fields[need.object, need.name] = ("Read", "Edit") if edits else ("Read",)
    for (name, field), given in fields.items():
        yield Part("field right", "salesforce", name, field, rights=given)
    if user:
        yield Part("assignment", "salesforce", "", user)
