"""What ``leadline setup`` makes in a CRM: parts, each made once and each removable, and who makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from leadline.common.values import Crm

PartKind = Literal["group", "field", "permission set", "object right", "field right", "assignment"]
FieldType = Literal["picklist", "text", "number", "datetime"]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to be there. ``object`` and ``name`` say what: ``Lead`` and ``Fit_Score__c`` of a field.

    A ``field`` has type, label and so on. ``rights`` are those of a permission set (``ApiEnabled``), of an object
    (``Read``, ``Edit``) or of a field. An ``assignment`` gives the permission set to the user ``name``.
    """

    kind: PartKind
    crm: Crm
    object: str = ""
    name: str = ""
    label: str = ""
    meaning: str = ""
    type: FieldType = "text"
    length: int = 0
    scale: int = 0
    options: tuple[str, ...] = ()
    unique: bool = False
    rights: tuple[str, ...] = field(default=())

    @property
    def key(self) -> str:
        """The part in one line: ``field Lead.Fit_Score__c``."""
        return f"{self.kind} {'.'.join(word for word in (self.object, self.name) if word)}"


class Installer(Protocol):
    """Makes and removes parts of one CRM. Every method raises the errors of ``common.errors``."""

    @property
    def crm(self) -> Crm: ...

    def organisation(self) -> str:
        """Return the organisation or portal, as a connector does."""
        ...

    def makeable(self, parts: Sequence[Part]) -> Sequence[Part]:
        """Return the parts without rights to fields that are neither there nor among the parts."""
        ...

    def existing(self, parts: Sequence[Part]) -> Mapping[str, str]:
        """Return, by key, the ids of the parts that are there, whoever made them and whoever may see them."""
        ...

    def batches(self, parts: Sequence[Part]) -> Sequence[tuple[Part, ...]]:
        """Return the parts as they are made, in their order: one call for each batch."""
        ...

    def make(self, parts: Sequence[Part]) -> Mapping[str, str]:
        """Make one batch and return the ids by key. Refused where one of them is there already."""
        ...

    def remove(self, kind: PartKind, ident: str) -> None:
        """Take one part away by its id; one that is gone already is no error."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
