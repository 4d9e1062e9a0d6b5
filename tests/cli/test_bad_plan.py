"""Plans that may not be applied: lost, edited, forged, used up, overtaken, too large, or of another book."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadline.sync.plan.file import load_plan
from leadline.sync.plan.model import Plan
from leadline.sync.plan.write import PlannedWrite
from tests.cli.desk import Desk

AGAIN = "make the plan again with `leadline plan -o`"


def test_a_plan_that_is_not_there(reading_desk: Desk) -> None:
    """A missing file is usage, and so is a directory."""
    reading_desk.refused("apply", "plan.json", code=2, said="cannot be read: No such file or directory")
    assert reading_desk.leadline("apply", ".").code == 2


def spoilt(text: str) -> dict[str, tuple[str, int, str]]:
    """Return what may become of a plan file's text: the text, the exit code, and what is said."""
    return {
        "edited": (text.replace('"new": "mql"', '"new": "customer"', 1), 1, "the file was edited or cut short"),
        "truncated": (text[: len(text) // 2], 2, AGAIN),
        "empty": ("", 2, "plan.json:1:1: not JSON"),
        "a newer format": (text.replace('"format": 1', '"format": 2'), 2, "not a plan format that"),
        "a list": ("[]", 2, "the file should be an object"),
        "nothing": ("null", 2, "the file should be an object"),
        "too deep": ("[" * 100_000, 2, "too deep"),
        "a huge number": ('{"format": ' + "9" * 6000 + "}", 2, "too large a number"),
        "not a number": (text.replace('"cycle": 1', '"cycle": NaN'), 2, "cycle should be a whole number"),
        "a text for a list": (json.dumps({**json.loads(text), "writes": "all"}), 2, "writes should be a list"),
        "a write of nothing": (json.dumps({**json.loads(text), "writes": [{}]}), 2, "writes[0].crm should be one of"),
    }  # fmt: skip


def test_a_plan_file_that_was_spoilt(reading_desk: Desk) -> None:
    """Each is refused with its place or reason before any CRM is asked."""
    assert reading_desk.leadline("plan", "-o", "plan.json").code == 0
    text = Path("plan.json").read_text(encoding="utf-8")
    calls = reading_desk.calls("salesforce")
    for name, (content, code, said) in spoilt(text).items():
        Path("plan.json").write_text(content, encoding="utf-8")
        told = reading_desk.leadline("apply", "plan.json")
        assert (told.code, told.out) == (code, ""), name
        assert said in told.err, name
    Path("plan.json").write_bytes(b"\xff\xfe")
    reading_desk.refused("apply", "plan.json", code=2, said="not UTF-8, so not a plan file")
    assert reading_desk.calls("salesforce") == calls


def test_a_plan_that_an_editor_saved(desk: Desk) -> None:
    """A byte order mark changes nothing of what was planned."""
    assert desk.leadline("plan", "-o", "plan.json").code == 0
    Path("plan.json").write_bytes(b"\xef\xbb\xbf" + Path("plan.json").read_bytes())
    assert desk.leadline("apply", "plan.json").code == 0


def of_first(**changes: Any) -> Callable[[Plan], Plan]:
    """Return a change of a plan's first write."""
    return lambda plan: replace(plan, writes=(replace(plan.writes[0], **changes), *plan.writes[1:]))


def of_all(change: Callable[[PlannedWrite], PlannedWrite]) -> Callable[[Plan], Plan]:
    """Return a change of every write of a plan."""
    return lambda plan: replace(plan, writes=tuple(map(change, plan.writes)))


FORGERIES: dict[str, tuple[Callable[[Plan], Plan], str]] = {
    "a field outside": (of_first(field="email", new="x@y.example"), "contact.email is not among the fields"),
    "another object": (lambda plan: of_first(ref=replace(plan.writes[0].ref, object="Account"))(plan), "never be"),
    "another value": (of_first(new="customer"), "somebody changed it and its hash"),
    "another record": (lambda plan: of_first(ref=replace(plan.writes[0].ref, id="1"))(plan), "somebody changed it"),
    "each write twice": (lambda plan: replace(plan, writes=(*plan.writes, *plan.writes)), "somebody changed it"),
    "another decision": (of_all(lambda write: replace(write, decision="d-0")), "somebody changed it and its hash"),
    "no adoption": (lambda plan: replace(plan, adoption=False), "the first plan must adopt them"),
    "another cycle": (lambda plan: replace(plan, cycle=999), "was not made from this state store"),
    "another instant": (lambda plan: replace(plan, frontier=plan.frontier + timedelta(1)), "was not made from"),
    "no organisation": (lambda plan: replace(plan, organisations={}), "this plan is for hubspot None"),
    "another book": (lambda plan: replace(plan, book_hash="0" * 64), "made by another rule book"),
}  # fmt: skip


def test_a_forged_plan(reading_desk: Desk) -> None:
    """Whoever changes a plan and hashes it again still writes nothing."""
    assert reading_desk.leadline("plan", "-o", "plan.json").code == 0
    text = Path("plan.json").read_text(encoding="utf-8")
    before = reading_desk.state()
    for name, (change, said) in FORGERIES.items():
        Path("plan.json").write_text(text, encoding="utf-8")
        reading_desk.forge(change)
        told = reading_desk.leadline("apply", "plan.json")
        assert (told.code, told.out) == (1, ""), name
        assert said in told.err, name
    assert reading_desk.state() == before


def test_a_plan_after_the_book_changed(desk: Desk) -> None:
    """A plan belongs to its book; with the old book back it may be applied, once."""
    assert desk.leadline("plan", "-o", "plan.json").code == 0
    desk.edit("A: 60", "A: 61")
    desk.refused("apply", "plan.json", code=1, said="this plan was made by another rule book")
    desk.edit("A: 61", "A: 60")
    assert desk.leadline("apply", "plan.json").code == 0
    written = desk.written()
    desk.refused("apply", "plan.json", code=1, said="this plan was applied already; make a new plan")
    assert desk.written() == written


def test_a_record_that_somebody_changed_meanwhile(desk: Desk) -> None:
    """Only that record is left out and told, exit code 1; the next plan takes up what the person left."""
    assert desk.leadline("plan", "-o", "plan.json").code == 0
    plan = load_plan(Path("plan.json"))
    ident = next(write.ref.id for write in plan.writes if write.field == "fit_score")
    answer = requests.patch(
        f"{desk.practice.hubspot_url}/crm/v3/objects/contacts/{ident}",
        json={"properties": {"fit_score": "77"}},
        headers={"Authorization": f"Bearer {desk.practice.credentials.hubspot_token}"},
        timeout=5,
    )
    assert answer.status_code == 200
    said = desk.leadline("apply", "plan.json")
    assert said.code == 1
    assert "Records: 1 stale, 85 verified." in said.out
    assert f"hubspot contact/{ident}" in said.out
    assert "This plan is done; `leadline plan` shows what is left." in said.out
    told = desk.leadline("sync", "--json")
    assert (told.code, told.json["plan"]["records"]) == (0, 1)


def test_the_first_sync_adopts_nobody(reading_desk: Desk) -> None:
    """Until a person has accepted a first plan, `sync` names the two commands that do it."""
    said = reading_desk.refused("sync", code=1, said="`leadline plan -o plan.json`")
    assert "`leadline apply plan.json`" in said.err
    assert reading_desk.leadline("sync", "--dry-run").code == 0
    assert reading_desk.decided() == {}


def test_guards_stop_a_plan_and_all_are_told(desk: Desk) -> None:
    """`plan` shows the stops, `apply` and `sync` refuse; nothing is decided, nothing is written."""
    desk.adopt()
    desk.edit("most: 2000 or 10%", "most: 3")
    desk.edit("to: {disqualified: 100}", "to: {recycled: 0, sal: 0}")
    desk.edit("enter: {status: {in: [Accepted, Working]}}", "enter: {known: email}")
    desk.edit("{grade: {in: [A1, A2, A3, B1, B2]}}", "{grade: A1}")
    desk.edit("{activity: demo_request, within: 14d}", "{activity: demo_request, within: 1d}")
    before, written = desk.decided(), desk.written()
    said = desk.leadline("plan", "-o", "plan.json")
    assert said.code == 1
    for guard in ("guards.most", "guards.to.recycled", "guards.to.sal"):
        assert f"stopped by {guard}" in said.out
        for arguments in (("apply", "plan.json"), ("sync",)):
            refused = desk.leadline(*arguments)
            assert (refused.code, refused.out) == (1, "")
            assert guard in refused.err
    assert len(desk.leadline("plan", "--json").json["stops"]) == 3
    assert (desk.decided(), desk.written()) == (before, written)


@pytest.mark.parametrize("place", ["nowhere/plan.json", "/proc/plan.json", "."])
def test_a_plan_that_cannot_be_saved(reading_desk: Desk, place: str) -> None:
    """That is told before anybody waits for a pull; a disk that says no is told after."""
    calls = reading_desk.calls("salesforce")
    said = reading_desk.leadline("plan", "-o", place)
    assert (said.code, said.out) == (2, "")
    if place != "/proc/plan.json":  # whoever is root may write there, says the system, until they try
        assert reading_desk.calls("salesforce") == calls


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--every", "5x"), "write a number and s, m, h or d, such as 5m"),
        (("--every", "1s"), "at least 10s"),
        (("--cron", "soon"), "--cron"),
        (("--cron", "0 0 31 2 *"), "--cron"),
        (("--every", "5m", "--cron", "* * * * *"), "exclude each other"),
    ],
)
def test_a_schedule_that_is_none(reading_desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    """A schedule is checked before the first run."""
    calls = reading_desk.calls("salesforce")
    reading_desk.refused("sync", *arguments, code=2, said=said)
    assert reading_desk.calls("salesforce") == calls
