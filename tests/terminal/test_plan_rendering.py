"""What an operator sees of a plan: who moves, what is written first, and whether a guard stands in the way."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from rich.console import Console

from leadline.common.values import RecordRef
from leadline.pages.plan import plan_page
from leadline.sync.cycle import PlannedResult
from leadline.sync.guards import GuardStop
from leadline.sync.plan.model import Counts, EffectKind, Held, Plan, PlannedEffect
from leadline.sync.plan.write import PlannedWrite
from leadline.sync.results import EvaluationResult, PullResult
from leadline.terminal.plan import render_funnel, render_plan, render_planned

AT = datetime(2026, 6, 30, 16, tzinfo=UTC)


def printed(draw: Callable[[Console], None]) -> list[str]:
    """Return the lines that are drawn, white space folded."""
    stream = io.StringIO()
    draw(Console(file=stream, width=160, highlight=False))
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def write(person: str, field: str, old: str | None, new: str | Decimal, stage: str | None = None) -> PlannedWrite:
    """Return a planned write to one HubSpot contact for each person."""
    ref = RecordRef("hubspot", "contact", person.removeprefix("p-"))
    return PlannedWrite(ref, person, field, "text", old, new, f"d-{person}", stage=stage)


def plan_of(*writes: PlannedWrite, backward: int = 0) -> Plan:
    """Return a plan of these writes."""
    counts = Counts({"hubspot": len(writes)}, {"mql": 1}, {}, backward, len({item.person for item in writes}))
    calls = {"hubspot": {"write": 1, "read_back": 1}}
    return Plan("f" * 64, 1, AT, "b" * 64, {"hubspot": "1"}, False, writes, calls, counts)


def planned(plan: Plan, *stops: GuardStop) -> PlannedResult:
    """Return the result of a `leadline plan` that moved nine people."""
    pulled = PullResult(1, AT, {"hubspot": AT}, {"hubspot contact": 3}, {}, 3, 0, 0)
    evaluation = EvaluationResult(1, AT, 9, 0, 9, ("p-1",), 9, {"inquiry->mql": 9})
    return PlannedResult(pulled, evaluation, plan, stops, False, {"mql": 9, "inquiry": 91, "gone": 0}, {})


def test_the_head_begins_with_people_who_move() -> None:
    """Stage writes come first, and the other fields are shown of somebody who moves where there is one."""
    writes = [write(f"p-{number}", "fit_score", "1", "2") for number in range(1, 40)]
    writes += [write("p-39", "lifecyclestage", "lead", "marketingqualifiedlead", stage="mql")]
    lines = printed(lambda console: render_plan(console, plan_of(*writes), head=4))
    rows = [line for line in lines if line.startswith("p-")]
    assert rows[0] == "p-39 contact/39 lifecyclestage lead marketingqualifiedlead d-p-39"
    assert rows[1].startswith("p-39 contact/39 fit_score")
    assert len(rows) == 3
    assert "... and 37 more; `leadline plan -o plan.json` saves them all." in lines


def test_a_file_is_named_where_it_was_written() -> None:
    """With ``-o`` the reader is sent to that file."""
    writes = [write(f"p-{number}", "fit_score", "1", "2") for number in range(1, 40)]
    lines = printed(lambda console: render_plan(console, plan_of(*writes), Path("my.json")))
    assert any(line.startswith("... and ") and line.endswith("; my.json has them all.") for line in lines)


def test_the_funnel_follows_the_book() -> None:
    """Stages stand in the book's order; one that the book does not have comes last."""
    stock = {"customer": 1, "gone": 2, "inquiry": 5, "mql": 2}
    lines = printed(lambda console: render_funnel(console, stock, ["inquiry", "mql", "customer"]))
    stages = [line.split()[0] for line in lines if line.split() and line.split()[-1] == "%"]
    assert stages == ["inquiry", "mql", "customer", "gone"]


def test_moves_and_the_next_command_are_shown() -> None:
    """A plan that may be applied says how many people move and how to apply it."""
    plan = plan_of(write("p-1", "lifecyclestage", "lead", "mql", stage="mql"), backward=1)
    lines = printed(lambda console: render_planned(console, planned(plan), Path("plan.json"), ["inquiry", "mql"]))
    assert "inquiry -> mql 9" in lines
    assert "1 person goes back or off the main path." in lines
    assert lines[-1] == "Saved in plan.json. `leadline apply plan.json` writes it to the CRMs."


