"""Where a book's facts come from: fields, deals and activities."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from leadline.common.marks import Mark
from leadline.common.values import Crm, Value

FieldType = Literal["text", "integer", "decimal", "money", "boolean", "date", "datetime", "list"]


@dataclass(frozen=True, slots=True)
class FieldSource:
    """Where a field lives: ``Lead.Email`` in Salesforce is ('salesforce', 'Lead', 'Email')."""

    crm: Crm
    object: str
    field: str
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)

    def __str__(self) -> str:
        return f"{self.object}.{self.field}"


@dataclass(frozen=True, slots=True)
class TableLookup:
    """A field computed by looking another field up in a two-column table of the book (``region`` by ``country``)."""

    file: str
    by: str
    rows: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """A name for rules and where its value comes from.

    ``prefer``: ``first known`` (in the order of ``sources``), ``newest`` (latest change), or a CRM's name
    (that CRM's sources first). ``values`` maps the CRMs' spellings to the book's (folded raw -> canonical);
    ``crm_values`` are those of one CRM alone, which go before.
    ``blank`` is what an empty value means; ``has_blank`` is False where empty is unknown. A ``signal``
    counts only if it happened since the pass began. ``currency`` of money is a code such as EUR, or the field that
    holds the code.
    """

    name: str
    type: FieldType
    sources: tuple[FieldSource, ...]
    prefer: str = "first known"
    signal: bool = False
    has_blank: bool = False
    blank: Value = None
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    table: TableLookup | None = None
    currency: str | None = None
    crm_values: Mapping[Crm, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)

    def as_in(self, crm: Crm) -> Field:
        """Return the field as it is read from one CRM: with that CRM's own spellings."""
        own = self.crm_values.get(crm)
        return self if own is None else dataclasses.replace(self, values={**self.values, **own})


DealLink = Literal["converted", "contact_role", "account", "association"]
DealState = Literal["open", "won", "lost"]


@dataclass(frozen=True, slots=True)
class DealKind:
    """A name for deals in one ``state`` whose fields have these values (``where``: field -> values)."""

    state: DealState
    where: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Deals:
    """Which opportunities and deals speak for a person, and which of them count (``only``: field -> values).

    ``kinds`` are deals with a name of their own (``renewed``, ``churned``), whether ``only`` lets them count or not.
    ``fields`` are what a deal says of itself, by the name that rules use inside ``{deal: {...}}``; their facts are
    called ``deal.<name>``.
    """

    link: tuple[DealLink, ...] = ("converted", "contact_role", "association")
    only: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    kinds: Mapping[str, DealKind] = dataclasses.field(default_factory=dict)
    fields: Mapping[str, Field] = dataclasses.field(default_factory=dict)
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)

    @property
    def testable(self) -> Mapping[str, Field]:
        """The fields that rules may ask of a deal: its own, and ``state`` (open, won, lost), which each deal has."""
        return {**self.fields, DEAL_STATE: Field(DEAL_STATE, "text", ())}


DEAL_STATE: Final = "state"
DEAL_PREFIX: Final = "deal."
"""What the names of facts about a deal's own fields begin with."""


@dataclass(frozen=True, slots=True)
class AttributeTest:
    """A test on one attribute of a raw activity: ``equals`` any of, or ``contains`` any of (folded)."""

    attribute: str
    op: Literal["in", "contains"]
    operands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActivitySource:
    """One kind of raw activity (see ``common.vocabulary.ACTIVITY_KINDS``) that counts when all tests hold."""

    crm: Crm
    kind: str
    tests: tuple[AttributeTest, ...] = ()
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Activity:
    """A name for rules and the raw activities that are meant by it.

    ``otherwise`` is a number field whose rises stand for it where its CRM does not supply these activities.
    """

    name: str
    sources: tuple[ActivitySource, ...]
    otherwise: FieldSource | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)
