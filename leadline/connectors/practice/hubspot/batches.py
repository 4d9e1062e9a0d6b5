"""``/crm/v3/objects/{type}/batch/*``: up to 100 records a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from leadline.connectors.practice.hubspot.answers import bad_request, batch_answer, missing_rows
from leadline.connectors.practice.hubspot.kinds import Kind
from leadline.connectors.practice.hubspot.objects import Objects, check_id_property, kind_of_request, object_of
from leadline.connectors.practice.hubspot.records import Row
from leadline.connectors.practice.hubspot.showing import shown
from leadline.connectors.practice.hubspot.writing import Writer

MOST_INPUTS = 100
MOST_WITH_HISTORY = 50


class Batches:
    """Handlers of many records at once."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.portal = objects.portal
        self.validator = objects.validator

    async def read(self, request: Request) -> Response:
        """POST batch/read: those not found are named in a 207. A merged-away id is answered by its survivor."""
        kind, given = kind_of_request(request), await object_of(request)
        history = _texts(given.get("propertiesWithHistory"))
        inputs = inputs_of(given, MOST_WITH_HISTORY if history else MOST_INPUTS)
        archived = request.query_params.get("archived", "false").lower() == "true"
        by = str(given.get("idProperty") or "")
        table = self.portal.tables[kind.singular]
        check_id_property(kind, table.unique, by)
        found: dict[str, Row] = {}
        missing = []
        for one in inputs:
            row = table.find(_id(one), by=by)
            if row is None or (row.archived is not None) != archived:
                missing.append(_id(one))
            else:
                found[row.id] = row
        wanted = _texts(given.get("properties"))
        results = [shown(self.portal, kind, row, wanted, history=history) for row in found.values()]
        errors = [missing_rows(kind.singular, missing)] if missing else []
        return batch_answer(results, errors, self.portal.now())

    async def create(self, request: Request) -> Response:
        """POST batch/create: one bad value or one taken address refuses them all."""
        kind, given = kind_of_request(request), await object_of(request)
        writer = self.objects.writer(request)
        inputs = inputs_of(given, MOST_INPUTS)
        listed = [self.validator.texts(one.get("properties", {})) for one in inputs]
        writer.checked(kind, listed, new=True)
        self._none_taken(kind, listed)
        for one in inputs:
            writer.targets(kind, one.get("associations"))
        results, errors = [], []
        for one, values in zip(inputs, listed, strict=True):
            refusal = writer.refusal("new")
            if refusal is not None:
                errors.append(refusal)
                continue
            row = writer.create(kind, values)
            writer.associate(kind, row, one.get("associations"))
            results.append(shown(self.portal, kind, row, tuple(values)))
        return batch_answer(results, errors, self.portal.now(), 201)

    async def update(self, request: Request) -> Response:
        """POST batch/update: one bad value refuses all; ids that are not there are named in a 207."""
        kind, given = kind_of_request(request), await object_of(request)
        writer = self.objects.writer(request)
        inputs = inputs_of(given, MOST_INPUTS)
        listed = [self.validator.texts(one.get("properties")) for one in inputs]
        writer.checked(kind, listed)
        rows = [self._find(kind, one) for one in inputs]
        missing = [_id(one) for one, row in zip(inputs, rows, strict=True) if row is None]
        present = [(row, values) for row, values in zip(rows, listed, strict=True) if row is not None]
        _no_twins([row.id for row, _ in present])
        for row, values in present:
            taken = self.validator.taken(kind, values, row.id)
            if taken is not None:
                raise taken
        results, errors = self._written(kind, writer, present)
        return batch_answer(
            results, errors + ([missing_rows(kind.singular, missing)] if missing else []), self._now()
        )

    async def upsert(self, request: Request) -> Response:
        """POST batch/upsert: found by a unique property, or made."""
        kind, given = kind_of_request(request), await object_of(request)
        writer = self.objects.writer(request)
        inputs = inputs_of(given, MOST_INPUTS)
        listed = [self.validator.texts(one.get("properties")) for one in inputs]
        for one, values in zip(inputs, listed, strict=True):
            by = str(one.get("idProperty") or "")
            if by and by != "hs_object_id":
                values.setdefault(by, _id(one))
        writer.checked(kind, listed)
        _no_twins([_id(one) for one in inputs])
        results = []
        for one, values in zip(inputs, listed, strict=True):
            row = self._find(kind, one)
            new = row is None
            if row is None:
                row = writer.create(kind, values)
            else:
                writer.update(kind, row, values)
            results.append(shown(self.portal, kind, row, tuple(values)) | {"new": new})
        return batch_answer(results, [], self._now())

    async def archive(self, request: Request) -> Response:
        """POST batch/archive."""
        kind, given = kind_of_request(request), await object_of(request)
        for one in inputs_of(given, MOST_INPUTS):
            row = self.portal.tables[kind.singular].live(_id(one))
            if row is not None:
                self.portal.archive(kind, row)
        return Response(status_code=204)

    def _now(self) -> int:
        return self.portal.now()

    def _find(self, kind: Kind, one: Mapping[str, Any]) -> Row | None:
        table = self.portal.tables[kind.singular]
        by = str(one.get("idProperty") or "")
        check_id_property(kind, table.unique, by)
        return table.live(_id(one), by=by)

    def _written(
        self, kind: Kind, writer: Writer, present: Sequence[tuple[Row, Mapping[str, str]]]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        results, errors = [], []
        for row, values in present:
            refusal = writer.refusal(row.id)
            if refusal is not None:
                errors.append(refusal)
                continue
            writer.update(kind, row, values)
            results.append(shown(self.portal, kind, row, tuple(values)))
        return results, errors

    def _none_taken(self, kind: Kind, listed: Sequence[Mapping[str, str]]) -> None:
        for name in self.portal.tables[kind.singular].unique:
            _no_twins([values[name].lower() for values in listed if values.get(name)])
        for values in listed:
            taken = self.validator.taken(kind, values)
            if taken is not None:
                raise taken


def inputs_of(given: Mapping[str, Any], most: int) -> list[Mapping[str, Any]]:
    """Return the ``inputs`` of a batch. Raises ApiError 400 when there are none, or more than ``most``."""
    inputs = given.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(one, Mapping) for one in inputs):
        raise bad_request("Invalid input JSON on line 1, column 1: inputs must be a list of objects")
    if not inputs:
        raise bad_request("Invalid input: inputs must not be empty")
    if len(inputs) > most:
        raise bad_request(f"The maximum number of inputs supported in a batch request is {most}; got {len(inputs)}")
    return inputs


def _no_twins(ids: Sequence[str]) -> None:
    twins = sorted({one for one in ids if ids.count(one) > 1})
    if twins:
        raise bad_request(f"Duplicate IDs found in batch input: [{', '.join(twins)}]. IDs must be unique")


def _id(one: Mapping[str, Any]) -> str:
    return str(one.get("id") or "")


def _texts(given: object) -> tuple[str, ...]:
    return tuple(str(one) for one in given) if isinstance(given, list) else ()
