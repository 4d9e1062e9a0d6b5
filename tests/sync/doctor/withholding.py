"""Everything that a book needs, taken away one thing at a time in a practice CRM that keeps running."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from leadline.common.values import Crm
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.connectors.hubspot import inspecting as hubspot
from leadline.connectors.inspecting import Inspector
from leadline.connectors.practice.clock import PracticeClock
from leadline.connectors.practice.credentials import Credentials
from leadline.connectors.practice.harness import Harness, PracticeOptions
from leadline.connectors.practice.hubspot import hubspot_app
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.salesforce import salesforce_app
from leadline.connectors.practice.serving import PracticeServer
from leadline.connectors.salesforce import inspecting as salesforce
from leadline.connectors.settings import HubSpotSettings, SalesforceSettings
from leadline.sync.doctor.needing import Need

_RIGHTS = {"edit": "updateable", "create": "createable", "delete": "deletable"}
_FOUND = {"read": "field-hidden", "join": "join-hidden", "write": "target-missing", "set": "target-missing"}
_SOURCES = {"task": "Task", "event": "Event", "campaign_member": "CampaignMember"}
_TIER_SCOPES = {"form": "forms", "email": "content", "one_to_one_email": "sales-email-read"}
_PLURALS = {"contact": "contacts", "company": "companies", "deal": "deals"}


@dataclass(frozen=True)
class Lack:
    """One thing that a CRM withholds: how, and the finding that must name it.

    ``also`` are subjects that are gone with it: an object takes along the activities that live in it.
    """

    crm: Crm
    ident: str
    subject: str
    options: Mapping[str, Any] = field(default_factory=dict)
    nobody: str = ""  # a user or group that the organisation does not have
    also: tuple[str, ...] = ()

    def explains(self, subject: str) -> bool:
        """Say whether a finding about this subject follows from the lack."""
        return subject in {self.subject, *self.also} or subject.startswith(f"{self.subject} = ")

    def __str__(self) -> str:
        return f"{self.crm} {self.ident} {self.subject}"


def lacks_of(needs: Mapping[Crm, tuple[Need, ...]]) -> Iterator[Lack]:
    """Yield everything that can be taken away: what the book needs, and what stands around it."""
    for crm, wanted in needs.items():
        for need in wanted:
            yield from _of_salesforce(need) if crm == "salesforce" else _of_hubspot(need)
    yield Lack("salesforce", "cannot-ask", "users", {"hidden_fields": ("User",)})
    for name in PERSON_OBJECTS["salesforce"]:
        nobody = {"missing_permissions": ("ViewAllData",)}
        yield Lack("salesforce", "records-hidden", name, {**nobody, "sharing": {name: "Private"}})
        yield Lack("salesforce", "records-not-editable", name, {**nobody, "sharing": {name: "Read"}})
    yield Lack("salesforce", "automation-untold", "workflow", {"missing_permissions": ("ViewSetup",)}, also=_KINDS)
    yield Lack("hubspot", "automation-untold", "workflow", {"missing_scopes": ("automation",)})
    for crm in needs:
        yield Lack(crm, "quota-used", "calls", {"daily_calls": 2}, also=_PARTS)


_PARTS = ("activities", "automations", "groups", "objects", "rights", "sharing", "users")
"""What cannot be asked any more where no call is left."""
_KINDS = ("flow", "validation rule", "duplicate rule", "assignment rule", "trigger", "connector")


def _of_salesforce(need: Need) -> Iterator[Lack]:
    if need.kind == "object":
        living = tuple(f"activity {kind}" for kind, name in _SOURCES.items() if name == need.object)
        living += ("groups",) if need.object == "Campaign" else ()
        yield Lack("salesforce", "object-hidden", need.object, {"hidden_fields": (need.object,)}, also=living)
    elif need.kind in _RIGHTS:
        ident = {"edit": "object-read-only", "create": "not-creatable", "delete": "not-deletable"}[need.kind]
        lost = {"missing_permissions": (f"{need.object}.{_RIGHTS[need.kind]}",)}
        yield Lack("salesforce", ident, need.object, lost)
    elif need.kind == "right" and need.name == "ApiEnabled":
        yield Lack("salesforce", "cannot-sign-in", "salesforce", {"missing_permissions": (need.name,)})
    elif need.kind == "right":
        yield Lack("salesforce", "right-missing", need.name, {"missing_permissions": (need.name,)})
    elif need.kind == "activity":
        name = _SOURCES[need.name]
        yield Lack("salesforce", "activity-unsupplied", need.subject, {"hidden_fields": (name,)}, also=(name,))
    else:
        yield from _of_field(need)


def _of_hubspot(need: Need) -> Iterator[Lack]:
    if need.kind == "object" and need.object in _PLURALS:
        scope = f"crm.schemas.{_PLURALS[need.object]}.read"
        lost = (scope, "task", "note") if need.object == "contact" else (scope,)
        yield Lack("hubspot", "object-hidden", need.object, {"missing_scopes": (scope,)}, also=lost)
    elif need.kind == "right":
        gone = tuple(f"activity {kind}" for kind, scope in _TIER_SCOPES.items() if scope == need.name)
        gone += tuple(one for one, plural in _PLURALS.items() if need.name == f"crm.schemas.{plural}.read")
        gone += ("activity event",) if need.name == "business-intelligence" else ()
        gone += ("task", "note") if need.name == "crm.schemas.contacts.read" else ()
        gone += ("users",) if need.name == "crm.objects.owners.read" else ()
        gone += ("groups",) if need.name == "crm.lists.read" else ()
        gone += ("activity call",) if need.name == "crm.objects.contacts.read" else ()
        yield Lack("hubspot", "right-missing", need.name, {"missing_scopes": (need.name,)}, also=gone)
    elif need.kind == "activity" and need.name == "event":
        yield Lack("hubspot", "activity-unsupplied", need.subject, {"enterprise": False})
    elif need.kind == "activity" and need.name in _TIER_SCOPES:
        scope = _TIER_SCOPES[need.name]
        yield Lack("hubspot", "activity-unsupplied", need.subject, {"missing_scopes": (scope,)}, also=(scope,))
    elif need.kind not in {"object", "edit", "create", "activity"}:
        yield from _of_field(need)


def _of_field(need: Need) -> Iterator[Lack]:
    if need.kind in {"user", "group"}:
        yield Lack(need.crm, f"{need.kind}-missing", need.subject, nobody=need.name)
        return
    ident = "key-missing" if need.kind == "key" else _FOUND[need.kind]
    yield Lack(need.crm, ident, need.subject, {"hidden_fields": (need.subject,)})
    if need.kind in {"write", "set", "key"}:
        yield Lack(need.crm, "field-read-only", need.subject, {"read_only_fields": (need.subject,)})
    values = (need.value,) if need.kind == "set" and need.value else need.target.options if need.target else ()
    for value in values if need.crm == "salesforce" else ():
        kept = {need.subject: tuple(one for one in ("Some", *values) if one != value)}
        yield Lack(need.crm, "value-missing", f"{need.subject} = {value}", {"picklists": kept})


class Swapped:
    """A running server whose application is put in its place for each case."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@dataclass
