"""The one protocol that every connector speaks, and the exam in ``tests/connectors`` examines."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol, get_args

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
    WriteStatus,
)

LOOK_BACK: Final = timedelta(minutes=10)
"""How far behind its cursor every thorough pull reads again: rows commit late, and clocks of servers differ."""


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """Which rows of one object to pull.

    ``fields`` are CRM field names (already intersected with describe). ``since`` None is a full read. Rows
    changed in (since - look_back, until] are yielded, so some come again: the receiver drops what it has.
    ``links`` names the associations wanted (HubSpot: ``company``, ``deal``, ``contact``).
    ``history`` names fields whose past values are wanted. ``quick`` leaves out what costs calls of its own and may
    wait for a later request that looks back further: archived rows, changed roles.
    """

    object: str
    fields: tuple[str, ...]
    until: datetime
    since: Cursor | None = None
    look_back: timedelta = LOOK_BACK
    links: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    quick: bool = False


@dataclass(frozen=True, slots=True)
class ActivityRequest:
    """Which activities of one kind (see ``common.vocabulary.ACTIVITY_KINDS``) to pull.

    ``attributes`` are those that anybody will look at (None: all); one that costs calls of its own is left empty
    when it is not among them. ``oldest`` bounds a full read: activities that happened before it are not asked
    for. ``hints`` narrow a source that needs it, such as ``{"form": ("demo",)}``. ``quick`` is as in RecordRequest.
    """

    kind: str
    until: datetime
    since: Cursor | None = None
    look_back: timedelta = LOOK_BACK
    oldest: datetime | None = None
    hints: Mapping[str, tuple[str, ...]] | None = None
    attributes: tuple[str, ...] | None = None
    quick: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """Someone who can own records. ``id`` is what an owner field holds; a ``queue`` is nobody in particular.

    ``manager`` is the id of whom they report to, where the CRM knows (Salesforce does, HubSpot does not).
    """

    id: str
    email: str
    name: str
    active: bool
    queue: bool = False
    manager: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A Salesforce campaign or a HubSpot list. ``open`` is whether members may be added: not to a dynamic list."""

    id: str
    name: str
    open: bool = True


CreationKind = Literal["task", "note", "member", "unmember"]
CREATIONS: Final[Mapping[str, CreationKind]] = {kind: kind for kind in get_args(CreationKind)}
"""By their names, the kinds of effects that are made in a CRM under their key."""


@dataclass(frozen=True, slots=True)
class Creation:
    """One thing to make (or one membership to end), about ``ref``, exactly once under ``key``.

    ``fields`` by kind, in words of no vendor:
    ``task``: ``subject``, ``text``, ``owner`` (a user's id), ``due`` (an instant, ISO 8601 in UTC), ``urgent``.
    ``note``: ``subject``, ``text``, ``owner``, ``at`` (an instant).
    ``member``: ``group`` (an id) and ``status`` (Salesforce only). ``unmember``: ``group``.
    All but ``subject``, ``text`` and ``group`` may be absent.
    """

    key: str
    kind: CreationKind
    ref: RecordRef
    fields: Mapping[str, Raw]


