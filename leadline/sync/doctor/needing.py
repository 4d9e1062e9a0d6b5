"""What a rule book needs of one CRM, as a flat list: each need is examined by itself, so none can be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from leadline.common.values import Crm
from leadline.common.vocabulary import NAME_FIELDS, OWNER_FIELDS, PERSON_OBJECTS, SALESFORCE_ACTIVITIES
from leadline.rules.causes import actions_by_cause, has_actions
from leadline.rules.model import (
    Action,
    AddTo,
    AssignOwner,
    Book,
    CreateTask,
    Notify,
    SetField,
    WriteNote,
)
from leadline.rules.model.actions import RELATIVES
from leadline.sync.needs import IDENTITY, OPTIONAL, objects_needed, rule_fields
from leadline.sync.targets import Target, write_targets

NeedKind = Literal[
    "object", "edit", "create", "delete", "read", "join", "write", "set", "key", "right", "activity", "user", "group"
]

_SCOPES: Final = {"contact": "contacts", "company": "companies", "deal": "deals"}
_ACTIVITY_SCOPES: Final = {
    "event": "business-intelligence",
    "form": "forms",
    "email": "content",
    "one_to_one_email": "sales-email-read",
}


@dataclass(frozen=True, slots=True)
class Need:
    """One need. ``why`` says what of the book needs it; ``target`` is the field of a ``write`` with its type.

    ``value`` is a picklist value (of ``set``), a label of a permission (of ``right``), or ``optional`` where the
    book has a way around (``activity``).
    """

    kind: NeedKind
    crm: Crm
    object: str = ""
    name: str = ""
    value: str = ""
    why: str = ""
    target: Target | None = None

    @property
    def subject(self) -> str:
        """The need in one word: ``Lead``, ``Lead.Title``, ``crm.lists.read``, ``user ann@acme.example``."""
        if self.kind in {"user", "group", "activity"}:
            return f"{self.kind} {self.name}"
        return f"{self.object}.{self.name}" if self.object and self.name else self.object or self.name


def needs_in(book: Book, crm: Crm, task_key: str) -> tuple[Need, ...]:
    """Return every need, each once. ``task_key`` is the field that tasks keep our key in."""
    actions = tuple(_actions(book))
    found = [
        *_objects(book, crm),
        *_fields(book, crm),
        *_writes(book, crm),
        *_of_actions(book, crm, actions, task_key),
        *_rights(book, crm, actions),
        *_activities(book, crm),
        *_people(book, crm, actions),
    ]
    return tuple({(need.kind, need.subject, need.value): need for need in reversed(found)}.values())[::-1]


def _actions(book: Book) -> Iterator[tuple[str, Action]]:
    for cause, action, _ in actions_by_cause(book):
        yield cause, action


def _objects(book: Book, crm: Crm) -> Iterator[Need]:
    for name in objects_needed(book, crm):
        yield Need("object", crm, name, why="people" if name in PERSON_OBJECTS[crm] else "rules read it")
    for target in write_targets(book, crm):
        yield Need("edit", crm, target.object, why="write")


def _fields(book: Book, crm: Crm) -> Iterator[Need]:
    for name in objects_needed(book, crm):
        for field in rule_fields(book, crm, name):
            yield Need("read", crm, name, field, why="rules read it")
        for field in IDENTITY.get((crm, name), ()):
            if field not in OPTIONAL:
                yield Need("join", crm, name, field, why="people are joined by it")
    for activity in book.activities.values():
        counter = activity.otherwise
        if counter is not None and counter.crm == crm:
            yield Need("read", crm, counter.object, counter.field, why=f"stands for {activity.name}")


def _writes(book: Book, crm: Crm) -> Iterator[Need]:
    for target in write_targets(book, crm):
        yield Need("write", crm, target.object, target.field, why="write", target=target)


def _of_actions(book: Book, crm: Crm, actions: tuple[tuple[str, Action], ...], task_key: str) -> Iterator[Need]:
    made = {"salesforce": ("Task",), "hubspot": ("task", "note")}[crm]
    for cause, action in actions:
        if isinstance(action, CreateTask | WriteNote) or (isinstance(action, Notify) and action.to in RELATIVES):
            for name in made:
                yield Need("object", crm, name, why=cause)
                yield Need("create", crm, name, why=cause)
                yield Need("edit", crm, name, why=cause)
                yield Need("key", crm, name, task_key, why=cause)
        elif isinstance(action, AssignOwner):
            for name in PERSON_OBJECTS[crm]:
                yield Need("edit", crm, name, why=cause)
                yield Need("set", crm, name, OWNER_FIELDS[crm], why=cause)
        elif isinstance(action, SetField) and action.crm == crm:
            yield Need("edit", crm, action.object, why=cause)
            value = action.value if isinstance(action.value, str) else ""
            yield Need("set", crm, action.object, action.field, value, why=cause)
        elif isinstance(action, AddTo) and action.crm == crm:
            yield Need("group", crm, name=action.name, why=cause)
            if crm == "salesforce":
                yield Need("object", crm, "Campaign", why=cause)
                yield Need("object", crm, "CampaignMember", why=cause)
                right: NeedKind = "delete" if action.remove else "create"
                yield Need(right, crm, "CampaignMember", why=cause)
                if not action.remove:
                    yield Need("edit", crm, "CampaignMember", why=cause)
    if has_actions(book):
        for name in PERSON_OBJECTS[crm]:
            for field in NAME_FIELDS[crm]:
                yield Need("join", crm, name, field, why="actions name people")


def _rights(book: Book, crm: Crm, actions: tuple[tuple[str, Action], ...]) -> Iterator[Need]:
    if crm == "salesforce":
        yield Need("right", crm, name="ApiEnabled", value="API Enabled", why="every call")
        if any(isinstance(action, AssignOwner) for _, action in actions):
            yield Need("right", crm, name="TransferAnyLead", value="Transfer Leads", why="assign")
            yield Need("right", crm, name="TransferAnyEntity", value="Transfer Record", why="assign")
        return
    for name in objects_needed(book, crm):
        yield Need("right", crm, name=f"crm.objects.{_SCOPES[name]}.read", why="pull")
        yield Need("right", crm, name=f"crm.schemas.{_SCOPES[name]}.read", why="describe")
    yield Need("right", crm, name="crm.objects.owners.read", why="who moved a stage by hand")
    if crm in book.write or any(_writes_contacts(action) for _, action in actions):
        yield Need("right", crm, name="crm.objects.contacts.write", why="write and actions")
    if crm in book.write and book.write[crm].account:
        yield Need("right", crm, name="crm.objects.companies.write", why="write")
    if any(isinstance(action, AddTo) and action.crm == crm for _, action in actions):
        yield Need("right", crm, name="crm.lists.read", why="add_to")
        yield Need("right", crm, name="crm.lists.write", why="add_to")
    for kind in _kinds(book, crm):
        if kind in _ACTIVITY_SCOPES:
            yield Need("right", crm, name=_ACTIVITY_SCOPES[kind], why=f"activities: {kind}")


def _writes_contacts(action: Action) -> bool:
    if isinstance(action, SetField | AddTo):
        return action.crm == "hubspot" and isinstance(action, SetField)
    return not isinstance(action, Notify) or action.to in RELATIVES


def _activities(book: Book, crm: Crm) -> Iterator[Need]:
    for kind, optional in _kinds(book, crm).items():
        yield Need("activity", crm, name=kind, value="optional" if optional else "", why="rules count it")
        if crm == "salesforce":
            yield Need("object", crm, SALESFORCE_ACTIVITIES[kind], why=f"activities: {kind}")


def _kinds(book: Book, crm: Crm) -> dict[str, bool]:
    """Return the kinds of activity that the book reads, and whether each has a counter to stand for it."""
    found: dict[str, bool] = {}
    for activity in book.activities.values():
        for source in activity.sources:
            if source.crm == crm:
                found[source.kind] = found.get(source.kind, True) and activity.otherwise is not None
    return found


def _people(book: Book, crm: Crm, actions: tuple[tuple[str, Action], ...]) -> Iterator[Need]:
    for cause, action in actions:
        if isinstance(action, CreateTask) and action.to not in RELATIVES:
            yield Need("user", crm, name=action.to, why=cause)
        if isinstance(action, AssignOwner) and action.to is not None and action.to not in RELATIVES:
            yield Need("user", crm, name=action.to, why=cause)
    for rota in book.rotas.values():
        for members in rota.members.values():
            for member in members:
                yield Need("user", crm, name=member, why=f"rota {rota.name}")
