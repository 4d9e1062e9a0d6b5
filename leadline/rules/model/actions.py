"""Actions: what entering a stage or the passing of a point of an SLA causes in the CRMs and elsewhere.

Every action is carried out once. Text may hold ``{placeholders}`` named in the reference; they are filled when the
action is planned, never when the book is read.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from leadline.common.marks import Mark
from leadline.common.values import Crm, Value

OWNER: Final = "owner"
MANAGER: Final = "manager"
RELATIVES: Final = frozenset({OWNER, MANAGER})
"""Whom an action may name by what they are to a person, instead of by name: the owner, and whom they report to."""


@dataclass(frozen=True, slots=True)
class CreateTask:
    """A task on the person's primary record for ``to`` (``owner``, a user, a queue), due after ``due``."""

    to: str = OWNER
    subject: str = ""
    due: timedelta | None = None
    urgent: bool = False
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Notify:
    """A message to ``to``: ``owner``, a channel such as ``#sales-managers``, or the name of a webhook."""

    to: str = OWNER
    text: str = ""
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class AssignOwner:
    """Give the person's records an owner.

    In this order: the account's owner when ``account_owner_first``; the user or queue named ``to``; the rota named
    ``rota`` (of the part of it that field ``by`` chooses), the next in turn.
    """

    to: str | None = None
    rota: str | None = None
    by: str | None = None
    account_owner_first: bool = False
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class WriteNote:
    """A note on the primary record: ``hand-off`` is who they are, what they did, why, and what is missing."""

    template: str = "hand-off"
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class AddTo:
    """Make the person a member of a HubSpot list or of a Salesforce campaign (with ``status``), or of no more."""

    crm: Crm
    name: str
    status: str | None = None
    remove: bool = False
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class SetField:
    """Set a CRM field of the person's records of one object to a value."""

    crm: Crm
    object: str
    field: str
    value: Value
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


Action = CreateTask | Notify | AssignOwner | WriteNote | AddTo | SetField


@dataclass(frozen=True, slots=True)
class CloseTask:
    """Set the task that the effect ``key`` made to completed: its person left the stage. No book says this itself."""

    key: str


Consequence = Action | CloseTask


OTHERWISE = "otherwise"
"""The part of a rota for whom no other part is; a rota without parts has this one only."""


@dataclass(frozen=True, slots=True)
class Rota:
    """Who takes turns: ``members`` by part (``otherwise`` for all others); a member is a user or a queue."""

    name: str
    members: dict[str, tuple[str, ...]]
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class StageActions:
    """What entering a stage causes, in order. ``on_adoption``: also when adoption or a new book led there."""

    stage: str
    actions: tuple[Action, ...]
    on_adoption: bool = False
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)
