"""What a practice Salesforce object is made of: fields and objects as small frozen values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

TEXT_TYPES: Final = frozenset(
    {"string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "combobox", "anyType"}
)
NUMBER_TYPES: Final = frozenset({"int", "double", "currency", "percent"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``type`` is Salesforce's own word; ``children`` is the name of the reverse relationship.

    ``formula`` is the lookup and the field behind it (``AccountId.Industry``) that a formula field shows.
    """

    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    restricted: bool = False
    options: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    relationship: str | None = None
    children: str | None = None
    external_id: bool = False
    unique: bool = False
    default: Any = None
    compound: str | None = None
    name_field: bool = False
    help: str | None = None
    formula: str | None = None

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def filterable(self) -> bool:
        return not (self.type == "anyType" or (self.type == "textarea" and self.length > 255))

    @property
    def groupable(self) -> bool:
        if self.type in {"double", "currency", "percent", "datetime", "multipicklist"}:
            return False
        return self.filterable


@dataclass(frozen=True)
class SObject:
    """One object. ``tracked`` fields leave a row in ``history`` when they change."""

    name: str
    prefix: str
    label: str
    plural: str
    fields: tuple[Field, ...]
    tracked: tuple[str, ...] = ()
    history: str | None = None
    writable: bool = True
    mergeable: bool = False
    denied: tuple[str, ...] = ()  # rights that this user lacks, in describe's words: createable, deletable, ...

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by lower-case name: Salesforce's names have no case."""
        return {item.name.lower(): item for item in self.fields}

    @cached_property
    def by_relationship(self) -> dict[str, Field]:
        return {item.relationship.lower(): item for item in self.fields if item.relationship}


class Schema:
    """All objects of the organisation; ``hidden`` ones exist but cannot be named by this user."""

    def __init__(self, objects: Iterable[SObject], hidden: frozenset[str] = frozenset()) -> None:
        self.hidden = hidden
        self._index({item.name: item for item in objects})

    def replace(self, objects: Iterable[SObject]) -> None:
        """Put other forms of some objects in place: their fields have changed."""
        self._index({**self.objects, **{item.name: item for item in objects}})

    def _index(self, objects: dict[str, SObject]) -> None:
        hidden = self.hidden
        self.objects = objects
        self._by_lower = {name.lower(): item for name, item in self.objects.items() if name not in hidden}
        self._by_prefix: dict[str, SObject] = {}
        for item in self.objects.values():
            self._by_prefix.setdefault(item.prefix, item)
        self.children: dict[str, dict[str, tuple[SObject, Field]]] = {name: {} for name in self.objects}
        for item in self.objects.values():
            for member in item.fields:
                for target in member.references if member.children else ():
                    if target in self.children and member.children and item.name not in hidden:
                        self.children[target][member.children.lower()] = (item, member)

    def find(self, name: str) -> SObject | None:
        """Return the object of that name in any case, or None where there is none that this user sees."""
        return self._by_lower.get(name.lower())

    def of_id(self, identifier: str) -> SObject | None:
        """Return the object whose key prefix begins the id, or None."""
        return self._by_prefix.get(identifier[:3])
