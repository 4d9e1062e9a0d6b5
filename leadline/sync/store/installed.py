"""What ``leadline setup`` made in a CRM, so that it can go on after a crash and take back only what it made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Column, ColumnElement, Connection, Integer, Table, Text, delete, select, update

from leadline.common.values import Crm
from leadline.sync.store.base import metadata
from leadline.sync.store.batches import insert
from leadline.sync.store.types import Instant

installed: Final = Table(
    "installed",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("organisation", Text, primary_key=True),
    Column("part", Text, primary_key=True),  # as connectors.installing names it: field Lead.Fit_Score__c
    Column("place", Integer, nullable=False),  # in which order they were begun
    Column("remote_id", Text),  # NULL: begun, and what came of it is not known yet
    Column("at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Installed:
    """One part that was begun; ``remote_id`` None until the CRM said that it made it."""

    crm: Crm
    organisation: str
    part: str
    place: int
    remote_id: str | None
    at: datetime


def installed_parts(connection: Connection, crm: Crm, organisation: str) -> Sequence[Installed]:
    """Return what was begun and made, the latest first: the order in which to take it back."""
    mine = (installed.c.crm == crm) & (installed.c.organisation == organisation)
    rows = connection.execute(select(installed).where(mine).order_by(installed.c.place.desc())).mappings()
    return tuple(Installed(**row) for row in rows)


def begin_parts(connection: Connection, crm: Crm, organisation: str, parts: Sequence[str], at: datetime) -> None:
    """Write down that parts are about to be made; those that were begun before stay as they are."""
    known = {row.part: row.place for row in installed_parts(connection, crm, organisation)}
    fresh = [part for part in parts if part not in known]
    last = max(known.values(), default=0)
    rows = [
        {"crm": crm, "organisation": organisation, "part": part, "place": place, "remote_id": None, "at": at}
        for place, part in enumerate(fresh, last + 1)
    ]
    insert(connection, installed, rows)


def settle_part(connection: Connection, crm: Crm, organisation: str, part: str, remote_id: str) -> None:
    """Write down what a part became."""
    connection.execute(update(installed).where(_one(crm, organisation, part)).values(remote_id=remote_id))


def forget_part(connection: Connection, crm: Crm, organisation: str, part: str) -> None:
    """Forget a part that was taken back, or that was begun and never made."""
    connection.execute(delete(installed).where(_one(crm, organisation, part)))


def _one(crm: Crm, organisation: str, part: str) -> ColumnElement[bool]:
    return (installed.c.crm == crm) & (installed.c.organisation == organisation) & (installed.c.part == part)
