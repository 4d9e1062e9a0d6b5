"""Pulling the rows of one object in order of (SystemModstamp, Id), deletes, merges, conversions and roles included.

Calls: max(1, ceil(n / 2,000)); above some 6,000 rows those of a bulk job (see ``bulk``). An incremental pull of
opportunities with contact roles makes one more, because a changed role does not touch its opportunity, and one for
each 400 opportunities whose roles changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from leadline.common.chunking import chunks
from leadline.common.values import FieldChange, RecordRef, SourceRecord
from leadline.connectors.contract import scalar
from leadline.connectors.instants import maybe_instant, read_instant
from leadline.connectors.paging import weave
from leadline.connectors.protocol import ActivityRequest, RecordRequest
from leadline.connectors.record_ids import full_id
from leadline.connectors.salesforce import soql
from leadline.connectors.salesforce.answers import CRM, LocatorExpiredError
from leadline.connectors.salesforce.bulk import WORTH, BulkReader
from leadline.connectors.salesforce.client import Row, SalesforceClient
from leadline.connectors.salesforce.describing import Descriptions
from leadline.connectors.salesforce.history import read_history
from leadline.connectors.salesforce.jobs import JobUnusableError

LINKS: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    # object -> (name of the link, the field that holds it, the object it leads to)
    "Lead": (
        ("contact", "ConvertedContactId", "Contact"),
        ("account", "ConvertedAccountId", "Account"),
        ("deal", "ConvertedOpportunityId", "Opportunity"),
    ),
    "Contact": (("account", "AccountId", "Account"),),
    "Opportunity": (("account", "AccountId", "Account"),),
}

_ROLES: Final = "OpportunityContactRoles"
_ROLES_QUERY: Final = "(SELECT ContactId, IsPrimary, IsDeleted FROM OpportunityContactRoles)"
_IDS_A_CALL: Final = 400
"""Ids in one WHERE: a GET address holds 16,384 bytes, an id takes some 27 of them when escaped."""


class RecordPuller:
    """Pulls records with one client."""

    def __init__(self, client: SalesforceClient, described: Descriptions, bulk: BulkReader) -> None:
        self._client = client
        self._described = described
        self._bulk = bulk

    def pages(self, request: RecordRequest) -> Iterator[tuple[SourceRecord, ...]]:
        """Yield pages in order; the fields asked for must be visible, what else is read is only if it is."""
        window = window_of(request)
        history = read_history(self._client, request.object, request.history, window) if request.history else {}
        rows = self._rows(request, window, history)
        if not self._with_roles(request) or window.after is None or request.quick:
            yield from rows
            return
        touched = self._touched_by_roles(window)
        extras = list(self._refetched(request, touched, history))
        yield from weave(rows, extras, key=_order, size=2000)

    def reread(self, request: RecordRequest, ids: Sequence[str]) -> Iterator[tuple[SourceRecord, ...]]:
        """Yield what is known of these ids. Calls: ceil(n / 400)."""
        window = window_of(request)
        history = read_history(self._client, request.object, request.history, window) if request.history else {}
        until = f"SystemModstamp <= {soql.instant(request.until)}"
        yield from self._of_ids(request, ids, history, (until,))

    def _rows(
        self, request: RecordRequest, window: soql.Window, history: Mapping[str, Sequence[FieldChange]]
    ) -> Iterator[tuple[SourceRecord, ...]]:
        for rows in pages_of(self._client, self._fields(request), request.object, window, bulk=self._bulk):
            yield tuple(_record(request, row, history) for row in rows)

    def _fields(self, request: RecordRequest) -> tuple[str, ...]:
        visible = self._described.visible(request.object)
        system = ("Id", "SystemModstamp", "CreatedDate", "IsDeleted", "MasterRecordId")
        links = tuple(field for _, field, _ in LINKS.get(request.object, ()))
        own = tuple(name for name in (*system, *links) if name in visible)
        author = ("LastModifiedBy.Username",) if "LastModifiedById" in visible else ()
        roles = (_ROLES_QUERY,) if self._with_roles(request) else ()
        return (*own, *author, *request.fields, *roles)

    def _with_roles(self, request: RecordRequest) -> bool:
        return request.object == "Opportunity" and "contact" in request.links

    def _touched_by_roles(self, window: soql.Window) -> dict[str, datetime]:
        fields = ("Id", "OpportunityId", "SystemModstamp")
        touched: dict[str, datetime] = {}
        for rows in pages_of(self._client, fields, "OpportunityContactRole", replace(window, beyond="")):
            for row in rows:
                touched[full_id(str(row["OpportunityId"]))] = read_instant(row["SystemModstamp"], CRM)
        return touched

    def _refetched(
        self, request: RecordRequest, touched: Mapping[str, datetime], history: Mapping[str, Sequence[FieldChange]]
    ) -> Iterator[SourceRecord]:
        """Yield opportunities as their roles are now, stamped with the change of the role."""
        for page in self._of_ids(request, tuple(touched), history):
            for record in page:
                yield replace(record, stamp=max(record.stamp, touched[record.ref.id]))

    def _of_ids(
        self,
        request: RecordRequest,
        ids: Sequence[str],
        history: Mapping[str, Sequence[FieldChange]],
        where: Sequence[str] = (),
    ) -> Iterator[tuple[SourceRecord, ...]]:
        for group in chunks(tuple(dict.fromkeys(ids)), _IDS_A_CALL):
            conditions = [f"Id IN {soql.any_of(group)}", *where]
            query = soql.select(self._fields(request), request.object, conditions, ["SystemModstamp", "Id"])
            for rows in self._client.query(query):
                yield tuple(_record(request, row, history) for row in rows)


def ids_of(client: SalesforceClient, name: str, after: str = "") -> Iterator[tuple[str, ...]]:
    """Yield pages of the ids that stand, ascending, behind ``after``. Calls: max(1, ceil(n / 2,000))."""
    while True:
        where = [f"Id > {soql.quoted(after)}"] if after else []
        try:
            for rows in client.query(soql.select(("Id",), name, where, ("Id",)), include_deleted=False):
                page = tuple(full_id(str(row["Id"])) for row in rows)
                yield page
                after = page[-1]
            return
        except LocatorExpiredError:
            continue


def window_of(request: RecordRequest | ActivityRequest) -> soql.Window:
    """Return the window of a record or activity request: look-back from the cursor, or right behind its row."""
    if request.since is None:
        return soql.Window(request.until)
    if request.look_back > timedelta(0):
        return soql.Window(request.until, request.since.stamp - request.look_back)
    return soql.Window(request.until, request.since.stamp, request.since.id)


def pages_of(
    client: SalesforceClient,
    fields: Sequence[str],
    source: str,
    window: soql.Window,
    where: Sequence[str] = (),
    bulk: BulkReader | None = None,
) -> Iterator[Sequence[Row]]:
    """Yield rows in order of (SystemModstamp, Id); goes on behind the last row when a next page has expired.

    With ``bulk`` very many rows are read by a bulk job: from the first one on where the object is that large, from
    the second page on where only the first page told. What a job cannot finish, queries do.
    """
    order = ("SystemModstamp", "Id")
    jobs = None if any(name.startswith("(") for name in fields) else bulk  # bulk queries know no sub-queries
    whole = window.after is None and not where and jobs is not None and jobs.worth(source)
    while True:
        query = soql.select(fields, source, [*where, *window.conditions()], order)
        left: list[int] = []
        try:
            for rows in jobs.pages(query, source) if whole and jobs else client.query(query, told=left.append):
                yield rows
                last = rows[-1]
                window = soql.Window(window.until, read_instant(last["SystemModstamp"], CRM), str(last["Id"]))
                if jobs is not None and left and left.pop() - len(rows) > WORTH:
                    whole = True
                    break
            else:
                return
        except LocatorExpiredError:
            continue
        except JobUnusableError:
            whole, jobs = False, None


def _record(request: RecordRequest, row: Row, history: Mapping[str, Sequence[FieldChange]]) -> SourceRecord:
    ident = full_id(str(row["Id"]))
    merged = row.get("MasterRecordId")
    editor = row.get("LastModifiedBy")
    return SourceRecord(
        ref=RecordRef("salesforce", request.object, ident),
        stamp=read_instant(row["SystemModstamp"], CRM),
        created=maybe_instant(row.get("CreatedDate")),
        fields={name: value_of(row, name) for name in request.fields},
        links=_links(request, row),
        author=str(editor.get("Username") or "") if isinstance(editor, Mapping) else "",
        deleted=bool(row.get("IsDeleted")),
        merged_into=full_id(str(merged)) if merged else None,
        history=tuple(history.get(ident, ())),
    )


def value_of(row: Row, path: str) -> Any:
    """Return a field's scalar value; ``path`` may lead over relationships (``Campaign.Type``)."""
    value: Any = row
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return scalar(value)


def _links(request: RecordRequest, row: Row) -> dict[str, tuple[RecordRef, ...]]:
    found: dict[str, tuple[RecordRef, ...]] = {
        link: (RecordRef("salesforce", target, full_id(str(row[field]))),)
        for link, field, target in LINKS.get(request.object, ())
        if row.get(field)
    }
    roles = row.get(_ROLES)
    if isinstance(roles, Mapping):
        standing = [
            role for role in roles.get("records") or () if not role.get("IsDeleted") and role.get("ContactId")
        ]
        standing.sort(key=lambda role: (not role.get("IsPrimary"), str(role["ContactId"])))
        contacts = dict.fromkeys(full_id(str(role["ContactId"])) for role in standing)
        if contacts:
            found["contact"] = tuple(RecordRef("salesforce", "Contact", ident) for ident in contacts)
    return found


def _order(record: SourceRecord) -> tuple[datetime, str]:
    return (record.stamp, record.ref.id)
