"""A CRM in memory behind the connectors' reading protocol, for cases that a server would not give on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from leadline.common.errors import PermissionMissingError, UnavailableError
from leadline.common.values import (
    Crm,
    FieldDescription,
    ObjectDescription,
    Quota,
    Raw,
    RecordRef,
    RecordWrite,
    SourceActivity,
    SourceRecord,
)
from leadline.connectors.protocol import ActivityRequest, RecordRequest

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class PretendCrm:
    """Holds rows and activities; ``now`` is its clock. ``down`` refuses every call, ``hidden`` hides fields.

    ``fail_after`` lets that many pages through and then breaks the connection; ``unindexed`` are ids that only
    reading by id finds, as a lagging search index leaves them.
    """

    crm: Crm
    fields: Mapping[str, tuple[str, ...]]
    now: datetime = START
    rows: dict[RecordRef, SourceRecord] = field(default_factory=dict)
    happened: dict[str, SourceActivity] = field(default_factory=dict)
    down: bool = False
    hidden: set[str] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)
    page: int = 2
    fail_after: int | None = None
    name: str = "org-1"
    asked: list[RecordRequest | ActivityRequest] = field(default_factory=list)
    given: int = 0
    allowed: int | None = None
    unindexed: set[str] = field(default_factory=set)

    def put(self, name: str, key: str, fields: Mapping[str, Raw], **more: object) -> RecordRef:
        """Create or change a record at the present instant; fields not named stay as they are."""
        ref = RecordRef(self.crm, name, key)
        old = self.rows.get(ref)
        record = old or SourceRecord(ref, self.now, self.now, {})
        values = {"stamp": self.now, "author": "", **more}
        self.rows[ref] = replace(record, fields={**record.fields, **fields}, **values)
        return ref

    def happen(self, kind: str, key: str, at: datetime | None = None, **more: object) -> None:
        """Let something happen (now by default)."""
        values = {"stamp": self.now, **more}
        self.happened[key] = SourceActivity(self.crm, kind, key, at or self.now, **values)

    def pass_time(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)

    def organisation(self) -> str:
        self._call()
        return self.name

    def server_time(self) -> datetime:
        self._call()
        return self.now

    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        self._call()
        return {
            name: ObjectDescription(
                name,
                {item: FieldDescription(item, "string") for item in self.fields[name] if item not in self.hidden},
            )
            for name in objects
            if name in self.fields and name not in self.hidden
        }

    def records(self, request: RecordRequest) -> Iterator[tuple[SourceRecord, ...]]:
        self._call()
        self.asked.append(request)
        after = request.since.stamp - request.look_back if request.since else None
        found = [
            replace(
                row,
                fields={name: row.fields.get(name) for name in request.fields},
                history=row.history if request.history else (),
            )
            for ref, row in self.rows.items()
            if ref.object == request.object
            and ref.id not in self.unindexed
            and row.stamp <= request.until
            and (after is None or row.stamp > after)
        ]
        found.sort(key=lambda row: (row.stamp, row.ref.id))
        for start in range(0, len(found), self.page):
            self._page()
            yield tuple(found[start : start + self.page])

    def reread(self, request: RecordRequest, ids: Sequence[str]) -> Iterator[tuple[SourceRecord, ...]]:
        self._call()
        wanted = {RecordRef(self.crm, request.object, ident) for ident in ids}
        found = tuple(
            replace(row, fields={name: row.fields.get(name) for name in request.fields})
            for ref, row in sorted(self.rows.items())
            if ref in wanted and row.stamp <= request.until
        )
        if found:
            yield found

    def ids(self, name: str, after: str = "") -> Iterator[tuple[str, ...]]:
        self._call()
        standing = sorted(ref.id for ref, row in self.rows.items() if ref.object == name and not row.deleted)
        behind = [key for key in standing if key > after]
        for start in range(0, len(behind), self.page):
            self._page()
            yield tuple(behind[start : start + self.page])

    def activities(self, request: ActivityRequest) -> Iterator[tuple[SourceActivity, ...]]:
        self._call()
        if request.kind in self.lacking:
            raise PermissionMissingError(f"this account has no {request.kind}")
        self.asked.append(request)
        after = request.since.stamp - request.look_back if request.since else None
        found = [
            item
            for item in self.happened.values()
            if item.kind == request.kind and item.stamp <= request.until and (after is None or item.stamp > after)
        ]
        for start in range(0, len(found), self.page):
            self._page()
            yield tuple(found[start : start + self.page])

    def read_back(self, refs: Sequence[RecordRef], fields: Sequence[str]) -> Mapping[RecordRef, Mapping[str, Raw]]:
        return {ref: {name: self.rows[ref].fields.get(name) for name in fields} for ref in refs if ref in self.rows}

    def quota(self) -> Quota:
        return Quota(None, None)

    def spend_at_most(self, calls: int | None, why: str = "") -> None:
        self.allowed = calls

    def left(self) -> int | None:
        return self.allowed

    def time_zone(self) -> str:
        return "UTC"

    def calls(self) -> Mapping[str, int]:
        return {"read": len(self.asked)}

    def forecast(self, writes: Sequence[RecordWrite]) -> Mapping[str, int]:
        return {"write": len(writes), "read_back": len(writes)}

    def close(self) -> None:
        self.down = True

    def _call(self) -> None:
        if self.down:
            raise UnavailableError(f"{self.crm} does not answer")

    def _page(self) -> None:
        if self.fail_after is not None and self.given >= self.fail_after:
            raise UnavailableError(f"{self.crm} dropped the connection")
        self.given += 1


SALESFORCE_FIELDS = {
    "Lead": (
        "Email",
        "Title",
        "Status",
        "LeadSource",
        "NumberOfEmployees",
        "IsConverted",
        "ConvertedContactId",
        "ConvertedAccountId",
        "ConvertedOpportunityId",
        "HubSpot_Contact_Id__c",
        "Lifecycle_Stage__c",
        "Fit_Score__c",
        "MQL_Date__c",
    ),
    "Contact": (
        "Email",
        "Title",
        "AccountId",
        "HubSpot_Contact_Id__c",
        "Lifecycle_Stage__c",
        "Fit_Score__c",
        "MQL_Date__c",
    ),
    "Account": ("NumberOfEmployees", "Name"),
    "Opportunity": ("StageName", "IsClosed", "IsWon", "CloseDate", "AccountId", "Type", "Amount"),
}
HUBSPOT_FIELDS = {
    "contact": (
        "email",
        "jobtitle",
        "salesforceleadid",
        "salesforcecontactid",
        "lifecyclestage",
        "fit_score",
        "hs_analytics_num_page_views",
    ),
    "company": ("numberofemployees", "name"),
    "deal": ("dealstage", "hs_is_closed", "hs_is_closed_won", "closedate", "dealtype", "amount"),
}

BOOK = """
leadline: 1
name: Test
primary: [Contact, Lead, contact]
machines: [robot@acme.example]
fields:
  email:     {type: text, salesforce: [Lead.Email, Contact.Email], hubspot: contact.email}
  title:     {type: text, salesforce: [Lead.Title, Contact.Title], hubspot: contact.jobtitle, prefer: newest}
  status:    {type: text, salesforce: Lead.Status}
  employees: {type: integer, salesforce: [Lead.NumberOfEmployees, Account.NumberOfEmployees],
              hubspot: company.numberofemployees}
