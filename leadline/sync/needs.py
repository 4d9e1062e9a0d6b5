"""What a rule book needs from each CRM, cut down to what that CRM lets us see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final

from leadline.common.values import Crm, ObjectDescription
from leadline.common.vocabulary import (
    ACCOUNT_OBJECTS,
    DEAL_OBJECTS,
    NAME_FIELDS,
    OWNER_FIELDS,
    PERSON_OBJECTS,
    stage_date_field,
)
from leadline.rules.causes import every_action, has_actions
from leadline.rules.model import AssignOwner, Book, DealsTest, DealTest, Identity, SetField
from leadline.rules.nearest import nearest

IDENTITY: Final[Mapping[tuple[Crm, str], tuple[str, ...]]] = {
    # Fields that say which records are one person, and which account and deals are theirs.
    ("salesforce", "Lead"): (
        "Email",
        "IsConverted",
        "ConvertedContactId",
        "ConvertedAccountId",
        "ConvertedOpportunityId",
        "HubSpot_Contact_Id__c",
    ),
    ("salesforce", "Contact"): ("Email", "AccountId", "HubSpot_Contact_Id__c"),
    ("hubspot", "contact"): ("email", "salesforceleadid", "salesforcecontactid"),
}

DEAL_FIELDS: Final[Mapping[Crm, tuple[str, ...]]] = {
    "salesforce": ("StageName", "IsClosed", "IsWon", "CloseDate", "AccountId"),
    "hubspot": ("dealstage", "hs_is_closed", "hs_is_closed_won", "closedate"),
}

ONLY_FIELDS: Final[Mapping[Crm, Mapping[str, str]]] = {
    # The words of `deals: only:` and the fields that hold them.
    "salesforce": {"type": "Type", "name": "Name", "stage": "StageName", "record_type": "RecordTypeId"},
    "hubspot": {"type": "dealtype", "name": "dealname", "stage": "dealstage", "pipeline": "pipeline"},
}

_GRANT: Final[Mapping[Crm, str]] = {
    "salesforce": "grant read access to it",
    "hubspot": "grant the app its crm.objects.*.read and crm.schemas.*.read scopes",
}

OPTIONAL: Final = frozenset({"HubSpot_Contact_Id__c", "salesforceleadid", "salesforcecontactid", "IsConverted"})
"""Fields that join people where they are there; nobody is told of them where they are not."""


@dataclass(frozen=True, slots=True)
class ObjectNeed:
    """One object to pull. ``unreadable`` are fields that rules read and this CRM does not show.

    ``ruled`` are those that rules read: what we wrote there ourselves is news to the rules all the same.
    """

    object: str
    fields: tuple[str, ...]
    links: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    ruled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActivityNeed:
    """One kind of activity to pull, narrowed by ``hints`` where every rule that reads it is narrow.

    ``attributes`` are those that rules test.
    """

    kind: str
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CrmNeeds:
    """Everything to pull from one CRM, persons first, and what an admin should know about it."""

    objects: tuple[ObjectNeed, ...]
    activities: tuple[ActivityNeed, ...]
    warnings: tuple[str, ...] = ()


def objects_needed(book: Book, crm: Crm) -> tuple[str, ...]:
    """Return the objects to describe and pull: persons always, accounts and deals when the book reads them."""
    named = {source.object for item in book.sourced for source in item.sources if source.crm == crm}
    found = list(PERSON_OBJECTS[crm])
    writes = crm in book.write and bool(book.write[crm].account)
    if ACCOUNT_OBJECTS[crm] in named or writes or _asks_account_owner(book):
        found.append(ACCOUNT_OBJECTS[crm])
    if reads_deals(book) or DEAL_OBJECTS[crm] in named:
        found.append(DEAL_OBJECTS[crm])
    return tuple(found)


def needs_of(book: Book, crm: Crm, described: Mapping[str, ObjectDescription]) -> CrmNeeds:
    """Return what to pull from one CRM, given what it shows to us; nothing here makes a query fail."""
    needs: list[ObjectNeed] = []
    warnings: list[str] = []
    for name in objects_needed(book, crm):
        shown = described.get(name)
        if shown is None:
            warnings.append(f"{crm}: the object {name} is not visible; {_GRANT[crm]}")
            continue
        needs.append(_object(book, crm, shown, warnings))
    warnings += _missing_targets(book, crm, described)
    return CrmNeeds(tuple(needs), _activities(book, crm), tuple(warnings))


def rule_fields(book: Book, crm: Crm, name: str) -> tuple[str, ...]:
    """Return the fields of one object that rules read, sorted: hidden ones are unreadable, not empty."""
    found = {
        source.field for item in book.sourced for source in item.sources if (source.crm, source.object) == (crm, name)
    }
    return tuple(sorted(found))


def reads_deals(book: Book) -> bool:
    """Say whether any condition of the book asks for a deal."""
    rules = (book.scope, book.accounts, book.scores, book.stages, book.transitions)
    return any(isinstance(part, DealTest | DealsTest) for part in parts_of(rules))


def _object(book: Book, crm: Crm, shown: ObjectDescription, warnings: list[str]) -> ObjectNeed:
    name = shown.name
    ruled = rule_fields(book, crm, name)
    hidden = tuple(item for item in ruled if item not in shown.fields)
    for item in hidden:
        hint = _or_grant(item, [shown], "grant access to the field")
        warnings.append(f"{crm}: {name}.{item} is not visible, so what reads it is frozen; {hint}")
    own = _own_fields(book, crm, name)
    for item in own:
        if item not in shown.fields and item not in OPTIONAL and item not in ruled:
            warnings.append(f"{crm}: {name}.{item} is not visible; people and deals are joined without it")
    targets = book.write[crm].fields_of(name) if crm in book.write else ()
    acted = _acted_fields(book, crm, name)
    counters = _counters(book, crm, shown, warnings)
    wanted = {
        *ruled,
        *own,
        *counters,
        *targets,
        *acted,
        *(_stage_dates(book, crm) if targets and name in PERSON_OBJECTS[crm] else ()),
    }
    fields = tuple(sorted(item for item in wanted if item in shown.fields))
    return ObjectNeed(name, fields, _links(book, crm, name), hidden, ruled)


def _acted_fields(book: Book, crm: Crm, name: str) -> tuple[str, ...]:
    """Return what actions look at: owners, the names of people, and the fields that they set; SLAs look at owners."""
    if not has_actions(book):
        return (OWNER_FIELDS[crm],) if book.slas and name in PERSON_OBJECTS[crm] else ()
    if name == ACCOUNT_OBJECTS[crm]:
        return (OWNER_FIELDS[crm],) if _asks_account_owner(book) else ()
    if name not in PERSON_OBJECTS[crm]:
        return ()
    actions = list(every_action(book))
    set_here = [
        item.field for item in actions if isinstance(item, SetField) and (item.crm, item.object) == (crm, name)
    ]
    return (OWNER_FIELDS[crm], *NAME_FIELDS[crm], *set_here)


def _asks_account_owner(book: Book) -> bool:
    """Say whether any owner is assigned by who owns the account."""
    assigned = [item for item in every_action(book) if isinstance(item, AssignOwner)]
    return any(item.account_owner_first for item in assigned)


def _counters(book: Book, crm: Crm, shown: ObjectDescription, warnings: list[str]) -> Iterator[str]:
    """Yield the counters that stand for activities of a tier that we do not have."""
    for activity in book.activities.values():
        counter = activity.otherwise
        if counter is None or (counter.crm, counter.object) != (crm, shown.name):
            continue
        yield counter.field
        if counter.field not in shown.fields:
            hint = _or_grant(counter.field, [shown], "grant access to it")
            warnings.append(f"{crm}: {counter} is not visible, so `{activity.name}` is not counted by it; {hint}")


def _stage_dates(book: Book, crm: Crm) -> Iterator[str]:
    """Yield the fields in which the CRM itself keeps when a stage was entered: adoption starts from those dates."""
    stage = book.write[crm].stage
    for value in stage.values.values() if stage is not None else ():
        name = stage_date_field(crm, stage.field, value) if stage is not None and value is not None else None
        if name is not None:
            yield name


def _own_fields(book: Book, crm: Crm, name: str) -> tuple[str, ...]:
    if name == DEAL_OBJECTS[crm]:
        asked = [book.deals.only, *(kind.where for kind in book.deals.kinds.values())]
        named = (ONLY_FIELDS[crm].get(word, word) for where in asked for word in where)
        return (*DEAL_FIELDS[crm], *dict.fromkeys(named))
    also = [one.field for one in book.identity.also if (one.crm, one.object) == (crm, name)]
    names = NAME_FIELDS[crm][1:] if book.identity != Identity() and name in PERSON_OBJECTS[crm] else ()
    return (*IDENTITY.get((crm, name), ()), *also, *names)


def _links(book: Book, crm: Crm, name: str) -> tuple[str, ...]:
    """Return the associations that are not fields. Salesforce's accounts are fields; its contact roles are not."""
    links = book.deals.link
    if name == DEAL_OBJECTS[crm]:
        by_people = "contact_role" in links if crm == "salesforce" else "association" in links
        by_company = crm == "hubspot" and "account" in links
        return (("contact",) if by_people else ()) + (("company",) if by_company else ())
    if crm == "hubspot" and name in PERSON_OBJECTS[crm]:
        accounts = ACCOUNT_OBJECTS[crm] in objects_needed(book, crm) or "account" in links
        return ("company",) if accounts or book.accounts else ()
    return ()


