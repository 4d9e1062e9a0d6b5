"""The practice HubSpot as an ASGI application."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadline.connectors.practice.harness import Harness, PracticeOptions, practice_app
from leadline.connectors.practice.hubspot.account import Account
from leadline.connectors.practice.hubspot.activity import Activity
from leadline.connectors.practice.hubspot.answers import ApiError, error_answer
from leadline.connectors.practice.hubspot.associating import Associating
from leadline.connectors.practice.hubspot.batches import Batches
from leadline.connectors.practice.hubspot.describing import Describing
from leadline.connectors.practice.hubspot.endpoints import endpoint_labels
from leadline.connectors.practice.hubspot.gate import Gate, Handler, fault_body
from leadline.connectors.practice.hubspot.kinds import kind_of
from leadline.connectors.practice.hubspot.listing import Listing
from leadline.connectors.practice.hubspot.objects import Objects
from leadline.connectors.practice.hubspot.portal import Portal
from leadline.connectors.practice.hubspot.properties import hidden_from, made_by_nobody, read_only_in
from leadline.connectors.practice.hubspot.seeding import fill
from leadline.connectors.practice.hubspot.submitting import Submitting
from leadline.connectors.practice.hubspot.validation import Validator
from leadline.connectors.practice.organisation import Organisation


def hubspot_app(organisation: Organisation, harness: Harness, options: PracticeOptions | None = None) -> Starlette:
    """Return a HubSpot portal filled from ``organisation``; ``app.state.portal`` is what it holds.

    It accepts the private app token and the OAuth app of ``credentials``.
    """
    chosen = options or PracticeOptions()
    portal = fill(organisation, harness.clock, chosen.search_lag)
    if chosen.bare:
        made_by_nobody(portal.catalogs)
    hidden_from(portal.catalogs, chosen.hidden_fields)
    read_only_in(portal.catalogs, chosen.read_only_fields)
    gate = Gate(portal, harness, chosen)
    routes = _routes(portal, gate)
    gate.endpoint_of = endpoint_labels(routes)
    app = practice_app(
        harness,
        routes,
        endpoint_of=gate.endpoint_of,
        error_body=fault_body,
        exception_handlers={HTTPException: _unknown_path},
    )
    app.state.portal = portal
    return app


def _routes(portal: Portal, gate: Gate) -> list[Route]:
    return [
        *_account_routes(portal, gate),
        *_record_routes(portal, gate),
        *_definition_routes(portal, gate),
        *_association_routes(portal, gate),
        *_activity_routes(portal, gate),
        *_list_routes(portal, gate),
    ]


def _account_routes(portal: Portal, gate: Gate) -> list[Route]:
    account = Account(portal, gate)
    owners = "crm.objects.owners.read"
    return [
        Route("/oauth/v1/token", account.token, methods=["POST"]),
        Route("/oauth/v1/access-tokens/{token}", account.token_info, methods=["GET"]),
        _post("/oauth/v2/private-apps/get/access-token-info", gate.open(account.app_token_info)),
        _get("/automation/v4/flows", gate.open(account.workflows, "automation")),
        _get("/automation/v4/flows/{id}", gate.open(account.workflow, "automation")),
        Route("/oauth/v1/refresh-tokens/{token}", account.refresh_info, methods=["GET"]),
        _get("/account-info/v3/details", gate.open(account.details)),
        _get("/account-info/v3/api-usage/daily/private-apps", gate.open(account.usage)),
        _get("/crm/v3/owners", gate.open(account.owners, owners)),
        _get("/crm/v3/owners/", gate.open(account.owners, owners)),
        _get("/crm/v3/owners/{id}", gate.open(account.owner, owners)),
        _get("/calling/v1/dispositions", gate.open(account.dispositions, "crm.objects.contacts.read")),
    ]


def _record_routes(portal: Portal, gate: Gate) -> list[Route]:
    objects = Objects(portal, gate, Validator(portal, gate.options))
    batches = Batches(objects)
    base = "/crm/v3/objects/{object_type}"
    return [
        _get(base, _scoped(gate, objects.list, "objects", "read")),
        _post(base, _scoped(gate, objects.create, "objects", "write")),
        _post(f"{base}/search", _scoped(gate, objects.search, "objects", "read", search=True)),
        _post(f"{base}/merge", _scoped(gate, objects.merge, "objects", "write")),
        _post(f"{base}/gdpr-delete", _scoped(gate, objects.erase, "objects", "write")),
        _post(f"{base}/batch/read", _scoped(gate, batches.read, "objects", "read")),
        _post(f"{base}/batch/create", _scoped(gate, batches.create, "objects", "write")),
        _post(f"{base}/batch/update", _scoped(gate, batches.update, "objects", "write")),
        _post(f"{base}/batch/upsert", _scoped(gate, batches.upsert, "objects", "write")),
        _post(f"{base}/batch/archive", _scoped(gate, batches.archive, "objects", "write")),
        _get(f"{base}/{{id}}", _scoped(gate, objects.get, "objects", "read")),
        _route("PATCH", f"{base}/{{id}}", _scoped(gate, objects.update, "objects", "write")),
        _route("DELETE", f"{base}/{{id}}", _scoped(gate, objects.archive, "objects", "write")),
    ]


def _definition_routes(portal: Portal, gate: Gate) -> list[Route]:
    describing = Describing(portal)
    base, pipelines = "/crm/v3/properties/{object_type}", "/crm/v3/pipelines/{object_type}"
    reads, writes = ("schemas", "read"), ("schemas", "write")
    return [
        _get(base, _scoped(gate, describing.properties, *reads)),
        _post(base, _scoped(gate, describing.create_property, *writes)),
        _post(f"{base}/batch/read", _scoped(gate, describing.read_properties, *reads)),
        _post(f"{base}/batch/create", _scoped(gate, describing.create_properties, *writes)),
        _post(f"{base}/batch/archive", _scoped(gate, describing.archive_properties, *writes)),
        _get(f"{base}/groups", _scoped(gate, describing.groups, *reads)),
        _post(f"{base}/groups", _scoped(gate, describing.create_group, *writes)),
        _get(f"{base}/groups/{{name}}", _scoped(gate, describing.get_group, *reads)),
        _route("DELETE", f"{base}/groups/{{name}}", _scoped(gate, describing.archive_group, *writes)),
        _get(f"{base}/{{name}}", _scoped(gate, describing.get_property, *reads)),
        _route("PATCH", f"{base}/{{name}}", _scoped(gate, describing.update_property, *writes)),
        _route("DELETE", f"{base}/{{name}}", _scoped(gate, describing.archive_property, *writes)),
        _get(pipelines, gate.open(describing.pipelines, "crm.pipelines.read", "crm.objects.deals.read")),
        _get(f"{pipelines}/{{pipeline_id}}", gate.open(describing.get_pipeline, "crm.objects.deals.read")),
        _get(f"{pipelines}/{{pipeline_id}}/stages", gate.open(describing.stages, "crm.objects.deals.read")),
        _get(
            f"{pipelines}/{{pipeline_id}}/stages/{{stage_id}}", gate.open(describing.stage, "crm.objects.deals.read")
        ),
        _get("/crm/v4/associations/{from_type}/{to_type}/labels", gate.open(describing.labels)),
    ]


def _association_routes(portal: Portal, gate: Gate) -> list[Route]:
    handlers = Associating(portal)
    base = "/crm/v4/associations/{from_type}/{to_type}/batch"
    one = "/crm/v4/objects/{object_type}/{id}/associations"
    read = "read"
    return [
        _post(f"{base}/read", _scoped(gate, handlers.read, "objects", read)),
        _post(f"{base}/create", _scoped(gate, handlers.create, "objects", "write")),
        _post(f"{base}/associate/default", _scoped(gate, handlers.create_default, "objects", "write")),
        _post(f"{base}/archive", _scoped(gate, handlers.archive, "objects", "write")),
        _get(f"{one}/{{to_type}}", _scoped(gate, handlers.of_one, "objects", read)),
        _route(
            "PUT", f"{one}/default/{{to_type}}/{{to_id}}", _scoped(gate, handlers.put_default, "objects", "write")
        ),
        _route("PUT", f"{one}/{{to_type}}/{{to_id}}", _scoped(gate, handlers.put, "objects", "write")),
        _route("DELETE", f"{one}/{{to_type}}/{{to_id}}", _scoped(gate, handlers.delete, "objects", "write")),
    ]


def _activity_routes(portal: Portal, gate: Gate) -> list[Route]:
    activity = Activity(portal, gate)
    submissions = "/form-integrations/v1/submissions/forms/{id}"
    return [
        _get("/events/v3/events", gate.open(activity.events, "business-intelligence")),
        _get("/events/v3/events/", gate.open(activity.events, "business-intelligence")),
        _get("/events/v3/events/event-types", gate.open(activity.event_types, "business-intelligence")),
        _get("/email/public/v1/events", gate.open(activity.mail_events, "content")),
        _get("/email/public/v1/campaigns", gate.open(activity.campaigns, "content")),
        _get("/email/public/v1/campaigns/by-id", gate.open(activity.campaigns, "content")),
        _get("/email/public/v1/campaigns/{id}", gate.open(activity.campaign, "content")),
        _get("/marketing/v3/forms", gate.open(activity.forms, "forms")),
        _get("/marketing/v3/forms/", gate.open(activity.forms, "forms")),
        _get("/marketing/v3/forms/{id}", gate.open(activity.form, "forms")),
        _get(submissions, gate.open(activity.submissions, "forms")),
        _post("/submissions/v3/integration/submit/{portal}/{id}", Submitting(portal).submit),
    ]


def _list_routes(portal: Portal, gate: Gate) -> list[Route]:
    listing = Listing(portal, gate.harness.created)
    base, reads, writes = "/crm/v3/lists", "crm.lists.read", "crm.lists.write"
    return [
        _get(f"{base}/object-type-id/{{object_type}}/name/{{name}}", gate.open(listing.by_name, reads)),
        _get(f"{base}/records/{{object_type}}/{{id}}/memberships", gate.open(listing.of_record, reads)),
        _get(f"{base}/{{id}}", gate.open(listing.get, reads)),
        _get(f"{base}/{{id}}/memberships", gate.open(listing.members, reads)),
        _route("PUT", f"{base}/{{id}}/memberships/add", gate.open(listing.add, writes)),
        _route("PUT", f"{base}/{{id}}/memberships/remove", gate.open(listing.remove, writes)),
    ]


def _scoped(gate: Gate, handler: Handler, what: str, right: str, *, search: bool = False) -> Handler:
    """Guard a handler by the scope of the object type in its path; engagements need the contacts' scope."""
    opened = {
        scope: gate.open(handler, f"crm.{what}.{scope}.{right}", search=search)
        for scope in ("contacts", "companies", "deals")
    }

    async def chosen(request: Request) -> Response:
        given = request.path_params
        kind = kind_of(given.get("object_type") or given.get("from_type") or "")
        return await opened["contacts" if kind is None else kind.scope](request)

    return chosen


async def _unknown_path(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    category = "METHOD_NOT_ALLOWED" if status == 405 else "OBJECT_NOT_FOUND"
    return error_answer(ApiError(status, category, "resource not found" if status == 404 else "not allowed"))


def _get(path: str, handler: Callable[..., object]) -> Route:
    return _route("GET", path, handler)


def _post(path: str, handler: Callable[..., object]) -> Route:
    return _route("POST", path, handler)


def _route(method: str, path: str, handler: Callable[..., object]) -> Route:
    return Route(path, handler, methods=[method])