class Rehearsal:
    """Both practice CRMs behind two servers that stay; ``withhold`` builds them anew behind these."""

    organisation: Organisation
    clock: PracticeClock
    servers: Mapping[Crm, PracticeServer]
    doors: Mapping[Crm, Swapped]

    def withhold(self, crm: Crm, lack: Lack | None) -> Inspector:
        """Return an inspector of a CRM that grants everything but this."""
        options = PracticeOptions(**(lack.options if lack is not None else {}))
        organisation = self.organisation if lack is None else _without(self.organisation, lack.nobody)
        harness = Harness(crm, self.clock, 7)
        made = salesforce_app if crm == "salesforce" else hubspot_app
        app = made(organisation, harness, options)
        if crm == "hubspot" and lack is not None:
            # Its lists are the portal's own.
            portal = app.state.portal
            portal.lists = {key: row for key, row in portal.lists.items() if row.name != lack.nobody}
        self.doors[crm].app = app
        own, url = Credentials(), self.servers[crm].url
        if crm == "hubspot":
            settings = {"url": url, "token": own.hubspot_token, "patience": 0, "searches_a_second": 1000}
            return hubspot.inspect(HubSpotSettings.model_validate(settings))
        auth = {"flow": "client_credentials", "client_id": own.salesforce_client_id}
        auth["client_secret"] = own.salesforce_client_secret
        return salesforce.inspect(SalesforceSettings.model_validate({"url": url, "auth": auth, "patience": 0}))


def _without(organisation: Organisation, name: str) -> Organisation:
    """Return the organisation with another user, queue or campaign instead of the one of this name or address."""
    if not name:
        return organisation
    owners = tuple(
        replace(one, email=f"other-{one.email}" if one.email else "", last_name="Other")
        if name in {one.email, f"{one.first_name} {one.last_name}".strip()}
        else one
        for one in organisation.owners
    )
    campaigns = tuple(replace(one, name="Other") if one.name == name else one for one in organisation.campaigns)
    return replace(organisation, owners=owners, campaigns=campaigns)


@contextmanager
def rehearsing(organisation: Organisation) -> Iterator[Rehearsal]:
    """Run the two servers."""
    clock = PracticeClock(organisation.end, frozen=True)
    doors: dict[Crm, Swapped] = {"salesforce": Swapped(), "hubspot": Swapped()}
    with ExitStack() as running:
        servers = {crm: running.enter_context(PracticeServer(door)) for crm, door in doors.items()}
        yield Rehearsal(organisation, clock, servers, doors)
