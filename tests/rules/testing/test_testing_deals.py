"""Rule tests tell deals with fields of their own, and stories of real deals become such tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from leadline.rules.reading import read_book
from leadline.rules.state import Fact, FactKind
from leadline.rules.testing import read_cases, run_cases
from leadline.rules.testing.telling import Story, tell

BOOK = read_book(
    {
        "rules.yml": b"""
leadline: 1
name: Deals
fields: {email: {type: text, salesforce: Lead.Email}}
deals:
  fields:
    amount: {type: money, salesforce: Opportunity.Amount}
    closes: {type: date, salesforce: Opportunity.CloseDate}
    product: {type: text, salesforce: Opportunity.Name}
  renewed: {state: won, type: Renewal}
  churned: {state: lost, type: [Renewal, Upgrade]}
stages:
  inquiry: {kind: inventory}
  sql: {kind: gate, enter: {deal: {any: {all: [{amount: {over: 1000}}, {not: {product: {contains: trial}}}]}}}}
  customer: {kind: inventory, enter: {deal: {sum: amount, at_least: 3000}}}
  retained: {kind: inventory, enter: {deal: renewed}}
  churned away: {kind: detour}
paths:
  - inquiry -> sql -> customer -> retained
  - {from: [customer, retained], to: churned away, when: {all: [{deal: churned}, {not: {deal: renewed}}]}}
  - {from: churned away, to: retained}
"""
    }
)


def passes(text: str) -> list[str]:
    """Run tests and return what failed."""
    results = run_cases(BOOK, read_cases(BOOK, {"tests/t.yml": text.encode()}))
    return [f"{failure.what}: {failure.actual}" for result in results for failure in result.failures]


def test_deals_with_fields_of_their_own() -> None:
    """One deal needs no name; of several each says its state and its fields, which change by themselves."""
    text = """
- test: amounts
  start: 2026-03-01
  history:
    - 2026-03-02: {deal: {state: open, amount: 900, product: Suite}}
    - 2026-03-03: {deal: {amount: 1500}}
    - 2026-03-05: {deal: {second: {state: open, amount: 1500, closes: 2026-05-01}}}
  expect:
    - 2026-03-02: {stage: inquiry}
    - 2026-03-03: {stage: sql}
    - 2026-03-05: {stage: customer}
"""
    assert passes(text) == []


def test_what_is_renewed_is_no_longer_churned() -> None:
    """A deal of a name is of one kind at a time: the later word undoes the earlier one."""
    text = """
- test: back again
  start: 2026-03-01
  adopted: customer
  history:
    - 2026-03-02: {deal: {x: churned}}
    - 2026-03-03: {deal: {x: renewed}}
    - 2026-03-04: {deal: {x: churned}}
  expect:
    - 2026-03-02: {stage: churned away}
    - 2026-03-03: {stage: retained}
    - 2026-03-04: {stage: churned away}
"""
    assert passes(text) == []


def test_a_story_tells_its_deals_masked() -> None:
    """Amounts stay, texts are masked as far as the rules let them, and the told test passes."""
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def fact(kind: FactKind, name: str, value: object, hours: int, record: str) -> Fact:
        at = start + timedelta(hours=hours)
        return Fact(kind, name, value, at, "salesforce", record, at)  # type: ignore[arg-type]

    facts = (
        fact("deal", "deal", "open", 1, "Opportunity/1"),
        fact("field", "deal.amount", Decimal("2000.50"), 1, "Opportunity/1"),
        fact("field", "deal.product", "Secret trial", 1, "Opportunity/1"),
        fact("field", "deal.product", "Secret plan", 9, "Opportunity/1"),
        fact("deal", "deal", "open", 30, "Opportunity/2"),
        fact("field", "deal.amount", Decimal(5000), 30, "Opportunity/2"),
        fact("field", "deal.closes", date(2026, 4, 1), 31, "Opportunity/2"),
    )
    told = tell(BOOK, Story(facts, start, start + timedelta(days=5)), "two deals")
    assert "Secret" not in told.text
    assert "amount: 2000.5" in told.text
    assert told.lost == ()
    assert passes(told.text) == [], told.text
