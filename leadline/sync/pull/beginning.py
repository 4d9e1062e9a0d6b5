"""Before the first row is read: every CRM's upper bound, what it shows to us, and whether the book can be met."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from leadline.common.errors import BookError, OutsideError, RefusedError, UsageError
from leadline.common.marks import Mark
from leadline.common.values import CRMS, Crm, ObjectDescription
from leadline.connectors.protocol import ReadConnector
from leadline.rules.check import check_against
from leadline.rules.model import Book, FieldSource
from leadline.sync.needs import objects_needed, rule_fields
from leadline.sync.store import Store
from leadline.sync.store.cycles import get_meta, set_meta


@dataclass(slots=True)
class Beginning:
    """The CRMs that answered: their bounds (UTC) and descriptions. ``errors`` are the others."""

    upper: dict[Crm, datetime] = field(default_factory=dict)
    described: dict[Crm, Mapping[str, ObjectDescription]] = field(default_factory=dict)
    errors: dict[Crm, OutsideError] = field(default_factory=dict)


def begin(
    store: Store,
    connectors: Mapping[Crm, ReadConnector],
    book: Book,
    known: Mapping[Crm, Mapping[str, ObjectDescription]],
) -> Beginning:
    """Freeze every CRM's upper bound, describe it, and check the book against it.

    ``known`` are descriptions that a pull has just been given: these CRMs are not asked for theirs again.
    Raises the first CRM's error when none answers, RefusedError when one is not the organisation this state belongs
    to, BookError when the book names a field that no CRM has ever shown. Only the pin to an organisation is stored.
    """
    if not connectors:
        raise UsageError("no CRM is configured; add a `salesforce:` or `hubspot:` block to leadline.yml")
    begun = Beginning()
    for crm in (name for name in CRMS if name in connectors):
        connector = connectors[crm]
        try:
            organisation = connector.organisation()
            upper = connector.server_time()
            described = known[crm] if crm in known else connector.describe(objects_needed(book, crm))
        except OutsideError as error:
            begun.errors[crm] = error
            continue
        begun.upper[crm], begun.described[crm] = upper, described
        with store.write() as connection:
            _pin(connection, crm, organisation)
    if not begun.upper:
        raise next(iter(begun.errors.values()))
    _require_fields(store, book, begun)
    return begun


def remember_shown(connection: Connection, book: Book, crm: Crm, described: Mapping[str, ObjectDescription]) -> None:
    """Remember which rule fields this CRM has ever shown: losing one later is no mistake of the book."""
    shown = {
        f"{name}.{item}"
        for name, shown_object in described.items()
        for item in rule_fields(book, crm, name)
        if item in shown_object.fields
    }
    known = _shown(connection, crm)
    if not shown <= known:
        set_meta(connection, f"shown:{crm}", json.dumps(sorted(shown | known)))


def _shown(connection: Connection, crm: Crm) -> set[str]:
    return set(json.loads(get_meta(connection, f"shown:{crm}") or "[]"))


def _pin(connection: Connection, crm: Crm, organisation: str) -> None:
    known = get_meta(connection, f"organisation:{crm}")
    if known is None:
        set_meta(connection, f"organisation:{crm}", organisation)
    elif known != organisation:
        raise RefusedError(
            f"this state belongs to {crm} organisation {known}, the configuration reaches {organisation}; "
            "correct the address or use another state"
        )


def _require_fields(store: Store, book: Book, begun: Beginning) -> None:
    with store.read() as connection:
        shown = {crm: _shown(connection, crm) for crm in begun.described}
    places: set[Mark] = set()
    for item in book.sourced:
        if any(source.crm in begun.errors for source in item.sources):
            continue  # a CRM that is down may have it
        if not any(_has(begun, shown, source) for source in item.sources):
            places |= {source.mark for source in item.sources}
    problems = check_against(book, begun.described)
    missing = [found for found in problems if Mark(found.file, found.line, found.column) in places]
    if missing:
        raise BookError(missing)


def _has(begun: Beginning, shown: Mapping[Crm, set[str]], source: FieldSource) -> bool:
    if str(source) in shown.get(source.crm, ()):
        return True
    described = begun.described.get(source.crm, {}).get(source.object)
    return described is not None and source.field in described.fields
