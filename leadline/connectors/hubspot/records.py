"""Pulling contacts, companies and deals in order of (stamp, id), with links, merges, deletes and history.

Calls for n rows: about n / 199 searches, ceil(n / 1,000) for each link, ceil(n / 50) with history; an incremental
pull also lists archived rows (see ``archived``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Final

from leadline.common.chunking import chunks
from leadline.common.errors import ContractError
from leadline.common.values import FieldChange, RecordRef, SourceRecord
from leadline.connectors.contract import scalar
from leadline.connectors.hubspot.answers import CRM
from leadline.connectors.hubspot.archived import archived_rows
from leadline.connectors.hubspot.associations import RECORDS_A_CALL, read_associations
from leadline.connectors.hubspot.client import HubSpotClient, Row
from leadline.connectors.hubspot.history import read_history
from leadline.connectors.hubspot.names import Kind, kind_of
from leadline.connectors.hubspot.owners import Owners
from leadline.connectors.hubspot.searching import Window, rows_of, search_pages, window_of
from leadline.connectors.instants import maybe_instant, read_instant
from leadline.connectors.paging import weave
from leadline.connectors.protocol import RecordRequest

_MERGED: Final = ("hs_merged_object_ids", "hs_calculated_merged_vids")
"""Ids that went into this record (chained merges: all of them), and for contacts when, as ``id:milliseconds``."""


class RecordPuller:
    """Pulls records with one client."""

    def __init__(self, client: HubSpotClient, owners: Owners) -> None:
        self._client = client
        self._owners = owners

    def pages(self, request: RecordRequest) -> Iterator[tuple[SourceRecord, ...]]:
        """Yield pages in order. A merged-away record follows its survivor's stamp; ids are ordered as numbers."""
        kind = kind_of(request.object)
        window = window_of(request.until, request.since, request.look_back)
        wanted = (*request.fields, kind.created, *_MERGED)
        pages = self._standing(request, kind, window, search_pages(self._client, kind, wanted, window))
        if request.since is None or request.quick:
            yield from pages
            return
        gone = [
            _gone(request.object, str(row["id"]), read_instant(row.get("archivedAt"), CRM), _created(kind, row))
            for _, row in archived_rows(self._client, kind, window)
        ]
        yield from weave(pages, gone, key=_order, size=RECORDS_A_CALL)

    def reread(self, request: RecordRequest, ids: Sequence[str]) -> Iterator[tuple[SourceRecord, ...]]:
        """Yield what stands of these ids. Calls: ceil(n / 100), and those of links and history."""
        kind = kind_of(request.object)
        window = window_of(request.until, request.since, request.look_back)
        wanted = (*request.fields, kind.created, *_MERGED)
        yield from self._standing(request, kind, window, rows_of(self._client, kind, wanted, ids, window))

    def _standing(
        self, request: RecordRequest, kind: Kind, window: Window, rows: Iterator[list[Row]]
    ) -> Iterator[tuple[SourceRecord, ...]]:
        # Pages are put together, so that associations are read in full batches.
        together = chunks(chain.from_iterable(rows), RECORDS_A_CALL)
        for group in together if request.links or request.history else rows:
            ids = [str(row["id"]) for row in group]
            links = {name: read_associations(self._client, request.object, name, ids) for name in request.links}
            history = read_history(self._client, self._owners, kind, ids, request.history) if request.history else {}
            found = [_record(request, kind, row, links, history) for row in group]
            found += [lost for row in group for lost in _merged_away(request.object, kind, row, window)]
            yield tuple(sorted(found, key=_order))


def _record(
    request: RecordRequest,
    kind: Kind,
    row: Row,
    links: Mapping[str, Mapping[str, tuple[RecordRef, ...]]],
    history: Mapping[str, tuple[FieldChange, ...]],
) -> SourceRecord:
    ident, values = str(row["id"]), row.get("properties") or {}
    past = history.get(ident, ())
    return SourceRecord(
        ref=RecordRef("hubspot", request.object, ident),
        stamp=read_instant(values.get(kind.stamp) or row.get("updatedAt"), CRM),
        created=_created(kind, row),
        fields={name: scalar(values.get(name)) for name in request.fields},
        links={name: found[ident] for name, found in links.items() if ident in found},
        author=past[-1].author if past else "",
        history=past,
    )


def _created(kind: Kind, row: Row) -> datetime | None:
    values = row.get("properties") or {}
    return maybe_instant(values.get(kind.created)) or maybe_instant(row.get("createdAt"))


def _merged_away(name: str, kind: Kind, row: Row, window: Window) -> Iterator[SourceRecord]:
    """Yield the records that were merged into this one; again only while their merge lies in the window."""
    values = row.get("properties") or {}
    times = dict(part.split(":", 1) for part in _listed(values.get("hs_calculated_merged_vids")) if ":" in part)
    stamp = read_instant(values.get(kind.stamp) or row.get("updatedAt"), CRM)
    for ident in _listed(values.get("hs_merged_object_ids")):
        at = times.get(ident, "")
        if not ident.isdecimal():
            raise ContractError("HubSpot tells of a merged record by what is no id")
        if window.low is not None and at.isdigit() and int(at) < window.low:
            continue
        yield _gone(name, ident, stamp, None, merged_into=str(row["id"]))


def _gone(
    name: str, ident: str, stamp: datetime, created: datetime | None, merged_into: str | None = None
) -> SourceRecord:
    ref = RecordRef("hubspot", name, ident)
    return SourceRecord(ref, stamp, created, {}, deleted=True, merged_into=merged_into)


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(part.strip() for part in str(value).split(";") if part.strip()) if value else ()


def _order(record: SourceRecord) -> tuple[datetime, int]:
    return (record.stamp, int(record.ref.id))
