"""Small rule books and facts for tests, built straight from the dataclasses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from leadline.rules.model import (
    Activity,
    ActivityTest,
    All,
    Any,
    AtLeast,
    Band,
    Bands,
    Book,
    ByHand,
    Condition,
    Criterion,
    Deals,
    DealTest,
    Decay,
    DisqualifiedTest,
    Field,
    FieldSource,
    FieldTest,
    GradeTest,
    Grid,
    Months,
    NoActivityFor,
    Not,
    Score,
    Stage,
    StayTest,
    TableLookup,
    Temperatures,
    Transition,
)
from leadline.rules.state import Fact, FactKind, Unreadable

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    """Return the instant so many days after the start of 2026 (UTC)."""
    return START + timedelta(days=number)


def days(number: float) -> timedelta:
    """Return a duration in days."""
    return timedelta(days=number)


def fact(kind: FactKind, name: str, value: object, at: float, record: str = "r1", **more: object) -> Fact:
    """Return a fact ``at`` days after the start, seen at once from Salesforce."""
    assert value is None or isinstance(value, bool | int | str | Decimal | tuple | datetime | Unreadable) or True
    when = day(at)
    seen = more.pop("seen", at)
    source = more.pop("source", "salesforce")
    return Fact(kind, name, value, when, source, record, day(seen), **more)  # type: ignore[arg-type]


def said(name: str, value: object, at: float = 0, record: str = "lead:1", **more: object) -> Fact:
    """Return a fact about a field."""
    return fact("field", name, value, at, record, **more)


def did(name: str, at: float, record: str | None = None, **more: object) -> Fact:
    """Return a fact about an activity; its id is its instant unless named."""
    return fact("activity", name, None, at, record or f"{name}@{at}", **more)


def deal(state: str | None, at: float, record: str = "deal:1", kind: str = "deal") -> Fact:
    """Return a fact about a deal, or about a deal as one of a kind."""
    return fact("deal", kind, state, at, record)


def deal_said(name: str, value: object, at: float, record: str = "deal:1", **more: object) -> Fact:
    """Return a fact about a deal's own field."""
    return fact("field", f"deal.{name}", value, at, record, **more)


def by_hand(stage: str, at: float, who: str = "jo") -> Fact:
    """Return a stage change that a person made in a CRM."""
    return fact("human", who, stage, at, "lead:1")


def field(name: str, type_: str = "text", **more: object) -> Field:
    """Return a field with three sources: Lead and Contact in Salesforce, contact in HubSpot."""
    sources = (
        FieldSource("salesforce", "Lead", name),
        FieldSource("salesforce", "Contact", name),
        FieldSource("hubspot", "contact", name),
    )
    return Field(name, type_, sources, **more)  # type: ignore[arg-type]


def where(name: str, op: str, *operands: object, currency: str | None = None) -> FieldTest:
    """Return a field test; ints become exact decimals."""
    exact = tuple(
        Decimal(item) if isinstance(item, int) and not isinstance(item, bool) else item for item in operands
    )
    return FieldTest(name, op, exact, currency)  # type: ignore[arg-type]


def bands(field_name: str, *edges: tuple[int | None, int | None, int]) -> Bands:
    """Return bands of (lowest, highest, points)."""

    def exact(edge: int | None) -> Decimal | None:
        return None if edge is None else Decimal(edge)

    return Bands(field_name, tuple(Band(exact(low), exact(high), Decimal(points)) for low, high, points in edges))


FIELDS = [
    field("email"),
    field("title", prefer="newest"),
    field("country"),
    Field("region", "text", (), table=TableLookup("regions.csv", "country", {"germany": "EMEA", "peru": "LATAM"})),
    field("industry"),
    field("employees", "integer"),
    field("status", signal=True),
    field("budget", "boolean", has_blank=True, blank=False),
    field("authority", "boolean"),
    field("need", "boolean"),
    field("timeline", "date"),
    field("topics", "list"),
    field("amount", "money", currency="currency"),
    field("currency"),
    field("opted_out", "boolean", has_blank=True, blank=False),
]
DEAL_FIELDS = [
    field("worth", "money", currency="code"),
    field("code"),
    field("closes", "date"),
    field("kind", has_blank=True, blank="new"),
]
ACTIVITIES = ["pricing_page", "whitepaper", "demo_request", "email_click", "webinar"]

