"""What ``leadline doctor`` may ask of a CRM: rights, limits and automations. Nothing here can change a CRM.

An ``Inspector`` is another type than a connector, and has no method that writes: the type checker proves that an
examination changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from leadline.common.values import Crm, Quota
from leadline.connectors.protocol import Group, User

ListenerKind = Literal[
    "flow", "workflow", "validation rule", "assignment rule", "duplicate rule", "trigger", "connector"
]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, and when. ``server_time`` is the Date header of a call that took ``round_trip``.

    ``version`` is the version of the API that is used, ``versions`` those that the CRM offers (none where the vendor
    has no choice). ``user`` is "" where the CRM does not tell it.
    """

    organisation: str
    user: str
    server_time: datetime
    round_trip: timedelta
    version: str = ""
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldSeen:
    """One field as this user sees it. ``length`` is in characters, 0 where there is none."""

    name: str
    type: str
    updateable: bool = True
    createable: bool = True
    restricted: bool = False
    options: tuple[str, ...] = ()
    length: int = 0
    external_id: bool = False
    unique: bool = False


@dataclass(frozen=True, slots=True)
class ObjectSeen:
    """One object as this user sees it, with what the user may do with its records as far as describe tells."""

    name: str
    fields: Mapping[str, FieldSeen]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True


@dataclass(frozen=True, slots=True)
class Sharing:
    """Which records of an object this user meets. ``default`` is the organisation's (Salesforce's own word).

    ``sees_all`` and ``edits_all`` are None where nobody may tell.
    """

    object: str
    default: str
    sees_all: bool | None = None
    edits_all: bool | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """An automation that may react when a record of ``object`` is written.

    ``fields`` are those that it names, None where the CRM does not show its inside. ``any_change`` says that it
    runs whatever changed.
    """

    kind: ListenerKind
    name: str
    object: str
    fields: frozenset[str] | None = None
    any_change: bool = False


@dataclass(frozen=True, slots=True)
class Listening:
    """Who listens. ``untold`` maps a kind to why nobody can say whether there are any."""

    found: tuple[Listener, ...] = ()
    untold: Mapping[ListenerKind, str] = field(default_factory=dict)


class Inspector(Protocol):
    """Looks at one CRM. Every method raises the errors of ``common.errors`` and no other."""

    @property
    def crm(self) -> Crm: ...

    def signed_in(self) -> SignedIn:
        """Sign in and say who and where this is."""
        ...

    def objects(self, names: Sequence[str]) -> Mapping[str, ObjectSeen]:
        """Return what this user sees of each object; an object that is hidden is absent."""
        ...

    def rights(self, names: Sequence[str]) -> Mapping[str, bool]:
        """Return which system permissions (Salesforce) or scopes (HubSpot) we have; what cannot be told is absent."""
        ...

    def sharing(self, names: Sequence[str]) -> Mapping[str, Sharing]:
        """Return who meets which records, by object; absent is what the CRM does not have or does not tell."""
        ...

    def supplies(self, kind: str) -> str:
        """Return "" where activities of this kind can be read, else why not. One call."""
        ...

    def listeners(self, objects: Sequence[str], fields: Sequence[str]) -> Listening:
        """Return active automations on these objects, and which of ``fields`` each one names."""
        ...

    def usage(self) -> Quota:
        """Return the calls of the CRM's day that anybody used, and how many there are."""
        ...

    def users(self) -> Sequence[User]:
        """Return who can own records, as a connector does."""
        ...

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """Return campaigns or lists by name, as a connector does."""
        ...

    def calls(self) -> int:
        """Return how many HTTP calls were made so far."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
