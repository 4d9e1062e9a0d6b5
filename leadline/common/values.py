"""Frozen values that cross rooms: what a connector yields, what a plan writes, what a CRM answered.

All instants are aware datetimes in UTC. Raw values are JSON scalars exactly as the CRM gave them
(HubSpot gives strings, Salesforce typed JSON); their meaning is the rule book's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

Crm = Literal["salesforce", "hubspot"]
CRMS: Final[tuple[Crm, ...]] = ("salesforce", "hubspot")

Raw = None | bool | int | Decimal | str
"""A field value as the CRM gave it. JSON numbers with a fraction arrive as Decimal, never float."""

Value = None | bool | int | Decimal | str | date | datetime | tuple[str, ...]
"""A typed value of a rule book's field; a tuple is a multi-select."""

Precision = Literal["instant", "day"]


@dataclass(frozen=True, slots=True, order=True)
class RecordRef:
    """One row of a CRM object. ``id`` is the 18-character Salesforce id or HubSpot's number as text."""

    crm: Crm
    object: str
    id: str

    def __str__(self) -> str:
        return f"{self.crm}:{self.object}/{self.id}"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One past value of one field, from field history (Salesforce) or property history (HubSpot).

    ``author`` names who made it as far as the CRM tells: a user's login or e-mail, or a source such as
    ``AUTOMATION_PLATFORM``; ``by_user`` says whether the CRM calls the author a person.
    """

    field: str
    value: Raw
    at: datetime
    author: str = ""
    by_user: bool = False


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """The present row of a record as pulled.

    ``stamp`` is the CRM's own modification instant (SystemModstamp, lastmodifieddate). ``links`` are
    associations that are not plain fields, by name (``company``, ``deal``, ``contact``), primary first.
    ``author`` is the last modifier. A deleted or merged-away record has ``deleted``; a merge also names the
    survivor.
    """

    ref: RecordRef
    stamp: datetime
    created: datetime | None
    fields: Mapping[str, Raw]
    links: Mapping[str, tuple[RecordRef, ...]] = field(default_factory=dict)
    author: str = ""
    deleted: bool = False
    merged_into: str | None = None
    history: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceActivity:
    """One activity as pulled, in the vocabulary of ``common.vocabulary.ACTIVITY_KINDS``.

    ``about`` are the records it happened to; ``email`` is set where the source knows only an address
    (HubSpot form submissions and marketing e-mail events). ``at`` is when it happened; with day precision it
    is the day's first instant in UTC. ``stamp`` is when the row last changed, for the cursor.
    """

    crm: Crm
    kind: str
    id: str
    at: datetime
    stamp: datetime
    precision: Precision = "instant"
    about: tuple[RecordRef, ...] = ()
    email: str = ""
    attributes: Mapping[str, Raw] = field(default_factory=dict)
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a pull of one stream stopped: everything up to (stamp, id) is stored."""

    stamp: datetime
    id: str = ""


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """One field as the CRM describes it to this user. ``type`` is the vendor's own word.

    ``calculated``: a formula, a roll-up or the like, whose value may move without the record's stamp.
    """

    name: str
    type: str
    label: str = ""
    updateable: bool = True
    restricted: bool = False
    options: tuple[str, ...] = ()
    external_id: bool = False
    calculated: bool = False


@dataclass(frozen=True, slots=True)
class ObjectDescription:
    """One object as the CRM describes it to this user; a hidden field is simply absent."""

    name: str
    fields: Mapping[str, FieldDescription]


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """New values for one record: absolute, so that repeating it is harmless. None clears a field.

    ``account`` is whose row the CRM locks with this record's; empty where there is none.
    """

    ref: RecordRef
    fields: Mapping[str, Raw]
    account: str = ""


WriteStatus = Literal["done", "transient", "permanent", "gone"]


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What the CRM said of one record's write; ``done`` is a claim still to be read back.

    ``transient`` may be tried again, ``permanent`` never succeeds with this value, ``gone`` means that the
    record was deleted, merged or converted. ``code`` is the CRM's own code; ``fields`` the fields it named.
    """

    ref: RecordRef
    status: WriteStatus
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls used and allowed in the CRM's own day, from its own headers; None where it did not say."""

    used: int | None
    limit: int | None
