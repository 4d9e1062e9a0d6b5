"""Properties, property groups, pipelines and association labels: what this portal's records are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from leadline.connectors.practice.hubspot.answers import (
    ApiError,
    bad_request,
    batch_answer,
    not_found,
    standard_error,
)
from leadline.connectors.practice.hubspot.batches import inputs_of
from leadline.connectors.practice.hubspot.links import labels
from leadline.connectors.practice.hubspot.objects import kind_of_request, object_of
from leadline.connectors.practice.hubspot.portal import Portal, pipeline
from leadline.connectors.practice.hubspot.properties import Catalog, Property
from leadline.connectors.practice.hubspot.stamps import stamp_text
from leadline.connectors.practice.hubspot.writing import kind_or_404

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
_TYPES: Final = ("string", "number", "date", "datetime", "enumeration", "bool", "phone_number")
_BORN: Final = 1_565_059_268_000


class Describing:
    """Handlers of definitions."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    async def properties(self, request: Request) -> Response:
        """GET every property of an object type."""
        found = self._catalog(request).properties.values()
        return JSONResponse({"results": [one.plain() for one in found]})

    async def get_property(self, request: Request) -> Response:
        """GET one property."""
        found = self._catalog(request).properties.get(request.path_params["name"])
        if found is None:
            raise not_found(f"Property {request.path_params['name']}")
        return JSONResponse(found.plain())

    async def create_property(self, request: Request) -> Response:
        """POST a custom property."""
        return JSONResponse(self._add(self._catalog(request), await object_of(request)).plain(), 201)

    async def update_property(self, request: Request) -> Response:
        """PATCH label, description or options of a custom property."""
        catalog, given = self._catalog(request), await object_of(request)
        found = catalog.properties.get(request.path_params["name"])
        if found is None:
            raise not_found(f"Property {request.path_params['name']}")
        changed = replace(
            found,
            label=str(given.get("label", found.label)),
            description=str(given.get("description", found.description)),
            options=_options(given.get("options")) if "options" in given else found.options,
            updated=stamp_text(self.portal.now()),
        )
        catalog.properties[found.name] = changed
        return JSONResponse(changed.plain())

    async def archive_property(self, request: Request) -> Response:
        """DELETE a custom property; HubSpot's own cannot be."""
        catalog, name = self._catalog(request), request.path_params["name"]
        if name in catalog.properties and catalog.properties[name].own:
            raise bad_request(f"Property {name} is defined by HubSpot and cannot be archived.")
        catalog.properties.pop(name, None)
        return Response(status_code=204)

    async def read_properties(self, request: Request) -> Response:
        """POST batch/read of properties by name."""
        catalog = self._catalog(request)
        asked = [str(one.get("name", "")) for one in inputs_of(await object_of(request), 100)]
        results = [catalog.properties[name].plain() for name in asked if name in catalog.properties]
        missing = [name for name in asked if name not in catalog.properties]
        message = "Could not get some properties, they may be deleted or not exist."
        errors = [standard_error("OBJECT_NOT_FOUND", message, {"names": missing})] if missing else []
        return batch_answer(results, errors, self.portal.now())

    async def create_properties(self, request: Request) -> Response:
        """POST batch/create of custom properties."""
        catalog = self._catalog(request)
        made = [self._add(catalog, one) for one in inputs_of(await object_of(request), 100)]
        return batch_answer([one.plain() for one in made], [], self.portal.now(), 201)

    async def archive_properties(self, request: Request) -> Response:
        """POST batch/archive of custom properties."""
        catalog = self._catalog(request)
        asked = [str(one.get("name", "")) for one in inputs_of(await object_of(request), 100)]
        own = [name for name in asked if name in catalog.properties and catalog.properties[name].own]
        if own:
            raise bad_request(f"Property {own[0]} is defined by HubSpot and cannot be archived.")
        for name in asked:
            catalog.properties.pop(name, None)
        return Response(status_code=204)

    async def groups(self, request: Request) -> Response:
        """GET the property groups."""
        found = self._catalog(request).groups
        return JSONResponse({"results": [_group(name, label) for name, label in found.items()]})

    async def get_group(self, request: Request) -> Response:
        """GET one property group."""
        catalog, name = self._catalog(request), request.path_params["name"]
        if name not in catalog.groups:
            raise not_found(f"Property group {name}")
        return JSONResponse(_group(name, catalog.groups[name]))

    async def create_group(self, request: Request) -> Response:
        """POST a property group."""
        catalog, given = self._catalog(request), await object_of(request)
        name, label = str(given.get("name") or ""), str(given.get("label") or "")
        if not _NAME.fullmatch(name) or not label:
            raise bad_request("A property group needs a name of lower-case letters and a label.")
        if name in catalog.groups:
            raise ApiError(409, "CONFLICT", f"A property group named {name} already exists.")
        catalog.groups[name] = label
        return JSONResponse(_group(name, label), 201)

    async def archive_group(self, request: Request) -> Response:
        """DELETE a property group; one with properties cannot be."""
        catalog, name = self._catalog(request), request.path_params["name"]
        if any(one.group == name for one in catalog.properties.values()):
            raise bad_request(f"Property group {name} still has properties.")
        catalog.groups.pop(name, None)
        return Response(status_code=204)

    async def pipelines(self, request: Request) -> Response:
        """GET the pipelines of an object type; only deals have one here."""
        kind = kind_of_request(request)
        return JSONResponse({"results": [pipeline(_BORN)] if kind.singular == "deal" else []})

    async def get_pipeline(self, request: Request) -> Response:
        """GET one pipeline."""
        self._deal_pipeline(request)
        return JSONResponse(pipeline(_BORN))

    async def stages(self, request: Request) -> Response:
        """GET the stages of one pipeline."""
        self._deal_pipeline(request)
        return JSONResponse({"results": pipeline(_BORN)["stages"]})

    async def stage(self, request: Request) -> Response:
        """GET one stage of a pipeline."""
        self._deal_pipeline(request)
        for stage in pipeline(_BORN)["stages"]:
            if stage["id"] == request.path_params["stage_id"]:
                return JSONResponse(stage)
        raise not_found("Stage")

    async def labels(self, request: Request) -> Response:
        """GET the association types from one object type to another."""
        source, to = (kind_or_404(request.path_params[end]).singular for end in ("from_type", "to_type"))
        return JSONResponse({"results": labels(source, to)})

    def _catalog(self, request: Request) -> Catalog:
        return self.portal.catalogs[kind_of_request(request).singular]

    def _deal_pipeline(self, request: Request) -> None:
        kind = kind_of_request(request)
        if kind.singular != "deal" or request.path_params["pipeline_id"] != "default":
            raise not_found("Pipeline")

    def _add(self, catalog: Catalog, given: Mapping[str, Any]) -> Property:
        name, label = str(given.get("name") or ""), str(given.get("label") or "")
        kind, group = str(given.get("type") or ""), str(given.get("groupName") or "")
        if not _NAME.fullmatch(name) or not label or not given.get("fieldType"):
            raise bad_request("A property needs a name of lower-case letters, a label, a type and a fieldType.")
        if kind not in _TYPES:
            raise bad_request(f"Invalid input JSON: type must be one of [{', '.join(_TYPES)}]")
        if group not in catalog.groups:
            raise bad_request(f"There is no property group named {group}.")
        if name in catalog.properties:
            raise ApiError(409, "OBJECT_ALREADY_EXISTS", f"A property named '{name}' already exists.")
        now = stamp_text(self.portal.now())
        made = Property(
            name,
            label,
            kind,
            str(given["fieldType"]),
            group,
            str(given.get("description") or ""),
            _options(given.get("options")),
            unique=bool(given.get("hasUniqueValue")),
            own=False,
            created=now,
            updated=now,
        )
        catalog.properties[name] = made
        if made.unique:
            self.portal.tables[catalog.object].unique[name] = {}
        return made


def _options(given: object) -> tuple[tuple[str, str], ...]:
    listed = given if isinstance(given, list) else []
    return tuple((str(one.get("value")), str(one.get("label"))) for one in listed if isinstance(one, Mapping))


def _group(name: str, label: str) -> dict[str, Any]:
    return {"archived": False, "name": name, "label": label, "displayOrder": -1}
