"""Records as answers show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from leadline.connectors.practice.hubspot.kinds import PRIMARY_TYPES, Kind
from leadline.connectors.practice.hubspot.links import v3_name
from leadline.connectors.practice.hubspot.portal import Portal
from leadline.connectors.practice.hubspot.records import Row, value_of
from leadline.connectors.practice.hubspot.searchindex import Entry
from leadline.connectors.practice.hubspot.stamps import stamp_text

_MOST_LINKS = 100


def shown(
    portal: Portal,
    kind: Kind,
    row: Row,
    names: Sequence[str] = (),
    *,
    history: Sequence[str] = (),
    links: Sequence[Kind] = (),
) -> dict[str, Any]:
    """Return a record with the named properties (else the default ones), their history and its associations.

    Unset properties are null, unknown names are left out without a word.
    """
    known = portal.catalogs[kind.singular].properties
    body: dict[str, Any] = {"id": row.id, "properties": _values(kind, row, names, known)}
    if history:
        body["propertiesWithHistory"] = {
            name: [change.plain() for change in row.changes(name)] for name in history if name in known
        }
    body |= {"createdAt": stamp_text(row.created), "updatedAt": stamp_text(row.updated)}
    body["archived"] = row.archived is not None
    if row.archived is not None:
        body["archivedAt"] = stamp_text(row.archived)
    if links:
        linked = {to.name: _linked(portal, kind, row, to) for to in links}
        body["associations"] = {name: results for name, results in linked.items() if results["results"]}
    return body


def shown_entry(portal: Portal, kind: Kind, entry: Entry, names: Sequence[str]) -> dict[str, Any]:
    """Return a record as search shows it: as its index last saw it."""
    return {
        "id": str(entry.id),
        "properties": _values(kind, entry, names, portal.catalogs[kind.singular].properties),
        "createdAt": stamp_text(entry.created),
        "updatedAt": stamp_text(entry.updated),
        "archived": False,
    }


def _values(kind: Kind, row: Row | Entry, names: Sequence[str], known: Iterable[str]) -> dict[str, str | None]:
    wanted = dict.fromkeys((*(names or kind.defaults), *kind.always))
    return {name: value_of(kind, row, name) for name in wanted if name in known}


def _linked(portal: Portal, kind: Kind, row: Row, to: Kind) -> dict[str, Any]:
    results = []
    for other, types in portal.links.of((kind.singular, row.id), to.singular).items():
        ordered = sorted(types, key=lambda number: number not in PRIMARY_TYPES.values())
        results += [{"id": other, "type": v3_name(kind.singular, to.singular, number)} for number in ordered]
    return {"results": results[:_MOST_LINKS]}
