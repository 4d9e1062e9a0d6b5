"""Small books, outcomes and a reader that prices calls as Salesforce and HubSpot do, for tests without a CRM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

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
from leadline.rules.model import Book, Grid, Guards, Publish, Score, Stage, StageTarget, WriteTargets
from leadline.rules.state import Outcome, ScoreValue, StageDate
from leadline.sync.plan import PersonView, Published, RecordView
from leadline.sync.plan.records import Compared
from leadline.sync.plan.source import AccountView, DueEffect

T0 = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
STAGES = ("inquiry", "mql", "sal", "customer", "recycled", "disqualified")
LIFECYCLE = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")
HUBSPOT_STAGES: Mapping[str, str | None] = {
    "inquiry": "lead",
    "mql": "marketingqualifiedlead",
    "sal": None,
    "customer": "customer",
    "recycled": "lead",
    "disqualified": None,
}


def a_book(*, guards: Guards | None = None, publish: Publish | None = None) -> Book:
    """Return a book with two scores, a grid and write targets in both CRMs."""
    return Book(
        name="test",
        fields={},
        activities={},
        scores={name: Score(name, ()) for name in ("fit", "interest")},
        stages={name: Stage(name, "inventory", start=name == "inquiry") for name in STAGES},
        main_path=("inquiry", "mql", "sal", "customer"),
        transitions=(),
        grid=Grid("fit", "interest"),
        write={
            "salesforce": WriteTargets(
                "salesforce",
                stage=StageTarget("Stage__c", {stage: stage for stage in STAGES}),
                scores={"fit": "Fit__c", "interest": "Interest__c"},
                grade="Grade__c",
                why="Why__c",
                entered={"mql": "MQL_Date__c"},
                pass_number="Pass__c",
                previous="Previous__c",
            ),
            "hubspot": WriteTargets(
                "hubspot", stage=StageTarget("lifecyclestage", HUBSPOT_STAGES), scores={"fit": "fit_score"}
            ),
        },
        guards=guards or Guards(most_records=None, most_percent=None, backward=None),
        publish=publish or Publish(),
        hash="b" * 64,
    )


def an_outcome(stage: str = "mql", fit: str = "60", **more: object) -> Outcome:
    """Return an outcome; ``more`` replaces any of its parts."""
    score = ScoreValue(Decimal(fit), Decimal(fit), Decimal(fit))
    values: dict[str, object] = {
        "stage": stage,
        "since": T0,
        "pass_number": 1,
        "scores": {"fit": score, "interest": ScoreValue(Decimal("2.5"), Decimal(0), Decimal(9))},
        "grades": {"fit": "A", "interest": "2"},
        "cell": "A2",
        "temperature": None,
        "disqualified": (),
        "previous": "inquiry",
        "why": "because",
        "entered": {"inquiry": StageDate(T0, implied=True), "mql": StageDate(T0)},
    }
    return Outcome(**{**values, **more})  # type: ignore[arg-type]


def salesforce(key: str = "1", name: str = "Lead") -> RecordRef:
    """Return a Salesforce reference."""
    return RecordRef("salesforce", name, f"00Q{key:0>15}")


def hubspot(key: str = "1") -> RecordRef:
    """Return a HubSpot reference."""
    return RecordRef("hubspot", "contact", key)


def a_person(
    key: str,
    outcome: Outcome,
    *records: tuple[RecordRef, Mapping[str, Raw]],
    published: Published | None = None,
    parked: Mapping[str, Raw] | None = None,
) -> PersonView:
    """Return a person with these live records."""
    views = tuple(RecordView(ref, fields, "", published, parked or {}) for ref, fields in records)
    return PersonView(key, outcome, f"d-{key}", views, came_from=outcome.previous)


@dataclass
class People:
    """A plan source over a list."""

    persons: Sequence[PersonView]
    cycle: int = 1
    frontier: datetime = T0
    adoption: bool = False
    due: tuple[DueEffect, ...] = ()

    def people(self) -> Iterator[PersonView]:
        """Yield them."""
        return iter(self.persons)

    def accounts(self) -> Iterator[AccountView]:
        """Yield nothing: these people have no accounts."""
        return iter(())

    @property
    def left_out(self) -> Mapping[tuple[Crm, str, str], int]:
        """Return nothing: it shows everybody."""
        return {}

    def population(self, enough: int) -> int:
        """Count all records."""
        return min(enough, sum(len(person.records) for person in self.persons))

    def hear(self, compared: Compared) -> None:
        """Remember nothing."""

    def effects(self, book: Book) -> tuple[DueEffect, ...]:
        """Return what is due."""
        del book
        return self.due


@dataclass
class PricingReader:
    """Describes the fields of ``a_book`` and prices calls as the vendors' batches do; reads nothing."""

    crm: Crm
    hidden: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)

    def organisation(self) -> str:
        """Return a made-up organisation."""
        return f"org-{self.crm}"

    def server_time(self) -> datetime:
        """Return the kit's instant."""
        return T0

    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        """Return every field of the book's targets that is not hidden."""
        self.asked.append("describe")
        types = {
            "Stage__c": "picklist",
            "Fit__c": "double",
            "Interest__c": "double",
            "Grade__c": "string",
            "Why__c": "string",
            "MQL_Date__c": "date",
            "Pass__c": "double",
            "Previous__c": "string",
            "lifecyclestage": "enumeration",
            "fit_score": "number",
            "lifecycle_reason": "string",
        }
        fields = {
            name: FieldDescription(
                name,
                kind,
                updateable=name not in self.read_only,
                options=LIFECYCLE if name == "lifecyclestage" else (),
            )
            for name, kind in types.items()
            if name not in self.hidden
        }
        return {name: ObjectDescription(name, fields) for name in objects}

    def records(self, request: RecordRequest) -> Iterator[tuple[SourceRecord, ...]]:
        """Yield nothing."""
        return iter(())

    def activities(self, request: ActivityRequest) -> Iterator[tuple[SourceActivity, ...]]:
        """Yield nothing."""
        return iter(())

    def read_back(self, refs: Sequence[RecordRef], fields: Sequence[str]) -> Mapping[RecordRef, Mapping[str, Raw]]:
        """Return nothing."""
        return {}

    def quota(self) -> Quota:
        """Return an unknown quota."""
        return Quota(None, None)

    def calls(self) -> Mapping[str, int]:
        """Return no calls."""
        return {}

    def forecast(self, writes: Sequence[RecordWrite]) -> Mapping[str, int]:
        """Price writes by the vendors' largest batches."""
        size, back = (1000, 2000) if self.crm == "salesforce" else (100, 100)
        return {"write": -(-len(writes) // size), "read_back": -(-len(writes) // back)}

    def close(self) -> None:
        """Do nothing."""


READERS = {"salesforce": PricingReader("salesforce"), "hubspot": PricingReader("hubspot")}
SHOWN_SALESFORCE: Mapping[str, Raw] = {
    # What ``an_outcome()`` looks like in Salesforce once it was written, in Salesforce's own spelling.
    "Stage__c": "mql",
    "Fit__c": Decimal("60.0"),
    "Interest__c": Decimal("2.50"),
    "Grade__c": "A2",
    "Why__c": "because",
    "MQL_Date__c": "2026-03-01",
    "Pass__c": Decimal("1.0"),
    "Previous__c": "inquiry",
}
SHOWN_HUBSPOT: Mapping[str, Raw] = {"lifecyclestage": "marketingqualifiedlead", "fit_score": "60"}