def test_a_stopped_plan_is_not_offered() -> None:
    """What a guard stops is saved for reading, and nobody is told to apply it."""
    plan = plan_of(write("p-1", "lifecyclestage", "lead", "mql", stage="mql"))
    stop = GuardStop("most", 1, 2, "2 records would be written, 1 may be")
    lines = printed(lambda console: render_planned(console, planned(plan, stop), Path("plan.json")))
    assert "stopped by guards.most: 2 records would be written, 1 may be" in lines
    assert "Nothing of this plan would be written: `leadline apply` refuses it." in lines
    assert lines[-1] == "Saved in plan.json."


def effect(key: str, kind: EffectKind, title: str, hours: int) -> PlannedEffect:
    """Return an effect that was caused so many hours ago, with personal data in what is sent."""
    ref = None if kind == "notify" else RecordRef("hubspot", "contact", "1")
    at = AT - timedelta(hours=hours)
    return PlannedEffect(key, "p-1", kind, at, "enter mql", 0, "d-1", ref, {"text": "Ann Lee"}, title)


def test_actions_are_shown_without_personal_data_and_with_their_delay() -> None:
    """By kind, the first of them one by one, and what is held back; what is sent stands in the file only."""
    effects = (
        effect("e-1", "task", "task for owner: Call {name}", 0),
        effect("e-2", "note", "hand-off note", 5),
        effect("e-3", "notify", "notice in #sales: ann@acme.example", 72),
    )
    made = plan_of(write("p-1", "lifecyclestage", "lead", "mql", stage="mql"))
    plan = replace(
        made,
        effects=effects,
        counts=replace(made.counts, effects={"note": 1, "notify": 1, "task": 1}),
        held=(Held("member", "hubspot has no list `Nurture`", 2),),
    )
    lines = printed(lambda console: render_plan(console, plan, head=3))
    assert lines[0].endswith("1 values on 1 records of 1 people, 3 actions")
    assert "p-1 task contact/1 task for owner: Call {name} enter mql -" in lines
    assert "p-1 note contact/1 hand-off note enter mql 5 h" in lines
    assert "p-1 notify - notice in #sales: a***@***.example enter mql 3 d" in lines
    assert "held back: 2 x member: hubspot has no list `Nurture`" in lines
    assert not any("Ann Lee" in line for line in lines)
    more = printed(lambda console: render_plan(console, plan, head=1))
    assert "... and 2 more actions." in more


def test_a_plan_of_actions_alone_is_not_empty() -> None:
    """Nothing to write is not nothing to do."""
    plan = replace(
        plan_of(), effects=(effect("e-1", "note", "hand-off note", 0),), counts=Counts(effects={"note": 1})
    )
    lines = printed(lambda console: render_plan(console, plan))
    assert not any("nothing to write" in line for line in lines)
    assert any(line.startswith("hubspot 0 1 1") for line in lines)


def test_an_empty_plan_tells_only_of_what_was_compared() -> None:
    """A part says nothing of everybody, and what takes a plan back says nothing of the decisions."""
    plan = plan_of()
    lines = [printed(lambda console, one=one: render_plan(console, one))[0] for one in (
        plan, replace(plan, only="hubspot"), replace(plan, undoes="f" * 64)
    )]  # fmt: skip
    assert [line.partition(": ")[2] for line in lines] == [
        "nothing to write. The CRM agrees with the decisions.",
        "nothing to write. What was compared (hubspot) agrees with the decisions.",
        "nothing to write.",
    ]


def test_the_page_of_a_large_plan_shows_some_of_each_object() -> None:
    """It does not grow with the plan: of each object the first writes, and where the rest is."""
    leads = (
        replace(write(f"p-{number}", "Fit__c", "1", "2"), ref=RecordRef("salesforce", "Lead", f"00Q{number}"))
        for number in range(700)
    )
    plan = plan_of(*(write(f"p-{number}", "fit_score", "1", "2") for number in range(700)), *leads)
    page = plan_page(plan)
    assert (page.count("hubspot:contact/"), page.count("salesforce:Lead/")) == (250 + 3, 250 + 3)
    assert "900 more" in page
    assert "<code>--person</code>" in page
