"""``/crm/v3/objects/{type}``: list, read, create, change, archive, search and merge one record at a time."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from leadline.connectors.practice.hubspot.answers import bad_request, bad_values, not_found, page
from leadline.connectors.practice.hubspot.gate import Gate, body_of
from leadline.connectors.practice.hubspot.kinds import Kind
from leadline.connectors.practice.hubspot.merging import merge
from leadline.connectors.practice.hubspot.portal import Portal
from leadline.connectors.practice.hubspot.records import Row
from leadline.connectors.practice.hubspot.searching import read_query, run
from leadline.connectors.practice.hubspot.showing import shown, shown_entry
from leadline.connectors.practice.hubspot.validation import Validator
from leadline.connectors.practice.hubspot.writing import Writer, kind_or_404

_LARGEST_PAGE = 100
_LARGEST_WITH_HISTORY = 50


class Objects:
    """Handlers of records, one by one. ``gate`` knows the options, the faults and who is calling."""

    def __init__(self, portal: Portal, gate: Gate, validator: Validator) -> None:
        self.portal = portal
        self.gate = gate
        self.validator = validator

    async def list(self, request: Request) -> Response:
        """GET: a page in order of id."""
        kind = kind_of_request(request)
        asked = request.query_params
        history = names(asked.getlist("propertiesWithHistory"))
        limit = whole(asked.get("limit"), 10, _LARGEST_WITH_HISTORY if history else _LARGEST_PAGE)
        limit = min(limit, self.gate.options.page_size or limit)
        archived = asked.get("archived", "false").lower() == "true"
        walk = self.portal.table(kind).after(whole(asked.get("after"), 0, 10**15, least=0), archived=archived)
        rows = [row for row, _ in zip(walk, range(limit + 1), strict=False)]
        wanted, links = names(asked.getlist("properties")), kinds(asked.getlist("associations"))
        results = [shown(self.portal, kind, row, wanted, history=history, links=links) for row in rows[:limit]]
        return page(results, rows[limit].id if len(rows) > limit else None)

    async def get(self, request: Request) -> Response:
        """GET one record by id, by an id merged into it, or by a unique property (``idProperty``)."""
        kind = kind_of_request(request)
        asked = request.query_params
        archived = asked.get("archived", "false").lower() == "true"
        row = self._named(kind, request)
        if row is None or (row.archived is not None) != archived:
            raise not_found()
        wanted, history = names(asked.getlist("properties")), names(asked.getlist("propertiesWithHistory"))
        links = kinds(asked.getlist("associations"))
        return JSONResponse(shown(self.portal, kind, row, wanted, history=history, links=links))

    async def create(self, request: Request) -> Response:
        """POST: a new record, with associations."""
        kind, given = kind_of_request(request), await object_of(request)
        writer = self.writer(request)
        values = self.validator.texts(given.get("properties", {}))
        writer.checked(kind, [values], new=True)
        writer.targets(kind, given.get("associations"))
        row = writer.create(kind, values)
        writer.associate(kind, row, given.get("associations"))
        return JSONResponse(shown(self.portal, kind, row, tuple(values)), 201)

    async def update(self, request: Request) -> Response:
        """PATCH one record."""
        kind, given = kind_of_request(request), await object_of(request)
        row = self._named(kind, request)
        values = self.validator.texts(given.get("properties"))
        problems = self.validator.problems(kind, values)
        if problems:
            raise bad_values(problems, self.portal.id)
        if row is None or row.archived is not None:
            raise not_found()
        self.writer(request).update(kind, row, values)
        return JSONResponse(shown(self.portal, kind, row, tuple(values)))

    async def archive(self, request: Request) -> Response:
        """DELETE: into the recycle bin; an id that is not there is no error, as in HubSpot."""
        kind = kind_of_request(request)
        row = self.portal.tables[kind.singular].live(request.path_params["id"])
        if row is not None:
            self.portal.archive(kind, row)
        return Response(status_code=204)

    async def search(self, request: Request) -> Response:
        """POST search."""
        kind = kind_of_request(request)
        catalog, table = self.portal.catalogs[kind.singular], self.portal.table(kind)
        query = read_query(kind, catalog, await body_of(request), self.gate.options.page_size)
        total, found = run(table, catalog, query)
        results = [shown_entry(self.portal, kind, entry, query.properties) for entry in found]
        stop = query.after + len(results)
        return page(results, str(stop) if stop < total else None, total=total)

    async def merge(self, request: Request) -> Response:
        """POST merge: two records of one type become one."""
        kind, given = kind_of_request(request), await object_of(request)
        table = self.portal.tables[kind.singular]
        primary = table.live(str(given.get("primaryObjectId", "")))
        other = table.live(str(given.get("objectIdToMerge", "")))
        if primary is None or other is None:
            raise not_found()
        if primary.id == other.id:
            raise bad_request("A record cannot be merged with itself.")
        new_id = self.gate.options.merge_new_id
        return JSONResponse(shown(self.portal, kind, merge(self.portal, kind, primary, other, new_id=new_id)))

    async def erase(self, request: Request) -> Response:
        """POST gdpr-delete: a contact is gone for good, with its history; no list shows it again."""
        kind, given = kind_of_request(request), await object_of(request)
        table = self.portal.tables[kind.singular]
        by = str(given.get("idProperty") or "")
        check_id_property(kind, table.unique, by)
        row = table.find(str(given.get("objectId") or ""), by=by)
        if row is not None:
            self.portal.links.leave((kind.singular, row.id))
            table.erase(row, self.portal.now() + self.portal.search_lag)
        return Response(status_code=204)

    def writer(self, request: Request) -> Writer:
        """Return what makes this request's writes."""
        endpoint = self.gate.endpoint_of(request.scope)
        harness = self.gate.harness
        source = self.gate.source(request)
        return Writer(self.portal, self.validator, harness.faults, endpoint, source, harness.created)

    def _named(self, kind: Kind, request: Request) -> Row | None:
        table = self.portal.tables[kind.singular]
        by = request.query_params.get("idProperty", "")
        check_id_property(kind, table.unique, by)
        return table.find(request.path_params["id"], by=by)


def kind_of_request(request: Request) -> Kind:
    """Return the object type in a request's path."""
    return kind_or_404(request.path_params["object_type"])


def check_id_property(kind: Kind, unique: Iterable[str], by: str) -> None:
    """Refuse to find records by a property that is not unique."""
    if by and by != "hs_object_id" and by not in unique:
        raise bad_request(f"Unable to perform update/upsert by non-unique {kind.type_id} property: {by}")


async def object_of(request: Request) -> dict[str, object]:
    """Return the request's JSON object."""
    given = await body_of(request)
    if not isinstance(given, dict):
        raise bad_request("Invalid input JSON on line 1, column 1: an object is wanted")
    return given


def names(given: Iterable[str]) -> tuple[str, ...]:
    """Read a parameter that may be repeated and may hold several names with commas."""
    return tuple(dict.fromkeys(name for text in given for name in text.split(",") if name))


def kinds(given: Iterable[str]) -> tuple[Kind, ...]:
    """Read the object types of an ``associations`` parameter."""
    return tuple(kind_or_404(name) for name in names(given))


def whole(text: str | None, otherwise: int, most: int, *, least: int = 1) -> int:
    """Read a whole number of a query parameter. Raises ApiError 400."""
    if text is None:
        return otherwise
    if not text.isdecimal() or not least <= int(text) <= most:
        raise bad_request(f"Invalid number: must be a whole number from {least} to {most}")
    return int(text)