def _activities(book: Book, crm: Crm) -> tuple[ActivityNeed, ...]:
    """Return the kinds that the book's activities mean; a hint only where each use of the kind gives one."""
    uses: dict[str, list[dict[str, tuple[str, ...]]]] = {}
    tested: dict[str, set[str]] = {}
    for activity in book.activities.values():
        for source in activity.sources:
            if source.crm == crm:
                narrow = {test.attribute: test.operands for test in source.tests if test.op == "in"}
                uses.setdefault(source.kind, []).append(narrow)
                tested.setdefault(source.kind, set()).update(test.attribute for test in source.tests)
    needs = []
    for kind, narrowings in sorted(uses.items()):
        shared = set.intersection(*(set(narrow) for narrow in narrowings))
        hints = {name: tuple(sorted({text for use in narrowings for text in use[name]})) for name in sorted(shared)}
        needs.append(ActivityNeed(kind, hints, tuple(sorted(tested[kind]))))
    return tuple(needs)


def _missing_targets(book: Book, crm: Crm, described: Mapping[str, ObjectDescription]) -> Iterator[str]:
    if crm not in book.write:
        return
    people = [described[name] for name in PERSON_OBJECTS[crm] if name in described]
    accounts = [described[name] for name in (ACCOUNT_OBJECTS[crm],) if name in described]
    write = book.write[crm]
    wanted = [*((target, people) for target in write.all_fields())]
    wanted += [(target, accounts) for target in write.account_fields()]
    for target, seen in wanted:
        lacking = [shown.name for shown in seen if target not in shown.fields]
        if lacking:
            where = " and ".join(lacking)
            hint = _or_grant(target, [described[name] for name in lacking], "create it or grant access")
            yield f"{crm}: {target} is not visible on {where}, so it is not written there; {hint}"


def _or_grant(name: str, shown: Iterable[ObjectDescription], otherwise: str) -> str:
    """Name what is spelt nearly so and shown to us, before what an admin can do."""
    close = nearest(name, (field for item in shown for field in item.fields), few=0, cutoff=0.75)
    return f"{close} else {otherwise}" if close else otherwise


def parts_of(value: Any) -> Iterator[Any]:
    """Yield every part of a nest of dataclasses, mappings and tuples."""
    open_parts = [value]
    while open_parts:
        part = open_parts.pop()
        yield part
        if is_dataclass(part) and not isinstance(part, type):
            open_parts.extend(getattr(part, item.name) for item in fields(part))
        elif isinstance(part, Mapping):
            open_parts.extend(part.values())
        elif isinstance(part, tuple | list):
            open_parts.extend(part)
