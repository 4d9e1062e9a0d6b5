"""Generated rule books and histories for the laws: small, full of ties, blanks and things that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from leadline.rules.allocation import place_fact
from leadline.rules.model import (
    ActivityTest,
    All,
    Any,
    AtLeast,
    Book,
    ByHand,
    Capacity,
    Condition,
    Criterion,
    DealsTest,
    DealTest,
    Decay,
    DisqualifiedTest,
    GradeTest,
    Known,
    Months,
    NoActivityFor,
    Not,
    PassTest,
    PreviousStage,
    Score,
    ScoreTest,
    Stage,
    StayTest,
    TimeInStage,
    Transition,
    WasIn,
)
from leadline.rules.state import UNREADABLE, Fact
from tests.rules.deciding.books import bands, by_hand, day, days, deal, deal_said, did, said, small_book, where
from tests.rules.deciding.promised import DURING, EASY, calendars, consequences, easy_moves, slas

DAYS = st.integers(0, 120).map(lambda half: half / 2)
NAMES = st.sampled_from(["demo_request", "webinar"])
WINDOWS = st.sampled_from([None, days(3), days(10), timedelta(days=7, hours=5)])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])
POINTS = st.sampled_from([Decimal(10), Decimal(-7), Decimal(40), Decimal("2.5")])
NAMED = {
    "employees": st.sampled_from([None, 10, 100, 5000]),
    "email": st.sampled_from([None, "a@free.example", "b@rival.example", "c@acme.example"]),
    "status": st.sampled_from([None, "Accepted", "Rejected"]),
    "authority": st.sampled_from([None, True, False]),
    "budget": st.sampled_from([None, True, False]),
    "country": st.sampled_from([None, "Germany", "Peru"]),
    "amount": st.sampled_from([None, Decimal(900), Decimal(1000), Decimal(1500)]),
    "currency": st.sampled_from([None, "EUR", "usd", "JPY"]),
    "topics": st.sampled_from([None, ("crm",), ("price", "crm"), ("news",)]),
    "timeline": st.integers(-30, 90).map(lambda number: date(2026, 1, 1) + timedelta(days=number)),
}
DEAL_VALUES = {
    "worth": st.sampled_from([None, Decimal(-100), Decimal(900), Decimal(1200)]),
    "code": st.sampled_from([None, "EUR", "usd", "JPY"]),
    "closes": st.integers(-30, 90).map(lambda number: date(2026, 1, 1) + timedelta(days=number)),
    "kind": st.sampled_from([None, "new", "renewal"]),
}


def _attribute_tests() -> st.SearchStrategy[Condition]:
    return st.one_of(
        st.sampled_from([50, 100, 1000]).map(lambda number: where("employees", "at_least", number)),
        st.sampled_from(
            [
                where("email", "domain_in", "free.example"),
                where("status", "in", "Accepted"),
                where("status", "in", "Rejected"),
                where("authority", "is", True),
                where("budget", "is", True),
                where("region", "in", "EMEA"),
                where("timeline", "within_next", Months(1)),
                where("timeline", "within_next", days(5)),
                where("timeline", "within_last", days(9)),
                where("timeline", "within_last", Months(1)),
                where("timeline", "older_than", days(12)),
                where("timeline", "older_than", Months(1)),
                where("timeline", "before", date(2026, 2, 1)),
                where("timeline", "between", date(2026, 1, 20), date(2026, 2, 20)),
                where("employees", "between", 50, 1000),
                where("amount", "over", 1000, currency="EUR"),
                where("amount", "between", 1000, 1400, currency="USD"),
                where("email", "pattern", "^[ab]@"),
                where("email", "ends", "free.example", "acme.example"),
                where("topics", "all_of", "crm", "price"),
                where("topics", "in", "crm"),
                Known("authority"),
            ]
        ),
        st.builds(
            ActivityTest,
            NAMES,
            WINDOWS,
            st.integers(0, 2),
            st.booleans(),
            st.sampled_from([None, None, 2, 3]),
            st.booleans(),
        ),
        st.sampled_from([days(4), days(20)]).map(NoActivityFor),
        st.builds(
            DealTest, st.sampled_from(["open", "won", "lost"]), st.booleans(), st.sampled_from(["", "", "renewed"])
        ),
        deals_tests(),
    )


OF_A_DEAL = st.sampled_from(
    [
        where("worth", "over", 1000, currency="EUR"),
        where("closes", "within_next", days(9)),
        where("closes", "within_last", Months(1)),
        where("kind", "in", "new"),
        where("state", "in", "open"),
        Known("worth"),
        Not(where("closes", "older_than", days(5))),
        All((where("state", "in", "won", "open"), where("closes", "before", date(2026, 2, 1)))),
    ]
)
TOTALS = st.sampled_from(
    [
        where("worth", "over", 1000, currency="EUR"),
        where("worth", "between", 500, 1500, currency="USD"),
        where("worth", "equals", 900),
        where("worth", "under", 1000),
    ]
)


@st.composite
def deals_tests(draw: st.DrawFn) -> DealsTest:
    """Return a question about deals of any form."""
    how = draw(st.sampled_from(["any", "all", "none", "newest", "count", "sum"]))
    asked = draw(OF_A_DEAL) if how in ("any", "all", "none", "newest") else draw(st.one_of(st.none(), OF_A_DEAL))
    least, most = draw(st.sampled_from([(1, None), (2, None), (0, 1), (1, 1)])) if how == "count" else (1, None)
    total = draw(TOTALS) if how == "sum" else None
    return DealsTest(how, asked, least, most, total, draw(st.booleans()))


def _stage_tests() -> st.SearchStrategy[Condition]:
    return st.one_of(
        st.builds(ScoreTest, st.just("one"), st.sampled_from(["at_least", "under"]), st.sampled_from([Decimal(10)])),
        st.sampled_from(
            [
                GradeTest(("A1", "B1")),
                GradeTest(("A", "B"), "one"),
                GradeTest(("hot",), temperature=True),
                TimeInStage(days(6)),
                PassTest(2),
                PassTest(0, 2),
                PreviousStage(("b", "x")),
                WasIn(("b", "c")),
                StayTest(),
                DisqualifiedTest(),
            ]
        ),
    )


def combined(leaves: st.SearchStrategy[Condition], most: int) -> st.SearchStrategy[Condition]:
    """Return conditions of up to so many tests."""
    return st.recursive(
        leaves,
        lambda parts: st.one_of(
            st.lists(parts, min_size=1, max_size=3).map(lambda found: All(tuple(found))),
            st.lists(parts, min_size=1, max_size=3).map(lambda found: Any(tuple(found))),
            st.lists(parts, min_size=2, max_size=3).map(lambda found: AtLeast(2, tuple(found))),
            parts.map(Not),
        ),
        max_leaves=most,
    )


LEAVES = st.one_of(_attribute_tests(), st.just(TimeInStage(days(6))))
ATTRIBUTES = st.one_of(_attribute_tests(), combined(_attribute_tests(), 4))
ANYTHING = st.one_of(_attribute_tests(), _stage_tests(), combined(st.one_of(_attribute_tests(), _stage_tests()), 4))
WITHOUT_STAY = ANYTHING.filter(lambda condition: "StayTest" not in repr(condition))


@st.composite
def criteria(draw: st.DrawFn, name: str) -> Criterion:
    """Return one line of a score in any of its forms."""
    form = draw(st.sampled_from(["when", "bands", "activity", "activity", "disqualify"]))
    limit = draw(st.sampled_from([None, Decimal(12)]))
    group = draw(st.sampled_from([None, "web"]))
    if form == "bands":
        sizes = bands("employees", (None, 49, -5), (50, 199, 10), (200, None, 30))
        return Criterion(name, bands=sizes, up_to=limit, group=group)
    if form == "when":
        return Criterion(name, draw(POINTS), when=draw(ATTRIBUTES), up_to=limit, group=group)
    if form == "disqualify":
        return Criterion(name, when=where("email", "domain_in", "rival.example"), disqualify="competitor")
    match = draw(st.sampled_from(["each", "first", "latest", "count", "distinct_days", "distinct_days"]))
    if match == "count" or (match == "distinct_days" and draw(st.booleans())):
        chosen = bands("", (0, 0, -5), (1, 2, 10), (4, None, 30)).bands
        return Criterion(
            name,
            activity=draw(NAMES),
            match=match,
            within=draw(WINDOWS),
            up_to=limit,
            group=group,
            counted=chosen,
        )
    if match == "distinct_days":
        most = draw(st.sampled_from([None, 1, 2]))
        return Criterion(name, draw(POINTS), None, None, draw(NAMES), match, draw(WINDOWS), most, limit, group=group)
    return Criterion(
        name,
        draw(POINTS),
        activity=draw(NAMES),
        match=match,
        within=draw(WINDOWS),
        at_most=draw(st.sampled_from([None, 1, 2])),
        up_to=limit,
        decay=draw(st.sampled_from([None, Decay(Decimal("0.5"), days(4)), Decay(Decimal("0.3"), days(2))])),
        group=group,
    )


@st.composite
def scores(draw: st.DrawFn, name: str) -> Score:
    """Return a score with up to four criteria."""
    lines = tuple(draw(criteria(f"c{number}")) for number in range(draw(st.integers(1, 4))))
    grades = (("A", Decimal(30)), ("B", Decimal(5))) if name == "one" else (("1", Decimal(8)), ("2", Decimal(0)))
    floor, cap = draw(st.sampled_from([(None, None), (Decimal(0), Decimal(35)), (Decimal(-10), None)]))
    return Score(name, lines, floor, cap, {"web": Decimal(15)}, grades)


@st.composite
def transitions(draw: st.DrawFn, number: int) -> Transition:
    """Return a listed transition between two of the stages."""
    source = draw(st.sampled_from(["a", "b", "c", "x", "y"]))
    target = draw(st.sampled_from([name for name in ("a", "b", "c", "x", "y") if name != source]))
    after = draw(st.sampled_from([None, None, days(5), days(12)]))
    return Transition(
        f"{source}->{target}#{number}",
        source,
        target,
        draw(st.one_of(st.none(), ANYTHING)),
        draw(st.sampled_from([None, "cooled"])),
        after,
        draw(st.one_of(st.none(), WITHOUT_STAY)) if after else None,
        draw(st.sampled_from([None, 1, 2])),
        draw(st.sampled_from([None, None, "again"])),
    )


CAPACITIES = st.sampled_from(
    [
        {},
        {},
        {"b": Capacity("b", 1, "country", "one")},
        {"c": Capacity("c", 2, "owner team"), "b": Capacity("b", 1)},
        {"x": Capacity("x", 1), "c": Capacity("c", 1, "region", "two")},
    ]
)


@st.composite
def generated_books(draw: st.DrawFn) -> Book:
    """Return a book of three main-path stages and two detours."""
    stages = [
        Stage(
            name,
            kind,
            start=name == "a",
            require=draw(st.sampled_from([(), (), ("email",)])),
            enter=draw(st.one_of(st.none(), ANYTHING)),
            stay=draw(st.one_of(st.none(), WITHOUT_STAY)),
            exit=draw(st.one_of(st.none(), st.none(), WITHOUT_STAY)),
        )
        for name, kind in (("a", "inventory"), ("b", "sla"), ("c", "gate"), ("x", "detour"), ("y", "detour"))
    ]
    listed = [draw(transitions(number)) for number in range(draw(st.integers(0, 5)))]
    return small_book(
        stages,
        ("a", "b", "c"),
        listed,
        scores={"one": draw(scores("one")), "two": draw(scores("two"))},
        grid=type(small_book([], []).grid)("one", "two"),
        by_hand=draw(st.sampled_from([ByHand(), ByHand(False, days(9)), ByHand(True, None)])),
        zone=draw(ZONES),
        capacity=draw(CAPACITIES),
    )


@st.composite
def books_with_slas(draw: st.DrawFn) -> Book:
    """Return a generated book with one or two SLAs, and moves that they cause."""
    book = draw(generated_books())
    found = {"first": draw(slas("first"))}
    if draw(st.booleans()):
        found["second"] = draw(slas("second", ("first",)))
    moves = tuple(draw(consequences(number)) for number in range(draw(st.integers(0, 2))))
    ways = [draw(easy_moves(number)) for number in range(draw(st.integers(0, 3)))]
    stages = {name: replace(stage, require=(), exit=None) for name, stage in book.stages.items()}
    stages["b"] = replace(stages["b"], enter=draw(st.one_of(DURING, EASY, EASY)))
    listed = (*(item for item in book.transitions if item.source != "a"), *ways, *moves)
    return replace(book, slas=found, calendars=calendars(), stages=stages, transitions=listed, capacity={})


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """Return a fact of any kind in the first sixty days; seen at once."""
    at = draw(DAYS)
    kind = draw(
        st.sampled_from(
            ["field", "field", "field", "activity", "activity", "activity", "deal", "deal field", "human", "place"]
        )
    )
    if kind == "place":
        return place_fact(draw(st.sampled_from(["b", "c", "x"])), day(at))
    if kind == "activity":
        return did(draw(NAMES), at, record=draw(st.sampled_from([None, None, "e1", "e2"])))
    if kind == "deal":
        kind = draw(st.sampled_from(["deal", "deal", "renewed"]))
        record = draw(st.sampled_from(["deal:1", "deal:2"]))
        return deal(draw(st.sampled_from(["open", "won", "lost", None])), at, record, kind)
    if kind == "deal field":
        name = draw(st.sampled_from(sorted(DEAL_VALUES)))
        value = draw(st.one_of(DEAL_VALUES[name], DEAL_VALUES[name], st.just(UNREADABLE)))
        return deal_said(name, value, at, draw(st.sampled_from(["deal:1", "deal:2"])))
    if kind == "human":
        return by_hand(draw(st.sampled_from(["a", "b", "c", "x", "elsewhere"])), at)
    name = draw(st.sampled_from(sorted(NAMED)))
    value = draw(st.one_of(NAMED[name], NAMED[name], NAMED[name], st.just(UNREADABLE)))
    record, rank = draw(st.sampled_from([("lead:1", 0), ("contact:1", 1), ("hub:1", 2)]))
    return said(name, value, at, record, rank=rank, source="hubspot" if rank == 2 else "salesforce")


HISTORIES = st.lists(facts(), min_size=3, max_size=18)


def until(histories: list[Fact], first: float, last: float) -> list[Fact]:
    """Return the facts in (first, last], both in days."""
    return [item for item in histories if day(first) < item.at <= day(last)]
