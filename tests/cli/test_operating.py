"""Past runs, refused values and the switch that stops all writing, as an operator meets them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from leadline.common.values import RecordWrite
from leadline.sync.config import load_config
from leadline.sync.cycle import open_writers
from leadline.sync.plan import load_plan
from tests.cli.desk import Desk


def test_runs_are_listed_newest_first(desk: Desk) -> None:
    """Each run says what it read and wrote and how it ended; before the first one there is nothing."""
    assert "Nothing has run" in desk.leadline("runs").out
    desk.adopt()
    found = desk.leadline("runs", "--json").json["runs"]
    assert [(run["kind"], run["status"]) for run in found] == [("apply", "done"), ("plan", "done")]
    assert sum(found[0]["counts"]["written"].values()) == desk.written() > 0
    text = desk.leadline("runs", "--last", "1").out
    assert "verified" in text
    assert "plan" not in text


def test_refused_values_are_listed_released_and_written(desk: Desk) -> None:
    """A validation rule refuses a record: it is parked with its remedy, not sent again until it is released.

    Released values are planned writes like others: the guards count them.
    """
    assert desk.leadline("plan", "-o", "plan.json").code == 0
    assert "No CRM refuses anything." in desk.leadline("parked").out
    code = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    desk.faults("salesforce", kind="partial_failure", code=code, rate=1)
    assert desk.leadline("apply", "plan.json").code == 3
    desk.faults()
    told = desk.leadline("parked", "--json")
    assert told.code == 1
    assert set(told.json["by_code"]) == {code}
    refused = told.json["parked"]
    assert all(item["ref"]["crm"] == "salesforce" and "validation rule" in item["remedy"] for item in refused)
    assert desk.leadline("parked", "--code", "STRING_TOO_LONG").code == 0

    before = desk.written()
    assert desk.leadline("sync").code == 0
    assert desk.written() == before
    first = str(refused[0]["id"])
    assert desk.leadline("retry", first, "--json").json == {"ok": True, "released": 1, "actions": 0}
    assert desk.leadline("sync").code == 0
    assert desk.written() == before + 1
    assert "validation rule" in desk.leadline("parked").out
    desk.refused("retry", "--code", "STRING_TOO_LONG", code=1, said="nothing was refused with STRING_TOO_LONG")
    assert desk.leadline("retry", "--code", code, "--json").json["released"] == len(refused) - 1
    assert desk.leadline("parked").code == 0
    desk.refused("sync", code=1, said="guards.most")


def test_retry_wants_numbers_or_all(desk: Desk) -> None:
    """Releasing everything is never a slip of the fingers."""
    assert desk.leadline("retry").code == 2
    assert desk.leadline("retry", "1", "--all").code == 2
    assert desk.leadline("retry", "1", "--code", "STRING_TOO_LONG").code == 2
    assert desk.leadline("retry", "everything").code == 2


def test_conflicts_are_told_whatever_this_machine_s_clock_says(desk: Desk) -> None:
    """How long ago one was is counted back from the last run, by the CRMs' clock: practice CRMs have their own."""
    desk.adopt()
    assert desk.leadline("conflicts", "--json").json["conflicts"] == []
    ref = next(write.ref for write in load_plan(Path("plan.json")).writes if write.ref.object == "Lead")
    desk.practice.clock.advance(timedelta(minutes=5))
    with open_writers(load_config(desk.home, os.environ)) as writers:
        edit = RecordWrite(ref, {"Lifecycle_Reason__c": "because"})
        assert [result.status for page in writers["salesforce"].write([edit]) for result in page] == ["done"]
    assert desk.leadline("sync").code == 0
    assert len(desk.leadline("conflicts", "--json").json["conflicts"]) == 1


def test_a_pause_stops_writing_and_nothing_else(desk: Desk) -> None:
    """While it is paused plans are made and refused; the first pause is kept; afterwards it goes on."""
    assert desk.leadline("pause", "--why", "audit week").code == 0
    since = desk.leadline("pause", "--json").json["since"]
    assert desk.leadline("plan", "-o", "plan.json").code == 0
    desk.refused("apply", "plan.json", code=1, said="(audit week)")
    assert desk.leadline("resume", "--json").json["was_paused_since"] == since
    assert "was not paused" in desk.leadline("resume").out
    assert desk.leadline("apply", "plan.json").code == 0


def test_health_tells_why_it_is_not_well(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing ran, all is well, an old run, a pause: each is told, and the exit code says it."""
    told = desk.leadline("health")
    assert (told.code, "no run has ended well yet" in told.out) == (1, True)
    desk.adopt()
    now = desk.practice.salesforce.clock.now()
    monkeypatch.setattr("leadline.sync.schedule.wall_clock", lambda: now)
    found = desk.leadline("health", "--json")
    assert (found.code, found.json["ok"], found.json["reasons"]) == (0, True, [])
    monkeypatch.setattr("leadline.sync.schedule.wall_clock", lambda: now + timedelta(hours=2))
    assert desk.leadline("health").code == 1
    assert desk.leadline("health", "--max-age", "3h").code == 0
    desk.leadline("pause", "--why", "audit")
    assert "writing is paused" in desk.leadline("health", "--max-age", "3h").out
    assert desk.leadline("health", "--max-age", "soon").code == 2