@dataclass(frozen=True, slots=True)
class CreateResult:
    """What the CRM said of one creation. ``done`` has the ``remote_id``; ``transient`` was surely not made.

    ``unknown`` means that no answer came: only ``find_created`` can tell, once ``settling`` has passed.
    """

    key: str
    status: WriteStatus | Literal["unknown"]
    remote_id: str = ""
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """What stands in the CRM for one creation: its id, its owner's id (None: it has none), whom it is about."""

    key: str
    remote_id: str
    owner: str | None = None
    about: tuple[RecordRef, ...] = ()
    closed: bool = False


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

    def reread(self, request: RecordRequest, ids: Sequence[str]) -> Iterator[tuple[SourceRecord, ...]]:
        """Yield these records as they are now, by id: no search index delays it. Whoever is gone is left out.

        What changed behind ``request.until`` is left out too: it belongs to a later request.
        """
        ...

    def ids(self, name: str, after: str = "") -> Iterator[tuple[str, ...]]:
        """Yield pages of the ids of all records of one object that stand, behind ``after``, in ascending order.

        HubSpot's ids are ordered as numbers, Salesforce's as text. Deleted and merged records are left out.
        """
        ...

    def activities(self, request: ActivityRequest) -> Iterator[tuple[SourceActivity, ...]]:
        """Yield pages of activities; a source this account's tier lacks raises PermissionMissingError."""
        ...

    def read_back(self, refs: Sequence[RecordRef], fields: Sequence[str]) -> Mapping[RecordRef, Mapping[str, Raw]]:
        """Return the present values of many records of one object in the fewest calls, without search indexes."""
        ...

    def heard(self) -> datetime | None:
        """Return the Date of the last answer, UTC to the second; None before the first one. No call is made."""
        ...

    def quota(self) -> Quota:
        """Return the calls used and allowed, as last said by the CRM itself; no call is made."""
        ...

    def spend_at_most(self, calls: int | None, why: str = "") -> None:
        """Allow so many more calls (None: any number); then reads and writes raise QuotaError, which says ``why``."""
        ...

    def left(self) -> int | None:
        """Return how many calls may still be made, by the CRM's count and by what was allowed; None: any number."""
        ...

    def time_zone(self) -> str:
        """Return the account's time zone (IANA), UTC before ``organisation`` was asked: its midnight ends a day."""
        ...

    def calls(self) -> Mapping[str, int]:
        """Return HTTP calls made so far by purpose: login, describe, read, write, read_back."""
        ...

    def forecast(self, writes: Sequence[RecordWrite]) -> Mapping[str, int]:
        """Return the exact calls that writing and reading back would take: {"write": n, "read_back": n}.

        Values play no part: ``fields`` may be empty.
        """
        ...

    def users(self) -> Sequence[User]:
        """Return who can own records, inactive users and queues too; read once for a connector's life."""
        ...

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """Return the campaigns or lists of these names; unknown names are absent. Read once each.

        A name that several share raises ContractError: members must not land in the wrong one.
        """
        ...

    def prepare_creations(self, kinds: Collection[CreationKind]) -> None:
        """Ask what making these kinds takes, once for a connector's life; a forecast of them then asks nothing."""
        ...

    def forecast_creations(self, creations: Sequence[Creation]) -> Mapping[str, int]:
        """Return the calls of ``create`` and then ``find_created`` with all ids known: {"write": n, "read_back": n}.

        Exact when nothing fails, nothing of it stands there already, and no owner or group must be looked up. No call
        is made for kinds that were prepared.
        """
        ...

    def find_created(
        self, creations: Sequence[Creation], known: Mapping[str, str] | None = None
    ) -> Mapping[str, Made]:
        """Return, by key, what stands in the CRM, by reads that no search index delays; what does not is absent.

        ``known`` has remote ids by key where they were told: then fewer calls do. What was made and deleted since by
        somebody counts as made. For ``unmember`` an entry means that the membership is ended.
        """
        ...

    def settling(self, creations: Sequence[Creation]) -> timedelta:
        """Return how long a request whose answer was lost may still create: until then looking finds nothing out.

        Zero where the CRM itself refuses a second one of the same key: then asking again is harmless.
        """
        ...

    def close(self) -> None:
        """Close the session's connections."""
        ...


class WriteConnector(ReadConnector, Protocol):
    """What only apply is given."""

    def write(self, writes: Sequence[RecordWrite]) -> Generator[tuple[WriteResult, ...], None, None]:
        """Write absolute values in the vendor's largest batches, yielding results per batch, in order.

        While the CRM works on a batch of its own pace, empty pages come now and then. Closing the generator stops it.
        Batches are formed per object in the given order; a refused batch is bisected so that each record gets its own
        result. A record that needs two phases must be given as two writes in two calls.
        """
        ...

    def batches(self, writes: Sequence[RecordWrite]) -> Sequence[tuple[RecordWrite, ...]]:
        """Return how ``write`` would group them: one entry is sent, and its fate known, together.

        Values play no part: ``fields`` may be empty.
        """
        ...

    def creation_batches(self, creations: Sequence[Creation]) -> Sequence[tuple[Creation, ...]]:
        """Return how ``create`` would group them: one entry is sent, and its fate known, together."""
        ...

    def create(self, creations: Sequence[Creation]) -> Iterator[tuple[CreateResult, ...]]:
        """Make them, yielding results per batch, in order. Never repeats a request that could make a second one.

        Raises what reads raise where nothing was sent; a request without an answer gives ``unknown`` results.
        """
        ...

    def close_tasks(self, ids: Sequence[str]) -> Iterator[tuple[WriteResult, ...]]:
        """Set tasks to completed, by their ids in the CRM, and read that back. Repeating it is harmless."""
        ...