deals: {link: [converted, contact_role, association], only: {type: New Business}}
activities:
  demo:  {hubspot: {form: demo}}
  click: {hubspot: {email: click}}
  call:  {salesforce: {task: {subtype: Call, status: Completed}}}
scores:
  fit:
    between: [0, 100]
    criteria:
      chief: {points: 30, when: {title: {has_word: [chief]}}}
      size:  {points: {employees: {under 50: 0, from 50: 20}}}
      recent demo: {points: 40, each: demo, within: 30d, at_most: 1}
    grades: {A: 50, B: 0}
stages:
  inquiry:      {kind: inventory, owner: marketing, start: true}
  mql:          {kind: gate, owner: marketing, enter: {fit: {at_least: 50}}}
  opportunity:  {kind: inventory, owner: sales, enter: {deal: open}}
  customer:     {kind: final, owner: success, enter: {deal: won}}
  recycled:     {kind: detour, owner: marketing, reasons: [cooled]}
paths:
  - inquiry -> mql -> opportunity -> customer
  - {from: mql, to: recycled, when: {fit: {under: 50}}, reason: cooled}
  - {from: recycled, to: mql}
by_hand: {until: 90d}
write:
  salesforce: {stage: Lifecycle_Stage__c, fit: Fit_Score__c, entered: {mql: MQL_Date__c}}
  hubspot: {stage: {field: lifecyclestage, values: {inquiry: lead, mql: marketingqualifiedlead,
            opportunity: opportunity, customer: customer, recycled: unchanged}}, fit: fit_score}
guards: {most: 2000}
"""
