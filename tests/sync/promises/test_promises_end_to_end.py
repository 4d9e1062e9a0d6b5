"""SLAs over HTTP, at both practice CRMs: acted on once, after an outage too, and never by what was not heard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from leadline.cli import run
from leadline.common.errors import OutsideError
from leadline.sync.slas.report import sla_report
from tests.sync.promises.promising import MANAGERS, Promising, promising


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Promising]:
    """Give everything, with the book as it stands."""
    with promising(tmp_path) as made:
        yield made


def test_what_fell_due_in_an_outage_is_done_once_and_says_how_late(stage: Promising) -> None:
    """Three days of nothing: then each rung is acted on, in order, once, and task, notice and plan say how late."""
    stage.says("Accepted")
    stage.sync()
    start = stage.timer().started
    assert (stage.timer().status, stage.statuses()) == ("running", {})
    stage.rehearsal.pass_time(days=3)
    planned = stage.plan().plan
    mine = [one for one in planned.effects if one.person == stage.who]
    assert [(one.cause, one.kind) for one in mine] == [
        ("sla work it 50%", "task"),
        ("sla work it 100%", "task"),
        ("sla work it 100%", "notify"),
        ("sla work it 150%", "assign"),
        ("sla work it 150%", "set"),
    ]
    assert [one.at - start for one in mine[:3]] == [timedelta(hours=hours) for hours in (2, 4, 4)]
    assert f"2 days late: it was due {start + timedelta(hours=4):%Y-%m-%d %H:%M}Z" in str(mine[1].payload["text"])
    assert stage.made() == {}
    assert stage.sync().exit_code == 0
    assert set(stage.statuses().values()) == {"done"}
    assert set(stage.made().values()) == {1} and len(stage.made()) == 2
    (notice,) = stage.receiver.came
    assert notice["body"]["text"] == "Not worked (2 days late)"
    assert stage.owner() in MANAGERS
    row = stage.timer()
    assert (row.status, row.breached) == ("breached", start + timedelta(hours=4))
    stage.rehearsal.pass_time(days=1)
    again = stage.sync()
    assert [one for one in again.plan.effects if one.person == stage.who] == []
    assert len(stage.receiver.came) == 1


def test_late_rungs_may_be_left_out(tmp_path: Path) -> None:
    """With `late: skip` nothing is made days later, and each effect says why; the breach stands."""
    with promising(tmp_path, ("target:", "late: skip\n    target:")) as stage:
        stage.says("Accepted")
        stage.sync()
        stage.rehearsal.pass_time(days=3)
        stage.sync()
        assert set(stage.statuses().values()) == {"skipped"}
        assert {row.message for row in stage.effects() if row.cause.endswith("100%")} == {
            "68 hours late; the rule book leaves out what is late"
        }
        assert (stage.made(), stage.receiver.came, stage.timer().status) == ({}, [], "breached")


def test_a_crm_that_is_down_makes_no_breach(stage: Promising) -> None:
    """While HubSpot does not answer nothing is due for anybody; afterwards what is known then counts."""
    stage.says("Accepted")
    stage.sync()
    stage.rehearsal.practice.hubspot.faults.add([{"kind": "server_error", "status": 503}])
    before = stage.timer()
    for _ in range(2):
        stage.rehearsal.pass_time(hours=6)
        with pytest.raises(OutsideError):
            stage.sync()
        assert (stage.timer(), stage.statuses()) == (before, {})
    stage.rehearsal.calm()
    stage.sync()
    assert stage.timer().status == "breached"
    assert set(stage.statuses().values()) == {"done"}


def test_leaving_the_stage_closes_its_tasks_and_the_report_tells(
    stage: Promising, capsys: pytest.CaptureFixture[str]
) -> None:
    """A breach in an owner's hands: tasks are closed with the stage, and the report has every minute."""
    stage.says("Accepted")
    stage.sync()
    stage.rehearsal.pass_time(hours=5)
    stage.sync()
    assert stage.statuses() == {
        "sla work it 50% 0": "done",
        "sla work it 100% 0": "done",
        "sla work it 100% 1": "done",
    }
    stage.says("Unqualified")
    stage.sync()
    assert stage.statuses()["leave sal 0"] == "done"
    row = stage.timer()
    assert (row.status, row.ended) == ("breached", None), "cooling keeps sales' clock running"
    with stage.at_work() as (setting, _):
        report = sla_report(setting.store, setting.book)
    assert report.timers == 1
    (by_sla,) = (line for line in report.lines if line.by == "sla")
    lost = by_sla.lost
    assert (by_sla.breached, lost.total, lost.outside, lost.paused) == (1, 4 * 3_600_000_000, 0, 0)
    assert 0 <= lost.sync - 5 * 60_000_000 < 1_000_000, "from the change by hand to the write that told of it"
    assert lost.rep == lost.total - lost.sync
    (by_owner,) = (line for line in report.lines if line.by == "owner")
    assert " " in by_owner.key, "the CRM's name of the owner"
    (risk,) = report.at_risk
    assert (risk.person, risk.left < 0) == (stage.who, True)
    told(stage, capsys)


def told(stage: Promising, capsys: pytest.CaptureFixture[str]) -> None:
    """Ask for the same on the command line: JSON, CSV, text, and what cannot be asked for."""
    config = str(stage.rehearsal.home / "leadline.yml")
    table = stage.rehearsal.home / "sla.csv"
    assert run(["report", "sla", "-c", config, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    line = said["lines"][0]
    assert (line["by"], line["name"], line["breached"], line["attained"]) == ("sla", "work it", 1, "0.0000")
    assert sum(value for name, value in line.items() if name.endswith("_microseconds")) == 4 * 3_600_000_000
    assert [risk["person"] for risk in said["at_risk"]] == [stage.who]
    assert run(["report", "sla", "-c", config, "--csv", str(table)]) == 0
    assert table.read_text(encoding="utf-8").splitlines()[1].startswith("sla,work it,0,1,0,0,0.0000,")
    assert run(["report", "sla", "-c", config, "--at-risk", "--stage", "sal"]) == 0
    shown = capsys.readouterr().out
    assert f"{stage.who}" in shown and " over" in shown and "@" not in shown
    assert run(["report", "sla", "-c", config, "--stage", "sall"]) == 2
    assert "sal" in capsys.readouterr().err
    assert run(["report", "-c", config, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["people"] > 0
    assert run(["report", "--source", "source", "sla", "-c", config]) == 2
