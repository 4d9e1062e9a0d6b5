"""The practice organisation while it runs: schema after permissions, store, sessions, quota and open cursors."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from leadline.connectors.practice.harness import Harness, PracticeOptions
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.salesforce.answers import ApiError
from leadline.connectors.practice.salesforce.ids import record_id
from leadline.connectors.practice.salesforce.objects import standard_objects
from leadline.connectors.practice.salesforce.schema import Field, Schema, SObject
from leadline.connectors.practice.salesforce.seeding import Seeder, organization_id
from leadline.connectors.practice.salesforce.setting_up import Definitions
from leadline.connectors.practice.salesforce.setup_objects import setup_objects
from leadline.connectors.practice.salesforce.soql.running import Outcome
from leadline.connectors.practice.salesforce.store import Store

CALLS_PER_DAY: Final = 100_000  # Enterprise Edition, and 1,000 more for each licence
CALLS_PER_LICENCE: Final = 1_000
MOST_CURSORS: Final = 50
OURS: Final = frozenset(
    {
        *("Lifecycle_Stage__c", "Fit_Score__c", "Interest_Score__c", "Lead_Grade__c", "Temperature__c"),
        *("Lifecycle_Reason__c", "MQL_Date__c", "SAL_Date__c", "SQL_Date__c", "SLA_Due__c", "Lifecycle_Pass__c"),
        *("Previous_Stage__c", "Leadline_Key__c"),
    }
)
"""The custom fields that Leadline writes."""


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in user until ``expires``."""

    token: str
    user: str
    expires: datetime


class Org:
    """Everything behind the routes."""

    def __init__(self, organisation: Organisation, harness: Harness, options: PracticeOptions) -> None:
        self.harness = harness
        self.options = options
        self.id = organization_id(organisation)
        self.name = organisation.name
        full = standard_objects() if not options.bare else tuple(_bare(item) for item in standard_objects())
        hidden = frozenset(name for name in options.hidden_fields if "." not in name)
        seen = [_permitted(_extended(item, full, options), options) for item in full]
        self.schema = Schema([*seen, *(_governed(item, options) for item in setup_objects())], hidden)
        self._born = {item.name: item for item in seen}
        self.store = Store(self.schema, harness.clock.now)
        seeder = Seeder(organisation)
        seeder.fill(self.store)
        self.integration_user = seeder.integration
        self.sessions: dict[str, Session] = {}
        self.cursors: OrderedDict[str, Outcome] = OrderedDict()
        self.jobs: dict[str, Any] = {}
        self._calls: deque[datetime] = deque()
        self._made = 0
        self.definitions = Definitions(self)

    @property
    def daily_limit(self) -> int:
        """Return how many calls may be made in 24 hours."""
        if self.options.daily_calls is not None:
            return self.options.daily_calls
        licences = sum(1 for user in self.store.rows("User") if user.get("IsActive"))
        return CALLS_PER_DAY + CALLS_PER_LICENCE * licences

    @property
    def used(self) -> int:
        """Return the calls of the last 24 hours."""
        since = self.harness.clock.now() - timedelta(days=1)
        while self._calls and self._calls[0] <= since:
            self._calls.popleft()
        return len(self._calls)

    def spend(self) -> None:
        """Count one call. Raises ApiError REQUEST_LIMIT_EXCEEDED when none is left."""
        if self.used >= self.daily_limit:
            raise out_of_calls()
        self._calls.append(self.harness.clock.now())

    def settle(self) -> None:
        """Let this user see the custom fields that were made and granted since, and no longer those that are gone."""
        if not self.definitions.touched:
            return
        self.definitions.purge()
        added: dict[str, list[Field]] = {}
        for name, field in self.definitions.shown():
            added.setdefault(name, []).append(field)
        fresh = [replace(item, fields=(*item.fields, *added.get(item.name, ()))) for item in self._born.values()]
        changed = [item for item in fresh if item.fields != self.schema.objects[item.name].fields]
        if changed:
            self.schema.replace(changed)
            self.store.learn_keys()

    def open_session(self, user: str) -> Session:
        """Sign a user in."""
        self._made += 1
        token = f"{self.id[:15]}!{record_id('0Ak', f'{self.harness.seed}:{self._made}')}"
        now = self.harness.clock.now()
        session = Session(token, user, now + timedelta(minutes=self.options.session_minutes))
        self.sessions[token] = session
        return session

    def session_of(self, authorization: str) -> Session:
        """Return the session of an Authorization header. Raises ApiError INVALID_SESSION_ID."""
        scheme, _, token = authorization.partition(" ")
        session = self.sessions.get(token.strip()) if scheme.lower() in {"bearer", "oauth"} else None
        if session is None or session.expires <= self.harness.clock.now():
            raise expired()
        return session

    def end_session(self, token: str) -> None:
        """Forget a session."""
        self.sessions.pop(token, None)

    def keep(self, outcome: Outcome) -> str:
        """Keep an outcome for its further pages and return its locator; the oldest cursors are dropped."""
        locator = self.fresh_id("01g")
        self.cursors[locator] = outcome
        while len(self.cursors) > MOST_CURSORS:
            self.cursors.popitem(last=False)
        return locator

    def fresh_id(self, prefix: str) -> str:
        """Return an id for something that is not a row: a cursor, a job."""
        self._made += 1
        return record_id(prefix, f"{self.harness.seed}:{self._made}")


