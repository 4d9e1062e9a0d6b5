"""Noticing who keeps setting a field back: the vendors' own HubSpot-Salesforce connector (facts.md, hazard 21)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from leadline.common.values import Crm, RecordRef
from leadline.rules.model import Book
from leadline.sync.plan.standing import by_human
from leadline.sync.store.conflicts import Conflict, any_conflicts, conflicts_since

SOON: Final = timedelta(minutes=15)
"""The vendors' connector syncs within minutes; what comes back later has another reason."""

AGAIN: Final = 2
"""How often the same field of the same record comes back before it is called a fight."""

CONNECTOR: Final = "SALESFORCE"
"""The source that HubSpot names for what its own Salesforce connector writes."""


LOOKED_BACK: Final = timedelta(days=7)
"""How far back a pull looks for fights."""


@dataclass(frozen=True, slots=True)
class Fight:
    """A field that goes back to what the other CRM has, within minutes of our write, again and again."""

    crm: Crm
    field: str
    records: int
    times: int
    message: str


def fights(found: Iterable[Conflict], book: Book) -> tuple[Fight, ...]:
    """Return the fields that somebody keeps setting back; HubSpot names its own connector itself."""
    by_record: dict[tuple[Crm, str, RecordRef], list[Conflict]] = defaultdict(list)
    for one in found:
        named = one.ref.crm == "hubspot" and one.author == CONNECTOR
        person = one.ref.crm == "hubspot" and by_human(one, book.machines)
        if named or (one.mirrors and not person and one.at - one.written_at <= SOON):
            by_record[one.ref.crm, one.field, one.ref].append(one)
    by_field: dict[tuple[Crm, str], list[Conflict]] = defaultdict(list)
    for (crm, field, _), ones in by_record.items():
        if len(ones) >= AGAIN or any(one.author == CONNECTOR for one in ones):
            by_field[crm, field] += ones
    return tuple(_fight(crm, field, ones) for (crm, field), ones in sorted(by_field.items()))


def _fight(crm: Crm, field: str, ones: Sequence[Conflict]) -> Fight:
    records = len({one.ref for one in ones})
    other = "HubSpot" if crm == "salesforce" else "Salesforce"
    message = (
        f"{field} of {crm} goes back to {other}'s value within minutes of our write, {len(ones)} times on "
        f"{records} record{'s' * (records != 1)}. So works the vendors' HubSpot-Salesforce connector: take the field "
        f"out of its mappings, or let it have the field with `on_conflict: {{{field}: report only}}`"
    )
    return Fight(crm, field, records, len(ones), message)


def fight_warnings(connection: Connection, book: Book, now: datetime) -> list[str]:
    """Return a sentence for each field that somebody fights about now."""
    if not any_conflicts(connection):
        return []
    return [fight.message for fight in fights(conflicts_since(connection, now - LOOKED_BACK), book)]
