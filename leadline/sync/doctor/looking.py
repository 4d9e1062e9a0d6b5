"""Asking one CRM everything that the examination needs: all calls are made here, and none of them writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from leadline.common.errors import ContractError, CredentialsError, PermissionMissingError, QuotaError
from leadline.common.values import Crm, Quota
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.connectors.inspecting import Inspector, Listening, ObjectSeen, Sharing, SignedIn
from leadline.connectors.protocol import Group, User
from leadline.sync.doctor.needing import Need

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one CRM told. ``skew`` is this machine's clock minus the CRM's, ``refused`` why we were not let in.

    ``unasked`` maps a part (``users``, ``groups``, ``sharing``, ...) to why it was refused.
    """

    crm: Crm
    signed: SignedIn | None = None
    refused: str = ""
    skew: timedelta = timedelta(0)
    objects: Mapping[str, ObjectSeen] = field(default_factory=dict)
    rights: Mapping[str, bool] = field(default_factory=dict)
    sharing: Mapping[str, Sharing] = field(default_factory=dict)
    supplies: Mapping[str, str] = field(default_factory=dict)
    users: tuple[User, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict)
    listening: Listening = field(default_factory=Listening)
    usage: Quota = field(default_factory=lambda: Quota(None, None))
    unasked: Mapping[str, str] = field(default_factory=dict)
    calls: int = 0


def look(inspector: Inspector, needs: Sequence[Need], now: Callable[[], datetime]) -> Seen:
    """Return what one CRM tells about these needs. ``now`` is this machine's clock.

    Raises UnavailableError, and QuotaError where not even signing in is answered.
    """
    crm = inspector.crm
    try:
        signed = inspector.signed_in()
    except (CredentialsError, PermissionMissingError, ContractError) as error:
        return Seen(crm, refused=str(error), calls=inspector.calls())
    skew = now() - signed.server_time
    asking = _Asking()
    usage = asking.part("limits", inspector.usage, Quota(None, None))
    objects = dict.fromkeys(need.object for need in needs if need.object)
    written = sorted({need.name for need in needs if need.kind in {"write", "set"}})
    kinds = [need.name for need in needs if need.kind == "activity"]
    wants_users = any(need.kind == "user" for need in needs)
    groups = [need.name for need in needs if need.kind == "group"]
    people = PERSON_OBJECTS[crm]
    rights = [need.name for need in needs if need.kind == "right"]
    return Seen(
        crm,
        signed,
        skew=skew,
        objects=asking.part("objects", lambda: inspector.objects(tuple(objects)), {}),
        rights=asking.part("rights", lambda: inspector.rights(rights), {}),
        sharing=asking.part("sharing", lambda: inspector.sharing(people), {}),
        supplies=asking.part("activities", lambda: {kind: inspector.supplies(kind) for kind in kinds}, {}),
        users=asking.part("users", lambda: tuple(inspector.users()), ()) if wants_users else (),
        groups=asking.part("groups", lambda: inspector.groups(groups), {}) if groups else {},
        listening=asking.part("automations", lambda: inspector.listeners(people, written), Listening()),
        usage=usage,
        unasked=asking.refused,
        calls=inspector.calls(),
    )


class _Asking:
    """Asks for one part after the other; what is refused is noted, and the rest goes on."""

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}

    def part(self, name: str, ask: Callable[[], T], otherwise: T) -> T:
        try:
            return ask()
        except (PermissionMissingError, ContractError, QuotaError) as error:
            self.refused[name] = str(error)
            return otherwise
