"""The portal: every table, association, owner and activity of one practice HubSpot, and HubSpot's own reactions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from leadline.connectors.practice.clock import PracticeClock
from leadline.connectors.practice.hubspot.definitions import catalogs
from leadline.connectors.practice.hubspot.kinds import KINDS, Kind
from leadline.connectors.practice.hubspot.lifecycle import entered, exited, moves
from leadline.connectors.practice.hubspot.links import Links
from leadline.connectors.practice.hubspot.properties import Catalog, normal
from leadline.connectors.practice.hubspot.records import Row, Source, Table
from leadline.connectors.practice.hubspot.stamps import millis, stamp_text

APP_ID: Final = 2_718_281
OUR_APP: Final = Source("INTEGRATION", str(APP_ID), label="Leadline practice app")
DEALS_TOOL: Final = Source("DEALS", "DEALS")

OPEN_STAGES: Final = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
)
CLOSED_STAGES: Final = (("closedwon", "Closed Won", "1.0"), ("closedlost", "Closed Lost", "0.0"))
WON: Final = "closedwon"
CLOSED: Final = frozenset(stage for stage, _, _ in CLOSED_STAGES)


@dataclass(frozen=True, slots=True)
class PortalOwner:
    """A user or queue that can own records. ``user`` is the number that property history shows."""

    id: str
    user: int
    email: str
    first_name: str
    last_name: str
    team: str
    active: bool
    queue: bool
    created: int


@dataclass(frozen=True, slots=True)
class Visit:
    """One page view of one contact, as the events API tells it."""

    id: str
    contact: str
    at: int
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One event of a marketing e-mail, known only by the recipient's address."""

    id: str
    recipient: str
    type: str
    at: int
    campaign: int


@dataclass(frozen=True, slots=True)
class Submission:
    """One form submission, known only by the address that was typed in."""

    form: str
    at: int
    email: str
    url: str
    id: str


@dataclass(slots=True)
class PortalList:
    """One list of contacts. ``processing``: MANUAL, SNAPSHOT (frozen, but open to changes by hand) or DYNAMIC."""

    id: str
    name: str
    processing: str = "MANUAL"
    object_type: str = "0-1"
    members: set[str] = field(default_factory=set)


def _own_lists() -> dict[str, PortalList]:
    named = (("Nurture", "MANUAL"), ("Webinar guests", "SNAPSHOT"), ("Active customers", "DYNAMIC"))
    return {str(n): PortalList(str(n), name, processing) for n, (name, processing) in enumerate(named, start=101)}


