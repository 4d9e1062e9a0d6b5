"""What planning is shown of the state: a protocol without a method that changes what anybody is or shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from leadline.common.values import Crm, Raw, RecordRef
from leadline.rules.model import Book, Consequence
from leadline.rules.state import Outcome
from leadline.sync.handoff import HandOff
from leadline.sync.store.conflicts import Conflict

if TYPE_CHECKING:
    from leadline.sync.plan.records import Compared


@dataclass(frozen=True, slots=True)
class Published:
    """What was last written and verified for one record, for the publishing policy.

    ``scores_at`` is the frontier of the plan that last wrote scores there, ``basis`` the stage and grades then.
    """

    scores_at: datetime
    basis: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """One live record of a person as mirrored.

    ``account`` groups records whose rows a CRM locks together. ``published`` is None before the first
    verified write of scores. ``parked`` are values that the CRM refused for good, by field;
    ``contested`` the latest changes that others made to values of ours.
    """

    ref: RecordRef
    fields: Mapping[str, Raw]
    account: str = ""
    published: Published | None = None
    parked: Mapping[str, Raw] = field(default_factory=dict)
    contested: Mapping[str, Conflict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person in the lifecycle: the present outcome, the decision it came from, and the live records.

    ``came_from`` and ``by`` are the latest move's source stage and what moved it. ``quiet`` people were adopted
    without writing, and neither their stage nor a grade has changed since.
    """

    person: str
    outcome: Outcome
    decision: str
    records: tuple[RecordView, ...]
    came_from: str | None = None
    by: str | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class AccountView:
    """One live record of an account and what its people come to, by account fact.

    ``person`` is the first of those who take part, ``decision`` their latest one. ``quiet`` is theirs, too. ``ours``
    says that we wrote to the record before.
    """

    record: RecordView
    person: str
    decision: str
    values: Mapping[str, Decimal | str | None]
    quiet: bool = False
    ours: bool = False


@dataclass(frozen=True, slots=True)
class DueEffect:
    """One effect that is due, with what it takes to plan it.

    ``values`` fill the placeholders of texts. ``account_owners`` are the owners of the person's account, by CRM.
    ``turn`` is the user to whom a rota gave this effect; ``opened`` the task to close, as its CRM calls it (None: it
    is still being made). ``note`` is there for notes only. ``late`` is how long after its instant it is
    planned, where that is an hour or more. ``refused`` are records whose assignment before this action a CRM refused,
    with who owned them then.
    """

    key: str
    person: str
    at: datetime
    cause: str
    number: int
    decision: str
    consequence: Consequence
    values: Mapping[str, str] = field(default_factory=dict)
    account_owners: Mapping[Crm, str] = field(default_factory=dict)
    turn: str | None = None
    opened: RecordRef | None = None
    note: HandOff | None = None
    late: timedelta | None = None
    refused: Mapping[RecordRef, Raw] = field(default_factory=dict)


class PlanSource(Protocol):
    """The read-only view of the state that a plan is made from."""

    @property
    def cycle(self) -> int:
        """The number of the cycle that evaluated the outcomes."""
        ...

    @property
    def frontier(self) -> datetime:
        """The instant up to which everything is known, UTC."""
        ...

    @property
    def adoption(self) -> bool:
        """Whether no book has been activated on this state yet."""
        ...

    def people(self) -> Iterator[PersonView]:
        """Yield everybody whose comparison may come to something else than the last one, each once."""
        ...

    def accounts(self) -> Iterator[AccountView]:
        """Yield the account records with something to show of which the same is so, each once."""
        ...

    @property
    def left_out(self) -> Mapping[tuple[Crm, str, str], int]:
        """Count what the others leave out, as the last comparison found: records by CRM, object and reason."""
        ...

    def population(self, enough: int) -> int:
        """Return how many live records belong to people in the lifecycle, counted no further than ``enough``."""
        ...

    def hear(self, compared: Compared) -> None:
        """Take in what comparing came to, once for each person and account that was shown."""
        ...

    def effects(self, book: Book) -> tuple[DueEffect, ...]:
        """Return the effects that are due at the frontier, in the order in which they were caused."""
        ...
