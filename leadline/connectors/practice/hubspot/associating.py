"""``/crm/v4`` associations: read, made and taken away, singly and in batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from leadline.connectors.practice.hubspot.answers import bad_request, batch_answer, missing_rows, not_found, page
from leadline.connectors.practice.hubspot.batches import inputs_of
from leadline.connectors.practice.hubspot.gate import body_of
from leadline.connectors.practice.hubspot.kinds import PLAIN_TYPES, PRIMARY_TYPES, Kind
from leadline.connectors.practice.hubspot.links import spec
from leadline.connectors.practice.hubspot.objects import object_of, whole
from leadline.connectors.practice.hubspot.portal import Portal
from leadline.connectors.practice.hubspot.writing import kind_or_404

MOST_READ: Final = 1_000
MOST_WRITTEN: Final = 2_000
_LARGEST_PAGE: Final = 500
_NONE: Final = "NO_ASSOCIATIONS_FOUND"


class Associating:
    """Handlers of associations."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    async def of_one(self, request: Request) -> Response:
        """GET what one record is associated with."""
        source, to = _kind(request, "object_type"), _kind(request, "to_type")
        row = self.portal.tables[source.singular].live(request.path_params["id"])
        if row is None:
            raise not_found()
        asked = request.query_params
        limit, start = whole(asked.get("limit"), 500, _LARGEST_PAGE), whole(asked.get("after"), 0, 10**15, least=0)
        listed = self._listed(source, row.id, to)
        stop = start + limit
        return page(listed[start:stop], str(stop) if stop < len(listed) else None)

    async def read(self, request: Request) -> Response:
        """POST batch/read of up to 1,000 records; those without an association are named in a 207, as in HubSpot."""
        source, to = _kind(request, "from_type"), _kind(request, "to_type")
        results, without = [], []
        for one in inputs_of(await object_of(request), MOST_READ):
            row = self.portal.tables[source.singular].live(str(one.get("id") or ""))
            listed = [] if row is None else self._listed(source, row.id, to)
            if row is not None and listed:
                results.append({"from": {"id": row.id}, "to": listed})
            else:
                without.append(str(one.get("id") or ""))
        return batch_answer(results, [_nothing(source, to, one) for one in without], self.portal.now())

    async def create(self, request: Request) -> Response:
        """POST batch/create with types."""
        source, to = _kind(request, "from_type"), _kind(request, "to_type")
        results, errors = [], []
        for one in inputs_of(await object_of(request), MOST_WRITTEN):
            pair = self._pair(source, to, one.get("from"), one.get("to"))
            if isinstance(pair, dict):
                errors.append(pair)
                continue
            primary = _primary(source, to, one.get("types"))
            self.portal.join(*pair, primary=primary)
            results.append(_joined(source, to, pair, primary=primary))
        return batch_answer(results, errors, self.portal.now(), 201)

    async def create_default(self, request: Request) -> Response:
        """POST batch/associate/default: the unlabelled type."""
        source, to = _kind(request, "from_type"), _kind(request, "to_type")
        results, errors = [], []
        for one in inputs_of(await object_of(request), MOST_WRITTEN):
            pair = self._pair(source, to, one.get("from"), one.get("to"))
            if isinstance(pair, dict):
                errors.append(pair)
                continue
            self.portal.join(*pair)
            results += _both_ways(pair)
        return batch_answer(results, errors, self.portal.now())

    async def archive(self, request: Request) -> Response:
        """POST batch/archive: every association of each pair."""
        source, to = _kind(request, "from_type"), _kind(request, "to_type")
        for one in inputs_of(await object_of(request), MOST_WRITTEN):
            others = one.get("to")
            if not isinstance(others, list):
                raise bad_request("Invalid input JSON: to must be a list of objects")
            for other in others:
                pair = self._pair(source, to, one.get("from"), other)
                if not isinstance(pair, dict):
                    self.portal.part(*pair)
        return Response(status_code=204)

    async def put(self, request: Request) -> Response:
        """PUT one labelled association."""
        source, to = _kind(request, "object_type"), _kind(request, "to_type")
        pair = self._path_pair(request, source, to)
        primary = _primary(source, to, await body_of(request))
        self.portal.join(*pair, primary=primary)
        return JSONResponse(_joined(source, to, pair, primary=primary), 201)

    async def put_default(self, request: Request) -> Response:
        """PUT one unlabelled association."""
        source, to = _kind(request, "object_type"), _kind(request, "to_type")
        pair = self._path_pair(request, source, to)
        self.portal.join(*pair)
        return batch_answer(_both_ways(pair), [], self.portal.now())

    async def delete(self, request: Request) -> Response:
        """DELETE every association of two records."""
        source, to = _kind(request, "object_type"), _kind(request, "to_type")
        self.portal.part(*self._path_pair(request, source, to))
        return Response(status_code=204)

    def _listed(self, source: Kind, row_id: str, to: Kind) -> list[dict[str, Any]]:
        held = self.portal.links.of((source.singular, row_id), to.singular)
        return [{"toObjectId": other, "associationTypes": [spec(n) for n in sorted(held[other])]} for other in held]

    def _path_pair(self, request: Request, source: Kind, to: Kind) -> tuple[tuple[str, str], tuple[str, str]]:
        here, there = {"id": request.path_params["id"]}, {"id": request.path_params["to_id"]}
        pair = self._pair(source, to, here, there)
        if isinstance(pair, dict):
            raise not_found()
        return pair

    def _pair(
        self, source: Kind, to: Kind, here: object, there: object
    ) -> tuple[tuple[str, str], tuple[str, str]] | dict[str, Any]:
        """Return both ends of an association, or the error of an end that is not there."""
        ends = []
        for kind, given in ((source, here), (to, there)):
            row_id = str(given.get("id") or "") if isinstance(given, Mapping) else ""
            row = self.portal.tables[kind.singular].live(row_id)
            if row is None:
                return missing_rows(kind.singular, [row_id])
            ends.append((kind.singular, row.id))
        if (source.singular, to.singular) not in PLAIN_TYPES:
            raise bad_request(f"{source.singular} and {to.singular} cannot be associated.")
        return ends[0], ends[1]