@dataclass(slots=True)
class Portal:
    """Everything this HubSpot holds. All writes pass through ``create``, ``update``, ``archive`` and ``merge``."""

    id: int
    clock: PracticeClock
    search_lag: int = 0  # milliseconds
    tables: dict[str, Table] = field(default_factory=dict)
    catalogs: dict[str, Catalog] = field(default_factory=catalogs)
    links: Links = field(default_factory=Links)
    owners: dict[str, PortalOwner] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)  # guid -> name
    campaigns: dict[int, str] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)  # in order of (at, id)
    mail_events: list[MailEvent] = field(default_factory=list)
    submissions: dict[str, list[Submission]] = field(default_factory=dict)  # by form, oldest first
    dispositions: dict[str, str] = field(default_factory=dict)  # id -> label
    lists: dict[str, PortalList] = field(default_factory=_own_lists)

    def __post_init__(self) -> None:
        for kind in KINDS:
            unique = [one.name for one in self.catalogs[kind.singular].properties.values() if one.unique]
            self.tables[kind.singular] = Table(kind, unique)

    def now(self) -> int:
        """Return the practice clock's present, in milliseconds."""
        return millis(self.clock.now())

    def table(self, kind: Kind) -> Table:
        """Return the table of an object type, its search index brought up to now."""
        table = self.tables[kind.singular]
        table.index.settle(self.now())
        return table

    def create(
        self, kind: Kind, given: Mapping[str, str], source: Source, *, late: int = 0, at: int | None = None
    ) -> Row:
        """Make a record from checked values; HubSpot fills in what it always fills in.

        ``late``: milliseconds that search is behind with it. ``at``: another stamp than now.
        """
        at = self.now() if at is None else at
        values = self._normal(kind, given)
        if kind.singular == "deal":
            values = {"pipeline": "default"} | values
            values |= _closing(values.get("dealstage", ""))
        if kind.singular in {"contact", "company"}:
            stage = values.setdefault("lifecyclestage", "lead")
            if stage:
                values[entered(stage)] = stamp_text(at)
        return self.tables[kind.singular].add(values, at, source, self._visible(late))

    def update(
        self, kind: Kind, row: Row, given: Mapping[str, str], source: Source, *, late: int = 0, at: int | None = None
    ) -> bool:
        """Change a record by checked values and let HubSpot react; tells whether anything changed."""
        at = self.now() if at is None else max(at, row.updated)
        table = self.tables[kind.singular]
        values = self._normal(kind, given)
        if kind.singular in {"contact", "company"} and "lifecyclestage" in values:
            values = _staged(row, values, at)
        if kind.singular == "deal" and "dealstage" in values:
            values |= _closing(values["dealstage"])
        table.disclaim(row)
        changed = [name for name, value in values.items() if row.write(name, value, at, source)]
        if changed:
            table.touched(row, at, self._visible(late))
        else:
            table.claim(row)
        if kind.singular == "deal" and "dealstage" in changed:
            self._deal_moved(row)
        return bool(changed)

    def archive(self, kind: Kind, row: Row) -> None:
        """Put a record into the recycle bin and take its associations away."""
        self.tables[kind.singular].archive(row, self.now(), self._visible(0))
        self.links.leave((kind.singular, row.id))
        for one in self.lists.values() if kind.singular == "contact" else ():
            one.members.discard(row.id)

    def join(self, source: tuple[str, str], target: tuple[str, str], *, primary: bool = False) -> None:
        """Associate two records; a first company is primary, and deals move their contacts and companies on."""
        for one, other in ((source, target), (target, source)):
            if other[0] == "company" and one[0] in {"contact", "deal"}:
                primary = primary or self.links.primary(one) is None
        self.links.join(source, target, primary=primary)
        self._after_joining(source, target)

    def part(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Take the associations of two records away."""
        self.links.part(source, target)
        self._after_joining(source, target)

    def _after_joining(self, *records: tuple[str, str]) -> None:
        for singular, row_id in records:
            row = self.tables[singular].live(row_id)
            if row is None:
                continue
            if singular == "contact":
                self.show_company(row)
            if singular == "deal":
                self._deal_moved(row)

    def show_company(self, contact: Row) -> None:
        """Keep ``associatedcompanyid`` what the primary association says."""
        company = self.links.primary(("contact", contact.id)) or ""
        if contact.write("associatedcompanyid", company, self.now(), Source("ASSOCIATIONS", "ASSOCIATIONS")):
            self.tables["contact"].touched(contact, self.now(), self._visible(0))

    def _deal_moved(self, deal: Row) -> None:
        """Move the people and companies of an open or won deal forward (a portal's default lifecycle settings)."""
        stage = deal.values.get("dealstage", "")
        if not stage or (stage in CLOSED and stage != WON):
            return
        wanted = "customer" if stage == WON else "opportunity"
        for singular in ("contact", "company"):
            table = self.tables[singular]
            for row_id in self.links.of(("deal", deal.id), singular):
                row = table.live(row_id)
                if row is not None and moves(row.values.get("lifecyclestage", ""), wanted):
                    self.update(table.kind, row, {"lifecyclestage": wanted}, DEALS_TOOL)

    def _normal(self, kind: Kind, given: Mapping[str, str]) -> dict[str, str]:
        known = self.catalogs[kind.singular].properties
        return {name: normal(known[name], value) for name, value in given.items()}

    def _visible(self, late: int) -> int:
        return self.now() + self.search_lag + late

    def user_source(self, email: str) -> Source | None:
        """Return the source of a change that this user makes by hand in HubSpot's own pages."""
        for owner in self.owners.values():
            if owner.email.lower() == email.lower():
                return Source("CRM_UI", f"userId:{owner.user}", owner.user)
        return None

    def load(self, singular: str, rows: Iterable[Row]) -> None:
        """Fill the table of an object type."""
        self.tables[singular].load(rows)


def pipeline(portal_born: int) -> dict[str, Any]:
    """Return the one deal pipeline, as the pipelines API answers it."""
    stages = [
        {
            "label": label,
            "displayOrder": order,
            "metadata": {"isClosed": str(stage in CLOSED).lower(), "probability": probability},
            "id": stage,
            "createdAt": stamp_text(portal_born),
            "updatedAt": stamp_text(portal_born),
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            "archived": False,
        }
        for order, (stage, label, probability) in enumerate((*OPEN_STAGES, *CLOSED_STAGES))
    ]
    return {
        "label": "Sales Pipeline",
        "displayOrder": 0,
        "id": "default",
        "stages": stages,
        "createdAt": stamp_text(portal_born),
        "updatedAt": stamp_text(portal_born),
        "archived": False,
    }


def _closing(stage: str) -> dict[str, str]:
    return {"hs_is_closed": str(stage in CLOSED).lower(), "hs_is_closed_won": str(stage == WON).lower()}


def _staged(row: Row, values: dict[str, str], at: int) -> dict[str, str]:
    """Drop a backward lifecycle write, or add the dates that go with a real one."""
    current, wanted = row.values.get("lifecyclestage", ""), values["lifecyclestage"]
    if current == wanted or not moves(current, wanted):
        return {name: value for name, value in values.items() if name != "lifecyclestage"}
    if current:
        values[exited(current)] = stamp_text(at)
    if wanted:
        values[entered(wanted)] = stamp_text(at)
    return values
