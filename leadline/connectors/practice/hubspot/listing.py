"""``/crm/v3/lists``: lists by name and id, and who is on them. Only MANUAL and SNAPSHOT lists take members."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from leadline.connectors.practice.hubspot.answers import ApiError, bad_request, not_found, page
from leadline.connectors.practice.hubspot.gate import body_of
from leadline.connectors.practice.hubspot.objects import whole
from leadline.connectors.practice.hubspot.portal import Portal, PortalList
from leadline.connectors.practice.hubspot.stamps import stamp_text

MOST_MEMBERS: Final = 100_000  # record ids of one request (docs: lists, "Add records to a list")
_LARGEST_PAGE: Final = 250


class Listing:
    """Handlers of lists. ``created`` counts the memberships that clients made, by list and record."""

    def __init__(self, portal: Portal, created: Counter[str]) -> None:
        self.portal = portal
        self.created = created

    async def by_name(self, request: Request) -> Response:
        """GET one list by its name and object type."""
        wanted = request.path_params["name"].lower()
        for one in self.portal.lists.values():
            if one.name.lower() == wanted and request.path_params["object_type"] == one.object_type:
                return JSONResponse({"list": self._shown(one)})
        raise not_found("List")

    async def get(self, request: Request) -> Response:
        """GET one list by id."""
        return JSONResponse({"list": self._shown(self._list(request))})

    async def members(self, request: Request) -> Response:
        """GET who is on a list, in order of id."""
        asked = request.query_params
        limit, start = whole(asked.get("limit"), 100, _LARGEST_PAGE), whole(asked.get("after"), 0, 10**15, least=0)
        ids = sorted((int(one) for one in self._list(request).members), key=int)
        found = [one for one in ids if one > start]
        joined = stamp_text(self.portal.now())
        results = [{"recordId": str(one), "membershipTimestamp": joined} for one in found[:limit]]
        return page(results, str(found[limit - 1]) if len(found) > limit else None)

    async def of_record(self, request: Request) -> Response:
        """GET the lists that a record is on."""
        row = self.portal.tables["contact"].live(request.path_params["id"])
        if row is None:
            raise not_found("Record")
        joined = stamp_text(self.portal.now())
        found = [one for one in self.portal.lists.values() if row.id in one.members]
        results = [
            {"listId": one.id, "listVersion": 1, "firstAddedTimestamp": joined, "lastAddedTimestamp": joined}
            for one in found
        ]
        return JSONResponse({"results": results, "total": len(results)})

    async def add(self, request: Request) -> Response:
        """PUT records onto a list: those that are on it already are left alone, unknown ones are named."""
        one, rows, missing = await self._asked(request)
        added = [row for row in rows if row not in one.members]
        one.members.update(added)
        self.created.update(f"list:{one.id}/{row}" for row in added)
        return JSONResponse({"recordsIdsAdded": added, "recordIdsRemoved": [], "recordIdsMissing": missing})

    async def remove(self, request: Request) -> Response:
        """PUT records off a list."""
        one, rows, missing = await self._asked(request)
        removed = [row for row in rows if row in one.members]
        one.members.difference_update(removed)
        return JSONResponse({"recordsIdsAdded": [], "recordIdsRemoved": removed, "recordIdsMissing": missing})

    async def _asked(self, request: Request) -> tuple[PortalList, list[str], list[str]]:
        one, given = self._list(request), await body_of(request)
        if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
            raise bad_request("Invalid input JSON on line 1, column 1: a list of record ids is wanted")
        if len(given) > MOST_MEMBERS:
            raise bad_request(f"The maximum number of records in one request is {MOST_MEMBERS}")
        if one.processing == "DYNAMIC":
            raise ApiError(
                400,
                "VALIDATION_ERROR",
                f"Manual membership changes are not allowed on lists of processing type {one.processing}.",
                subCategory="ListError.INVALID_PROCESSING_TYPE",
            )
        table = self.portal.tables["contact"]
        found = [row.id for ident in dict.fromkeys(given) if (row := table.live(ident)) is not None]
        return one, found, [ident for ident in dict.fromkeys(given) if table.live(ident) is None]

    def _list(self, request: Request) -> PortalList:
        one = self.portal.lists.get(request.path_params["id"])
        if one is None:
            raise not_found("List")
        return one

    def _shown(self, one: PortalList) -> dict[str, Any]:
        born = stamp_text(self.portal.now())
        return {
            "listId": one.id,
            "listVersion": 1,
            "name": one.name,
            "objectTypeId": one.object_type,
            "processingType": one.processing,
            "processingStatus": "COMPLETE",
            "createdAt": born,
            "updatedAt": born,
            "filtersUpdatedAt": born,
            "additionalProperties": {"hs_list_size": str(len(one.members))},
        }