def _kind(request: Request, parameter: str) -> Kind:
    return kind_or_404(request.path_params[parameter])


def _primary(source: Kind, to: Kind, types: object) -> bool:
    """Tell whether the types ask for the primary association. Raises ApiError 400 for an unknown type."""
    if not isinstance(types, list) or not types:
        raise bad_request("At least one association type is needed.")
    pair = (source.singular, to.singular)
    numbers = [one.get("associationTypeId") if isinstance(one, Mapping) else None for one in types]
    known = {PLAIN_TYPES.get(pair), PRIMARY_TYPES.get(pair)} - {None}
    if not all(isinstance(number, int) and number in known for number in numbers):
        raise bad_request(f"Invalid association type for {source.singular} to {to.singular}.")
    return PRIMARY_TYPES.get(pair) in numbers


def _joined(
    source: Kind, to: Kind, pair: tuple[tuple[str, str], tuple[str, str]], *, primary: bool
) -> dict[str, Any]:
    return {
        "fromObjectTypeId": source.type_id,
        "fromObjectId": pair[0][1],
        "toObjectTypeId": to.type_id,
        "toObjectId": pair[1][1],
        "labels": ["Primary"] if primary else [],
    }


def _both_ways(pair: tuple[tuple[str, str], tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "from": {"id": one[1]},
            "to": {"id": other[1]},
            "associationSpec": {
                "associationCategory": "HUBSPOT_DEFINED",
                "associationTypeId": PLAIN_TYPES[one[0], other[0]],
            },
        }
        for one, other in (pair, pair[::-1])
    ]


def _nothing(source: Kind, to: Kind, row_id: str) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": f"crm.associations.{_NONE}",
        "message": f"No {to.singular} is associated with {source.singular} {row_id}.",
        "context": {"fromObjectId": [row_id], "fromObjectType": [source.singular], "toObjectType": [to.singular]},
        "errors": [],
        "links": {},
    }
