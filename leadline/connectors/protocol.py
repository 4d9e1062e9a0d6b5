"""The one protocol that every connector speaks, and the exam in ``tests/connectors`` examines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from leadline.common.values import (
    Crm,
    Cursor,
    ObjectDescription,
    Quota,
    Raw,
    RecordRef,
    RecordWrite,
    SourceActivity,
    SourceRecord,
    WriteResult,
)


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """Which rows of one object to pull.

    ``fields`` are CRM field names (already intersected with describe). ``since`` None is a full read. Rows
    changed in (since - look_back, until] are yielded, so some come again: the receiver drops what it has.
    ``links`` names the associations wanted (HubSpot: ``company``, ``deal``, ``contact``).
    ``history`` names fields whose past values are wanted.
    """

    object: str
    fields: tuple[str, ...]
    until: datetime
    since: Cursor | None = None
    look_back: timedelta = timedelta(minutes=10)
    links: tuple[str, ...] = ()
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActivityRequest:
    """Which activities of one kind (see ``common.vocabulary.ACTIVITY_KINDS``) to pull.

    ``attributes`` are those that anybody will look at (None: all); one that costs calls of its own is left empty
    when it is not among them. ``oldest`` bounds a full read: activities that happened before it are not asked
    for. ``hints`` narrow a source that needs it, such as ``{"form": ("demo",)}``.
    """

    kind: str
    until: datetime
    since: Cursor | None = None
    look_back: timedelta = timedelta(minutes=10)
    oldest: datetime | None = None
    hints: Mapping[str, tuple[str, ...]] | None = None
    attributes: tuple[str, ...] | None = None


class ReadConnector(Protocol):
    """What pull, plan and explain may do: nothing here can change a CRM.

    Every method raises the errors of ``common.errors`` (UnavailableError, QuotaError, CredentialsError,
    PermissionMissingError, ContractError) and no other.
    """

    @property
    def crm(self) -> Crm: ...

    def organisation(self) -> str:
        """Return the Salesforce organisation id or the HubSpot portal id: state and plans are pinned to it."""
        ...

    def server_time(self) -> datetime:
        """Return the CRM's own present (its Date header), UTC: the upper bound that a pull freezes."""
        ...

    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        """Return what this user may see of each object; an object that is hidden is absent."""
        ...

    def records(self, request: RecordRequest) -> Iterator[tuple[SourceRecord, ...]]:
        """Yield pages in order of (stamp, id), deleted and merged rows included."""
        ...

    def activities(self, request: ActivityRequest) -> Iterator[tuple[SourceActivity, ...]]:
        """Yield pages of activities; a source this account's tier lacks raises PermissionMissingError."""
        ...

    def read_back(self, refs: Sequence[RecordRef], fields: Sequence[str]) -> Mapping[RecordRef, Mapping[str, Raw]]:
        """Return the present values of many records of one object in the fewest calls, without search indexes."""
        ...

    def quota(self) -> Quota:
        """Return the calls used and allowed, as last said by the CRM itself; no call is made."""
        ...

    def calls(self) -> Mapping[str, int]:
        """Return HTTP calls made so far by purpose: login, describe, read, write, read_back."""
        ...

    def forecast(self, writes: Sequence[RecordWrite]) -> Mapping[str, int]:
        """Return the exact calls that writing and reading back would take: {"write": n, "read_back": n}."""
        ...

    def close(self) -> None:
        """Close the session's connections."""
        ...


class WriteConnector(ReadConnector, Protocol):
    """What only apply is given."""

    def write(self, writes: Sequence[RecordWrite]) -> Iterator[tuple[WriteResult, ...]]:
        """Write absolute values in the vendor's largest batches, yielding results per batch, in order.

        Batches are formed per object in the given order; a refused batch is bisected so that each record gets its own
        result. A record that needs two phases must be given as two writes in two calls.
        """
        ...

    def batches(self, writes: Sequence[RecordWrite]) -> Sequence[tuple[RecordWrite, ...]]:
        """Return how ``write`` would group them: one entry is one HTTP call."""
        ...