FIT = Score(
    "fit",
    (
        Criterion("senior title", Decimal(25), when=where("title", "has_word", "chief", "vp", "director", "head")),
        Criterion(
            "company size", bands=bands("employees", (None, 49, 0), (50, 199, 10), (200, 4999, 30), (5000, None, 20))
        ),
        Criterion("target industry", Decimal(20), when=where("industry", "in", "Software", "Logistics")),
        Criterion("free e-mail", Decimal(-30), when=where("email", "domain_in", "free.example")),
        Criterion("competitor", when=where("email", "domain_in", "rival.example"), disqualify="competitor"),
    ),
    Decimal(0),
    Decimal(100),
    {},
    (("A", Decimal(60)), ("B", Decimal(40)), ("C", Decimal(20)), ("D", Decimal(0))),
)
INTEREST = Score(
    "interest",
    (
        Criterion("pricing page", Decimal(10), activity="pricing_page", match="each", within=days(30), at_most=3),
        Criterion("whitepaper", Decimal(8), activity="whitepaper", match="each", within=days(90), at_most=2),
        Criterion(
            "demo request",
            Decimal(40),
            activity="demo_request",
            match="latest",
            decay=Decay(Decimal("0.5"), days(14)),
        ),
        Criterion(
            "e-mail clicks", Decimal(3), activity="email_click", match="each", within=days(30), up_to=Decimal(12)
        ),
        Criterion("webinar", Decimal(15), activity="webinar", match="each", within=days(60)),
        Criterion("gone quiet", Decimal(-20), when=NoActivityFor(days(45))),
    ),
    Decimal(0),
    Decimal(100),
    {},
    (("1", Decimal(50)), ("2", Decimal(30)), ("3", Decimal(10)), ("4", Decimal(0))),
)
SALES = (FieldTest("status", "in", ("Accepted", "Working")),)


def waterfall(**changes: object) -> Book:
    """Return a demand waterfall like the sketch's."""
    bant: Condition = All(
        (
            AtLeast(
                3,
                (
                    where("budget", "is", True),
                    where("authority", "is", True),
                    where("need", "is", True),
                    where("timeline", "within_next", Months(6)),
                ),
            ),
            where("amount", "over", 0),
        )
    )
    ready = All((GradeTest(("A1", "A2", "B1")), where("opted_out", "is", False)))
    stages = [
        Stage("inquiry", "inventory", "marketing", start=True),
        Stage(
            "mql",
            "sla",
            "marketing",
            require=("email",),
            enter=Any((ActivityTest("demo_request", days(7)), ready)),
            stay=Any((ActivityTest("demo_request", days(14)), GradeTest(("A1", "A2", "A3", "B1", "B2")))),
        ),
        Stage("sal", "gate", "sales", enter=SALES[0]),
        Stage("sql", "gate", "sales", enter=bant),
        Stage("opportunity", "inventory", "sales", enter=DealTest("open")),
        Stage("customer", "final", "success", enter=DealTest("won")),
        Stage("recycled", "detour", "marketing", reasons=("rejected by sales", "cooled", "lost")),
        Stage("disqualified", "detour", "marketing"),
    ]
    rejected = where("status", "in", "Rejected")
    transitions = [
        Transition("mql->recycled#1", "mql", "recycled", Not(StayTest()), "cooled"),
        Transition("mql->recycled#2", "mql", "recycled", rejected, "rejected by sales"),
        Transition("sal->recycled#2", "sal", "recycled", rejected, "rejected by sales"),
        Transition("opportunity->recycled#3", "opportunity", "recycled", DealTest("lost"), "lost"),
        Transition(
            "recycled->mql#4",
            "recycled",
            "mql",
            after=days(30),
            at_once_when=ActivityTest("demo_request"),
            at_most=3,
        ),
        Transition("recycled->opportunity#5", "recycled", "opportunity"),
        Transition("recycled->customer#5", "recycled", "customer"),
        *(
            Transition(f"{name}->disqualified#6", name, "disqualified", DisqualifiedTest())
            for name in ("inquiry", "mql", "sal", "sql", "recycled")
        ),
    ]
    parts: dict[str, object] = {
        "name": "Acme",
        "fields": {item.name: item for item in FIELDS},
        "activities": {name: Activity(name, ()) for name in ACTIVITIES},
        "scores": {"fit": FIT, "interest": INTEREST},
        "stages": {stage.name: stage for stage in stages},
        "main_path": ("inquiry", "mql", "sal", "sql", "opportunity", "customer"),
        "transitions": tuple(transitions),
        "grid": Grid("fit", "interest"),
        "temperatures": Temperatures((("hot", ("A1", "A2", "B1")), ("warm", ("A3", "B2", "C1"))), "cold"),
        "by_hand": ByHand(),
        "deals": Deals(fields={item.name: item for item in DEAL_FIELDS}),
        "rates": {"EUR": Decimal(1), "USD": Decimal("0.9")},
    }
    return Book(**{**parts, **changes})  # type: ignore[arg-type]


def small_book(
    stages: Iterable[Stage], path: Iterable[str], transitions: Iterable[Transition] = (), **changes: object
) -> Book:
    """Return a book with the fields and activities above and the stages given."""
    return waterfall(
        stages={stage.name: stage for stage in stages},
        main_path=tuple(path),
        transitions=tuple(transitions),
        **changes,
    )