def expired() -> ApiError:
    """Return the refusal of a session that is over or never was."""
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def out_of_calls(policy: str = "DAILY") -> ApiError:
    """Return the refusal for too many calls: of the day, or at once. Only the message tells them apart."""
    if policy == "DAILY":
        return ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    message = "ConcurrentPerOrgLongTxn Limit exceeded." if policy == "LONG" else "ConcurrentRequests Limit exceeded."
    return ApiError(403, "REQUEST_LIMIT_EXCEEDED", message)


def _bare(item: SObject) -> SObject:
    """Take away what a setup makes; fields that only rules read stay."""
    ours = OURS if item.name in {"Lead", "Contact", "Task"} else frozenset()
    return replace(item, fields=tuple(field for field in item.fields if field.name not in ours))


def _extended(item: SObject, every: Sequence[SObject], options: PracticeOptions) -> SObject:
    """Add the fields that only this organisation has: formulas over a lookup, and plain ones."""
    types = {f"{one.name}.{field.name}": field.type for one in every for field in one.fields}
    lookups = {field.name: field.references[0] for field in item.fields if field.references}
    added: list[Field] = []
    for path, formula in (options.formulas or {}).items():
        owner, _, name = path.partition(".")
        lookup, _, target = formula.partition(".")
        if owner == item.name:
            kind = types[f"{lookups[lookup]}.{target}"]
            added.append(Field(name, kind, name, createable=False, updateable=False, formula=formula))
    for path, kind in (options.extra_fields or {}).items():
        owner, _, name = path.partition(".")
        if owner == item.name:
            added.append(Field(name, kind, name, length=255, default=False if kind == "boolean" else None))
    return replace(item, fields=(*item.fields, *added)) if added else item


_GOVERNED: Final = {
    "PermissionSet": "ManageProfilesPermissionsets",
    "ObjectPermissions": "ManageProfilesPermissionsets",
    "FieldPermissions": "ManageProfilesPermissionsets",
    "PermissionSetAssignment": "AssignPermissionSets",
}
"""The permission of the system that making and removing rows of these takes."""


def _governed(item: SObject, options: PracticeOptions) -> SObject:
    if _GOVERNED.get(item.name) not in options.missing_permissions:
        return item
    return replace(item, denied=("createable", "updateable", "deletable"))


def _permitted(item: SObject, options: PracticeOptions) -> SObject:
    """Take away what the options hide and mark what they restrict, field by field."""
    kept: list[Field] = []
    for field in item.fields:
        name = f"{item.name}.{field.name}"
        if name in options.hidden_fields:
            continue
        marks: dict[str, Any] = {}
        if name in options.read_only_fields:
            marks |= {"createable": False, "updateable": False}
        if name in options.required_fields:
            marks |= {"nillable": False}
        choices: Sequence[str] | None = (options.picklists or {}).get(name)
        if choices is not None:
            marks |= {"options": tuple(choices), "restricted": True}
        kept.append(replace(field, **marks) if marks else field)
    writable = item.writable and item.name not in options.read_only_fields
    denied = tuple(name.partition(".")[2] for name in options.missing_permissions if name.startswith(f"{item.name}."))
    return replace(item, fields=tuple(kept), writable=writable, denied=denied)
