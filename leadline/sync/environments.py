"""One book for a sandbox and for production: what of the things that it names is different between the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from leadline.common.errors import ContractError
from leadline.common.values import CRMS, Crm, FieldDescription, ObjectDescription
from leadline.connectors.protocol import ReadConnector
from leadline.rules.causes import every_action
from leadline.rules.model import AddTo, AssignOwner, Book, CreateTask, Notify, SetField
from leadline.rules.model.actions import RELATIVES
from leadline.sync.needs import objects_needed, rule_fields
from leadline.sync.plan.owners import Owners

What = Literal["crm", "object", "field", "type", "rights", "picklist value", "user or queue", "list or campaign"]


@dataclass(frozen=True, slots=True)
class EnvironmentDifference:
    """One thing that the book names and that is not the same in both; ``name`` is its (developer) name.

    ``blocks``: the book would not work as it does in the first environment.
    """

    crm: Crm
    what: What
    name: str
    here: str
    there: str
    blocks: bool


@dataclass(frozen=True, slots=True)
class Promotion:
    """What differs, and which organisations were compared, by CRM."""

    organisations: Mapping[Crm, tuple[str, str]]
    differences: tuple[EnvironmentDifference, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing that the book needs is missing in the second environment."""
        return not any(item.blocks for item in self.differences)


def compare_environments(
    book: Book, here: Mapping[Crm, ReadConnector], there: Mapping[Crm, ReadConnector]
) -> Promotion:
    """Compare what the book names between two environments, by reading only; no id is compared, only names.

    Raises what the connectors raise.
    """
    found: list[EnvironmentDifference] = []
    organisations: dict[Crm, tuple[str, str]] = {}
    for crm in CRMS:
        if crm in here and crm not in there:
            found.append(EnvironmentDifference(crm, "crm", crm, "connected", "not connected", blocks=True))
        if crm not in here or crm not in there:
            continue
        organisations[crm] = (here[crm].organisation(), there[crm].organisation())
        objects = objects_needed(book, crm)
        one, other = here[crm].describe(objects), there[crm].describe(objects)
        for name in objects:
            found += _object(book, crm, name, one.get(name), other.get(name))
        found += _people(book, crm, here[crm], there[crm])
        found += _groups(book, crm, here[crm], there[crm])
    return Promotion(organisations, tuple(found))


def named_fields(book: Book, crm: Crm, name: str) -> tuple[str, ...]:
    """Return the fields of one object that the book names: read, written, set, joined by."""
    found = set(rule_fields(book, crm, name))
    if crm in book.write:
        found |= set(book.write[crm].fields_of(name))
    found |= {one.field for one in book.identity.also if (one.crm, one.object) == (crm, name)}
    for action in every_action(book):
        if isinstance(action, SetField) and (action.crm, action.object) == (crm, name):
            found.add(action.field)
    return tuple(sorted(found))


def _object(
    book: Book, crm: Crm, name: str, here: ObjectDescription | None, there: ObjectDescription | None
) -> Iterator[EnvironmentDifference]:
    if here is None or there is None:
        if here is not there:
            blocks = there is None
            yield EnvironmentDifference(crm, "object", name, _seen(here), _seen(there), blocks)
        return
    for field in named_fields(book, crm, name):
        one, other = here.fields.get(field), there.fields.get(field)
        place = f"{name}.{field}"
        if one is None or other is None:
            if one is not other:
                yield EnvironmentDifference(crm, "field", place, _seen(one), _seen(other), blocks=other is None)
            continue
        if one.type != other.type:
            yield EnvironmentDifference(crm, "type", place, one.type, other.type, blocks=True)
        if _written(book, crm, field) and one.updateable != other.updateable:
            near, far = ("writable" if item.updateable else "read-only" for item in (one, other))
            yield EnvironmentDifference(crm, "rights", place, near, far, blocks=not other.updateable)
        yield from _values(book, crm, place, one, other)


def _values(
    book: Book, crm: Crm, place: str, here: FieldDescription, there: FieldDescription
) -> Iterator[EnvironmentDifference]:
    """Yield picklist values that only one of the two has; those that the book writes block."""
    target = book.write[crm].stage if crm in book.write else None
    field = place.partition(".")[2]
    needed = set(target.values.values()) if target is not None and target.field == field else set()
    for value in sorted(set(here.options) - set(there.options)):
        yield EnvironmentDifference(crm, "picklist value", f"{place}: {value}", "there", "missing", value in needed)
    for value in sorted(set(there.options) - set(here.options)):
        yield EnvironmentDifference(crm, "picklist value", f"{place}: {value}", "missing", "there", blocks=False)


def _people(book: Book, crm: Crm, here: ReadConnector, there: ReadConnector) -> Iterator[EnvironmentDifference]:
    names = sorted(set(_named_people(book)))
    if not names:
        return
    one, other = Owners({crm: here}), Owners({crm: there})
    for name in names:
        known = [owners.named(crm, name) is not None for owners in (one, other)]
        if known[0] != known[1]:
            near, far = ("there" if item else "missing" for item in known)
            yield EnvironmentDifference(crm, "user or queue", name, near, far, blocks=not known[1])


def _named_people(book: Book) -> Iterator[str]:
    for rota in book.rotas.values():
        yield from (member for members in rota.members.values() for member in members)
    for action in every_action(book):
        to = action.to if isinstance(action, AssignOwner | CreateTask | Notify) else None
        if to and to not in RELATIVES and not to.startswith("#"):
            yield to


def _groups(book: Book, crm: Crm, here: ReadConnector, there: ReadConnector) -> Iterator[EnvironmentDifference]:
    actions = list(every_action(book))
    names = sorted({action.name for action in actions if isinstance(action, AddTo) and action.crm == crm})
    for name in names:
        words = (_group(here, name), _group(there, name))
        if words[0] != words[1]:
            yield EnvironmentDifference(crm, "list or campaign", name, *words, blocks=words[1] != "there")


def _group(reader: ReadConnector, name: str) -> str:
    try:
        found = reader.groups([name]).get(name)
    except ContractError:
        return "several of this name"
    return "missing" if found is None else "there" if found.open else "dynamic"


def _written(book: Book, crm: Crm, field: str) -> bool:
    return crm in book.write and field in (*book.write[crm].all_fields(), *book.write[crm].account_fields())


def _seen(item: object | None) -> str:
    return "missing" if item is None else "there"
