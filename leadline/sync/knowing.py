"""What the state knows that matters to a rule book: how full its fields are, what the CRMs showed and did not supply.

All of it is as of the last pull; nothing is asked of a CRM.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.engine import make_url

from leadline.common.canonical import canonical_json
from leadline.common.errors import Problem
from leadline.common.values import CRMS, Crm, FieldDescription, ObjectDescription
from leadline.rules.check import check_against
from leadline.rules.check.filling import Filled, check_filling, check_supply
from leadline.rules.model import Book
from leadline.sync.needs import rule_fields
from leadline.sync.store import open_store
from leadline.sync.store.cycles import get_meta, set_meta
from leadline.sync.store.schema import records

SHOWN: Final = 5
"""Fields named in one warning."""


def problems_known(state_url: str, book: Book) -> list[Problem]:
    """Return what the state at ``state_url`` says of a book; nothing where there is no state yet.

    Raises what ``open_store`` raises.
    """
    url = make_url(state_url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        return []
    with open_store(state_url) as store, store.read() as connection:
        described = {crm: shown for crm in CRMS if (shown := described_before(connection, crm)) is not None}
        denied = {crm: frozenset(denied_before(connection, crm)) for crm in CRMS}
        filled = filling(connection, book)
    found = [*check_against(book, described), *check_supply(book, denied), *check_filling(book, filled)]
    return sorted(dict.fromkeys(found))


def remember_described(connection: Connection, crm: Crm, described: Mapping[str, ObjectDescription]) -> None:
    """Keep what a CRM shows to us; what was kept before is replaced."""
    text = canonical_json({name: list(shown.fields.values()) for name, shown in described.items()})
    if get_meta(connection, f"described:{crm}") != text:
        set_meta(connection, f"described:{crm}", text)


def shown_differently(
    connection: Connection, book: Book, crm: Crm, described: Mapping[str, ObjectDescription]
) -> list[str]:
    """Return what changed of what a CRM shows since the last pull: told once, at the pull that finds it."""
    before = described_before(connection, crm)
    if before is None or before == dict(described):
        return []
    said: list[str] = []
    for name in sorted(before.keys() & described.keys()):
        old, new = before[name].fields, described[name].fields
        read = set(rule_fields(book, crm, name))
        lost, gained = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
        lost = [f"{item} (the book reads it)" if item in read else item for item in lost]
        retyped = [
            f"{item} ({old[item].type} is {new[item].type})"
            for item in sorted(read & old.keys() & new.keys())
            if old[item].type != new[item].type
        ]
        said += [
            f"{crm}: {name} {verb} {_few(items)}"
            for verb, items in (("no longer shows", lost), ("now shows", gained), ("has another type of", retyped))
            if items
        ]
    return said


def _few(items: Sequence[str]) -> str:
    more = f" and {len(items) - SHOWN:,} more fields" if len(items) > SHOWN else ""
    return ", ".join(items[:SHOWN]) + more


def described_before(connection: Connection, crm: Crm) -> dict[str, ObjectDescription] | None:
    """Return what a CRM showed at the last pull; None when it was never pulled."""
    text = get_meta(connection, f"described:{crm}")
    if text is None:
        return None
    return {
        name: ObjectDescription(
            name, {item["name"]: FieldDescription(**{**item, "options": tuple(item["options"])}) for item in fields}
        )
        for name, fields in json.loads(text).items()
    }


def remember_denied(connection: Connection, crm: Crm, kinds: Iterable[str]) -> None:
    """Keep which kinds of activities a CRM would not give us at this pull."""
    text = json.dumps(sorted(kinds))
    if (get_meta(connection, f"denied:{crm}") or "[]") != text:
        set_meta(connection, f"denied:{crm}", text)


def denied_before(connection: Connection, crm: Crm) -> list[str]:
    """Return the kinds of activities that a CRM would not give us at the last pull."""
    return list(json.loads(get_meta(connection, f"denied:{crm}") or "[]"))


def filling(connection: Connection, book: Book) -> dict[str, Filled]:
    """Return, for each place that the book's fields live in, how many live records there are and how many are empty.

    Keys are as ``salesforce Lead.Email``. Converted leads do not count: their contact speaks.
    """
    wanted: dict[tuple[str, str], set[str]] = {}
    for source in (source for field in book.sourced for source in field.sources):
        wanted.setdefault((source.crm, source.object), set()).add(source.field)
    total: Counter[str] = Counter()
    empty: Counter[str] = Counter()
    for crm, name, given in _live(connection):
        for field in wanted.get((crm, name), ()):
            key = f"{crm} {name}.{field}"
            total[key] += 1
            empty[key] += given.get(field) in (None, "")
    return {key: Filled(total[key], empty[key]) for key in total}


def _live(connection: Connection) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    query = select(records.c.crm, records.c.object, records.c.fields).where(records.c.deleted.is_(False))
    for crm, name, given in connection.execute(query):
        if given.get("IsConverted") is not True:
            yield crm, name, given
