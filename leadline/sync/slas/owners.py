"""Who owned a person when: from what was observed of their records, and who of the owners was somebody at work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from leadline.common.canonical import instant_text
from leadline.common.instants import read_instant
from leadline.common.values import Crm, RecordRef
from leadline.common.vocabulary import OWNER_FIELDS
from leadline.connectors.protocol import User
from leadline.sync.intake import rows
from leadline.sync.store.batches import PEOPLE_AT_ONCE, chunks, upsert
from leadline.sync.store.cycles import get_meta, set_meta
from leadline.sync.store.schema import users

_QUEUES: Final = "00G"
"""Ids of Salesforce begin with the kind of what they name; this one is a queue or a group."""


@dataclass(frozen=True, slots=True)
class Owning:
    """From ``at`` on the person was ``owner``'s (``<crm>/<id>``); None is nobody's."""

    at: datetime
    owner: str | None


@dataclass(frozen=True, slots=True)
class KnownUser:
    """One user as the CRM said last; ``inactive_since`` is when a cycle first found them gone."""

    name: str
    email: str
    queue: bool
    inactive_since: datetime | None


def owners_of(
    connection: Connection, primary: Sequence[str], persons: Iterable[str], cycle: int
) -> dict[str, tuple[Owning, ...]]:
    """Return who owned each person since when, by what was known at ``cycle``.

    The owner is that of the first record in the order of ``primary`` that was live then and no converted lead.
    """
    order = {name: place for place, name in enumerate(primary)}
    found: dict[str, tuple[Owning, ...]] = {}
    for batch in chunks(sorted(set(persons)), PEOPLE_AT_ONCE):
        members = [item for item in rows.members(connection, batch, cycle) if item.ref.object in order]
        history = rows.observed(connection, [item.ref for item in members], cycle)
        mine: dict[str, list[RecordRef]] = {}
        for item in sorted(members, key=lambda item: (order[item.ref.object], item.ref)):
            mine.setdefault(item.person, []).append(item.ref)
        for person, refs in mine.items():
            found[person] = _owned({ref: history.get(ref, []) for ref in refs})
    return found


def owner_at(spans: Sequence[Owning], at: datetime) -> str | None:
    """Return the owner at an instant; before the first one that is known it is the first."""
    owner = spans[0].owner if spans else None
    for span in spans:
        if span.at > at:
            break
        owner = span.owner
    return owner


def is_nobody(owner: str | None, known: Mapping[str, KnownUser], at: datetime) -> bool:
    """Tell whether nobody works on what this owner has at ``at``: no owner, a queue, or a user who had left."""
    if owner is None or owner.startswith(f"salesforce/{_QUEUES}"):
        return True
    user = known.get(owner)
    return user is not None and (user.queue or (user.inactive_since is not None and user.inactive_since <= at))


def known_users(connection: Connection) -> dict[str, KnownUser]:
    """Return the users that CRMs told of, by ``<crm>/<id>``."""
    return {
        f"{row['crm']}/{row['id']}": KnownUser(row["name"], row["email"], row["queue"], row["inactive_since"])
        for row in connection.execute(select(users)).mappings()
    }


def users_asked(connection: Connection, crm: Crm) -> datetime | None:
    """Return the frontier at which a CRM told of its users last."""
    asked = get_meta(connection, f"users:{crm}")
    return read_instant(asked)[0] if asked else None


def remember_users(connection: Connection, crm: Crm, told: Sequence[User], frontier: datetime) -> None:
    """Store the users of a CRM; one who is not told of any more is inactive from now on, as one who is so marked."""
    before = known_users(connection)
    present = {f"{crm}/{user.id}": user for user in told}
    found = []
    for key in sorted({*present, *(key for key in before if key.startswith(f"{crm}/"))}):
        user, old = present.get(key), before.get(key)
        active = user is not None and user.active
        since = None if active else (old.inactive_since if old is not None else None) or frontier
        said: User | KnownUser | None = user or old
        if said is not None:
            found.append({"crm": crm, "id": key.partition("/")[2], "name": said.name, "email": said.email,
                          "queue": said.queue, "inactive_since": since})  # fmt: skip
    upsert(connection, users, found)
    set_meta(connection, f"users:{crm}", instant_text(frontier))


def _owned(histories: Mapping[RecordRef, Sequence[rows.Observation]]) -> tuple[Owning, ...]:
    """Go through what was observed of one person's records, those that count most first, in order of time."""
    says: dict[RecordRef, str | None] = {}
    speaks: dict[RecordRef, bool] = {}
    converted: dict[RecordRef, bool] = {}
    spans: list[Owning] = []
    # A stable sort: what was observed of one record stays in its order.
    for seen in sorted((item for history in histories.values() for item in history), key=lambda item: item.at):
        field = OWNER_FIELDS[seen.ref.crm]
        if field in seen.changed:
            value = seen.changed[field]
            says[seen.ref] = f"{seen.ref.crm}/{value}" if isinstance(value, str | int) and value else None
        if "IsConverted" in seen.changed:
            converted[seen.ref] = seen.changed["IsConverted"] is True
        speaks[seen.ref] = not seen.deleted and not converted.get(seen.ref, False)
        owner = next((says.get(ref) for ref in histories if speaks.get(ref)), None)
        if spans and spans[-1].at == seen.at:
            spans.pop()
        if not spans or spans[-1].owner != owner:
            spans.append(Owning(seen.at, owner))
    return tuple(spans)
