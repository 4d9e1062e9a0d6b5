"""What both practice CRMs share: clock, call counts, faults, and the doorway every request passes through.

A dialect writes ordinary Starlette routes and gives them to ``practice_app``. Handlers ask
``harness.faults.draw("partial_failure", endpoint=..., key=record_id)`` where a fault is the dialect's own matter;
faults of plain HTTP (429, 5xx, HTML, dropped, slow) happen in the doorway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import Scope

from leadline.common.values import Crm
from leadline.connectors.practice.calls import CallCounter
from leadline.connectors.practice.clock import PracticeClock
from leadline.connectors.practice.control import control_routes
from leadline.connectors.practice.doorway import Doorway, ErrorBody, plain_endpoint
from leadline.connectors.practice.faults import FaultBox


class Harness:
    """One practice CRM's clock (shared with the other CRM), call counter and faults.

    ``created`` counts, by key, what clients made: tasks and notes by Leadline's key, memberships by group and person.
    """

    def __init__(self, name: Crm, clock: PracticeClock, seed: int = 0) -> None:
        self.name: Crm = name
        self.clock = clock
        self.seed = seed
        self.calls = CallCounter()
        self.faults = FaultBox(seed, name)
        self.created: Counter[str] = Counter()


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """A write of ``value`` into ``object``.``field`` is refused with ``message``; value None refuses emptying it."""

    object: str
    field: str
    value: str | None
    message: str = "The practice validation rule says no"


AutomationKind = Literal["flow", "workflow", "validation rule", "trigger", "connector"]


@dataclass(frozen=True, slots=True)
class Automation:
    """An automation that the CRM tells of when asked; it does nothing. ``object`` is as ``Lead`` or ``contact``."""

    kind: AutomationKind
    name: str
    object: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PracticeOptions:
    """How the practice CRMs are set up. Fields are named ``Lead.Title`` or ``contact.jobtitle``.

    ``hidden_fields`` are absent for this user, ``read_only_fields`` cannot be written, ``required_fields`` cannot
    be empty; at Salesforce ``Lead`` alone hides the object or makes it read-only. ``picklists`` narrows a field to
    values. ``page_size`` None is the vendor's own (2,000 rows of a query, 100 or 200 of HubSpot). ``daily_calls``
    None is the vendor's own limit. ``search_lag`` is how many seconds HubSpot's search runs behind. ``enterprise``
    False takes away what only that tier has (page views by the events API). ``missing_scopes`` are HubSpot scopes
    the token lacks. ``session_minutes`` is how long a Salesforce session lives. ``assignment_rule`` True: an active
    rule gives every Lead that is written to a queue unless ``Sforce-Auto-Assign: FALSE`` comes with the write.
    ``duplicate_rule`` True: a Lead or Contact written with the e-mail address of another one is refused.
    ``bulk_polls`` is how often a Salesforce bulk job is asked for before it is done. ``formulas`` are fields of
    Salesforce that show another record's: ``{"Contact.Account_Size__c": "AccountId.NumberOfEmployees"}``; they
    move no stamp. ``extra_fields`` are further fields of Salesforce with their type: ``{"Lead.CurrencyIsoCode":
    "picklist"}``. ``rotating_tokens``
    True: each refresh of HubSpot's OAuth gives another refresh token, and ends the old one.
    ``missing_permissions`` are rights that the Salesforce user lacks: of the system
    (``ApiEnabled``, ``ViewSetup``, ``ViewAllData``, ...), or of one object (``Task.createable``,
    ``CampaignMember.deletable``). ``sharing`` are the organisation's defaults by object (``{"Lead":
    "Private"}``); it is told, and hides nothing. ``automations`` are told by both CRMs. ``bare`` True: neither
    CRM has a field of Leadline's yet.
    """

    hidden_fields: tuple[str, ...] = ()
    read_only_fields: tuple[str, ...] = ()
    required_fields: tuple[str, ...] = ()
    picklists: Mapping[str, tuple[str, ...]] | None = None
    validation_rules: tuple[ValidationRule, ...] = ()
    page_size: int | None = None
    daily_calls: int | None = None
    search_lag: float = 0.0
    enterprise: bool = True
    missing_scopes: tuple[str, ...] = ()
    session_minutes: int = 120
    rate_limits: bool = False
    merge_new_id: bool = True
    assignment_rule: bool = False
    duplicate_rule: bool = False
    bulk_polls: int = 1
    formulas: Mapping[str, str] | None = None
    extra_fields: Mapping[str, str] | None = None
    rotating_tokens: bool = False
    missing_permissions: tuple[str, ...] = ()
    sharing: Mapping[str, str] | None = None
    automations: tuple[Automation, ...] = ()
    bare: bool = False


def practice_app(
    harness: Harness,
    routes: Sequence[BaseRoute],
    *,
    endpoint_of: Callable[[Scope], str] = plain_endpoint,
    error_body: ErrorBody,
    exception_handlers: Mapping[Any, Callable[..., Any]] | None = None,
) -> Starlette:
    """Return the ASGI application of one practice CRM: the dialect's routes behind the doorway.

    ``endpoint_of`` gives the label that calls are counted and faults are matched by, ``"METHOD /path"`` with ids
    replaced (``GET /crm/v3/objects/contacts/{id}``). ``error_body(status, fault)`` gives the vendor's answer for a
    429 or 5xx that a fault caused. ``exception_handlers`` are Starlette's (404 and 405 in the vendor's words).
    The control routes ``/_practice/*`` are added; they are neither counted nor ever faulty.
    """
    app = Starlette(
        routes=[*control_routes(harness), *routes],
        middleware=[Middleware(Doorway, harness=harness, endpoint_of=endpoint_of, error_body=error_body)],
        exception_handlers=exception_handlers,
    )
    app.router.redirect_slashes = False
    return app


__all__ = [
    "Automation",
    "ErrorBody",
    "Harness",
    "PracticeOptions",
    "ValidationRule",
    "plain_endpoint",
    "practice_app",
]
