"""Conflicts and disagreements on a terminal and as JSON: complete, and without personal data."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from leadline.common.values import RecordRef
from leadline.rules.model import Book, OnConflict, StageTarget, WriteTargets
from leadline.sync.conflicts.fighting import fights
from leadline.sync.conflicts.listing import ConflictReport, ConflictTold
from leadline.sync.drift import Disagreement, DriftReport
from leadline.sync.plan.desired import Desired
from leadline.sync.plan.source import RecordView
from leadline.sync.plan.standing import theirs_stands
from leadline.sync.store.conflicts import Conflict
from leadline.terminal.agreement import conflicts_data, drift_data, render_conflicts, render_drift

T0 = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
LEAD = RecordRef("salesforce", "Lead", "00Q1")


def a_conflict(**more: object) -> Conflict:
    """Return a conflict over one field of a lead; ``more`` replaces parts."""
    values: dict[str, object] = {
        "ref": LEAD, "field": "Why__c", "ours": "mql", "theirs": "ask ada@acme.example", "written_at": T0,
        "at": T0 + timedelta(minutes=4), "seen": T0 + timedelta(minutes=5), "cycle": 3,
        "author": "tom.okafor@acme.example", "by_user": True, "mirrors": True,
    }  # fmt: skip
    return Conflict(**{**values, **more})  # type: ignore[arg-type]


def a_book(policy: OnConflict) -> Book:
    """Return a book that writes one field under a policy."""
    write = WriteTargets("salesforce", StageTarget("Stage__c", {}), why="Why__c", on_conflict={"Why__c": policy})
    return Book("x", {}, {}, {}, {}, (), (), machines=("Bot",), write={"salesforce": write})


def printed(render: object, found: object) -> str:
    """Return what a renderer prints on a wide terminal."""
    console = Console(file=io.StringIO(), width=220)
    render(console, found)  # type: ignore[operator]
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_conflicts_are_told_without_personal_data() -> None:
    """Who, what and what became of it are there; addresses are masked in both forms."""
    told = ConflictTold(a_conflict(), "p-000001", "person", "human", "stands", T0 + timedelta(days=30), "for now")
    found = ConflictReport((told, ConflictTold(a_conflict(author=""), None, "machine", "", "open")), ())
    text, data = printed(render_conflicts, found), json.dumps(conflicts_data(found))
    for said in (text, data):
        assert "acme" not in said
        assert "t***@***.example" in said
    assert "stands until 2026-03-31 09:30Z" in text
    assert "the next plan writes ours" in text
    assert "Nobody changed" in printed(render_conflicts, ConflictReport((), ()))


def test_drift_is_told_by_reason() -> None:
    """What is by design is counted but needs nobody; the rest is listed, masked."""
    wrong = Disagreement("p-000001", LEAD, "Why__c", "ada@acme.example", "MQL", "parked")
    fine = Disagreement("p-000002", LEAD, "Stage__c", "lead", None, "rule")
    found = DriftReport(T0, 2, (wrong, fine), {"p-000001": {"salesforce": "mql", "hubspot": "sal"}}, 1)
    text = printed(render_drift, found)
    assert "a***@***.example" in text
    assert "p-000002" not in text
    assert "1 people show another stage in each CRM" in text
    assert drift_data(found)["by_why"] == {"parked": 1, "rule": 1}
    assert (found.agreed, DriftReport(T0, 2, (fine,), {}, 0).agreed) == (False, True)


@pytest.mark.parametrize(
    ("policy", "more", "wanted", "stands"),
    [
        (OnConflict(), {}, "mql", False),
        (OnConflict("report"), {"author": "Bot"}, "sal", True),
        (OnConflict("newest"), {"author": "Bot"}, "mql", True),
        (OnConflict("newest"), {}, "sal", False),
        (OnConflict("human"), {}, "mql", True),
        (OnConflict("human"), {}, "sal", False),
        (OnConflict("human"), {"author": "bot"}, "mql", False),
        (OnConflict("human"), {"by_user": False}, "mql", False),
        (OnConflict("human", timedelta(hours=1)), {}, "sal", True),
        (OnConflict("human", timedelta(minutes=1)), {}, "sal", False),
        (OnConflict("report"), {"theirs": "something before"}, "mql", False),
    ],
)
def test_whose_value_stands(policy: OnConflict, more: dict[str, object], wanted: str, *, stands: bool) -> None:
    """Each policy, for a person, a machine, our old value and a new one; only what still shows is asked about."""
    conflict = a_conflict(**more)
    record = RecordView(LEAD, {"Why__c": "ask ada@acme.example"}, contested={"Why__c": conflict})
    found = theirs_stands(
        a_book(policy), T0 + timedelta(minutes=30), Desired("Why__c", "why", "text", wanted), record
    )
    assert (found is not None) is stands


def test_a_fight_comes_back_soon_and_again() -> None:
    """Once, late, something else, or by a user of HubSpot is no fight; HubSpot's own word is enough at once."""
    book = a_book(OnConflict())
    twice = [a_conflict(), a_conflict(id=2)]
    assert [fight.times for fight in fights(twice, book)] == [2]
    late = a_conflict(at=T0 + timedelta(hours=2))
    assert fights([a_conflict(), late], book) == ()
    assert fights([a_conflict(mirrors=False), a_conflict()], book) == ()
    contact = RecordRef("hubspot", "contact", "1")
    assert fights([a_conflict(ref=contact), a_conflict(ref=contact)], book) == ()
    named = a_conflict(ref=contact, author="SALESFORCE", by_user=False, mirrors=False)
    assert [(fight.crm, fight.records) for fight in fights([named], book)] == [("hubspot", 1)]
