"""What a run leaves for who watches it: log lines, metrics, a health file, alerts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from leadline.sync.watching.metrics import METRICS
from tests.cli.desk import Desk
from tests.connectors.webhooks.receiver import receiving


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Return metrics by name and label values, as Prometheus reads them."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def lines(path: str) -> list[dict[str, Any]]:
    """Return the lines of a log."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def test_a_run_is_logged_counted_and_told_well(desk: Desk) -> None:
    """One sync after adoption: its log, its metrics and its health file say the same as its result."""
    desk.adopt()
    desk.edit("patience: 0", "patience: 60", "leadline.yml")
    desk.faults("salesforce", kind="server_error", times=1)
    files = ("--metrics", "out.prom", "--health", "health.json", "--log-file", "run.log")
    told = desk.leadline("sync", *files, "--json")
    assert (told.code, told.err) == (0, "")
    result = told.json

    log = lines("run.log")
    events = [line["event"] for line in log]
    assert events[0] == "run.started"
    assert events.index("call.retried") < events.index("pull.done") < events.index("plan.made")
    assert events[-1] == "run.ended"
    assert len({line["run"] for line in log}) == 1
    assert all(line["at"].endswith("Z") and line["level"] in {"info", "warning"} for line in log)
    retried = next(line for line in log if line["event"] == "call.retried")
    assert (retried["crm"], retried["attempt"], retried["level"]) == ("salesforce", 2, "warning")
    assert retried["call"].split()[0] in {"GET", "POST"}
    assert "HTTP 503" in retried["why"] or "HTTP 500" in retried["why"]
    ended = log[-1]
    assert (ended["status"], ended["kind"], ended["calls"]) == ("done", "sync", result["calls"])
    assert ended["rows"] == result["pull"]["rows"]
    assert Path("run.log").stat().st_mode & 0o077 == 0

    found = samples(Path("out.prom").read_text(encoding="utf-8"))
    assert found["leadline_last_run_status", "sync", "done"] == 1
    assert found["leadline_last_run_calls", "salesforce", "read"] == result["calls"]["salesforce"]["read"]
    assert found["leadline_last_run_rows", "hubspot", "contact"] == result["pull"]["rows"]["hubspot contact"]
    assert found["leadline_runs", "apply", "done"] == 1
    assert sum(value for key, value in found.items() if key[0] == "leadline_people") == result["pull"]["people"]
    health = json.loads(Path("health.json").read_text(encoding="utf-8"))
    assert (health["ok"], health["exit_code"], health["reasons"], health["last_status"]) == (True, 0, [], "done")


def test_a_run_that_waits_says_so(desk: Desk) -> None:
    """Without a log each call that is made again is told on stderr: who, why, how long; the result is the same."""
    desk.adopt()
    desk.edit("patience: 0", "patience: 60", "leadline.yml")
    desk.faults("salesforce", kind="server_error", times=2)
    told = desk.leadline("sync", "--json")
    assert told.code == 0
    assert told.json["ok"]
    lines = told.err.splitlines()
    assert len(lines) == 2
    for attempt, line in enumerate(lines, 2):
        assert re.fullmatch(rf"salesforce: .*HTTP 50\d.*; trying again in \d+\.\d s \(attempt {attempt}\)", line), (
            line
        )


def test_a_failing_run_leaves_word_too(desk: Desk) -> None:
    """A CRM that is down: the log's last line, the health file and the metrics say so; the text log is readable."""
    desk.adopt()
    desk.faults(kind="server_error")
    files = ("--metrics", "out.prom", "--health", "health.json", "--log-format", "text")
    told = desk.leadline("sync", *files)
    assert told.code == 3
    assert 'error   run.failed run="r-' in told.err
    health = json.loads(Path("health.json").read_text(encoding="utf-8"))
    assert (health["ok"], health["exit_code"]) == (False, 3)
    assert "UnavailableError" in health["reasons"][0]
    asked = desk.leadline("health", "--max-age", "9999d")
    assert (asked.code, "failed before it was on record (UnavailableError)" in asked.out) == (1, True)
    assert ("leadline_lag_seconds",) in samples(Path("out.prom").read_text(encoding="utf-8"))
    desk.faults()
    assert desk.leadline("sync").code == 0
    assert desk.leadline("health", "--max-age", "9999d").code == 0
    desk.edit("scores:", "scorez:")
    assert desk.leadline("sync", *files).code == 1
    health = json.loads(Path("health.json").read_text(encoding="utf-8"))
    assert (health["exit_code"], health["ok"]) == (1, False)


def test_places_that_cannot_be_written_are_told_before_the_run(desk: Desk) -> None:
    """Nobody waits for a pull to hear that a directory is missing; a log's too."""
    before = desk.calls("salesforce")
    for option in ("--metrics", "--health", "--log-file"):
        told = desk.leadline("sync", option, "nowhere/file")
        assert (told.code, "nowhere" in told.err) == (2, True)
    assert desk.leadline("metrics", "--out", "nowhere/file").code == 2
    assert desk.calls("salesforce") == before


def test_metrics_of_any_state(desk: Desk) -> None:
    """Before the first run and after it, on stdout and in a file; every metric that is told is documented."""
    first = samples(desk.leadline("metrics").out)
    assert first["leadline_paused",] == 0
    desk.adopt()
    desk.leadline("pause")
    assert "written" in desk.leadline("metrics", "--out", "x.prom").out
    found = samples(Path("x.prom").read_text(encoding="utf-8"))
    assert found["leadline_paused",] == 1
    assert found["leadline_last_good_run_age_seconds",] >= 0
    assert {name for name, *_ in found} <= {metric.name for metric in METRICS}
    assert desk.leadline("metrics", "--json").json["metrics"].startswith("# HELP leadline_info")


def test_alerts_come_once_and_when_it_is_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CRM goes down for two runs and comes back: one alert, one message that it is well again; tests on request."""
    desk.adopt()
    with receiving() as receiver:
        monkeypatch.setenv("HOOK", receiver.url)
        block = 'channels:\n  "#ops": {webhook: "${HOOK}"}\nalerts:\n  name: Acme\n  channels: ["#ops"]\n'
        desk.edit("rules:", f"{block}rules:", "leadline.yml")
        assert "Nothing changed" in desk.leadline("alerts").out
        assert desk.leadline("alerts", "--test").code == 0
        desk.faults(kind="server_error")
        assert [desk.leadline("sync").code for _ in range(2)] == [3, 3]
        assert "Nothing changed" in desk.leadline("alerts").out
        desk.faults()
        assert desk.leadline("sync").code == 0
        texts = [came["body"]["text"] for came in receiver.came]
        assert texts[0] == "Acme: this is a test of its alerts"
        assert texts[1].startswith("Acme: the last run failed: UnavailableError: ")
        assert texts[2].startswith("Acme: well again: ")
        assert len(texts) == len(set(receiver.keys)) == 3
        receiver.answers = [(400, {})] * 3
        desk.leadline("pause")
        told = desk.leadline("alerts")
        assert (told.code, "channel #ops was not told" in told.err) == (3, True)
        assert desk.leadline("sync", "--dry-run").err.startswith("an alert was not delivered")
        assert desk.leadline("alerts", "--test", "--json").json["exit_code"] == 3
        assert "paused" in desk.leadline("alerts").out
    desk.edit("alerts:", "alertz:", "leadline.yml")
    assert "did you mean `alerts`" in desk.leadline("alerts").err


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("log: {format: xml}", "`log.format`: should be 'json' or 'text'"),
        ("log: {fil: x}", "did you mean `file`?"),
        ("alerts: {name: x}", "`alerts` names nobody to tell"),
        ("alerts: {channels: [ops]}", "there is no channel `ops`"),
        ("alerts: {channels: [], past_runs: 3}", "`alerts.past_runs`: should be greater than or equal to 10"),
        ("alerts: {max_age: soon}", "must be a number and s, m, h or d"),
        ("alerts: {email: {host: x, sender: a@b.example, to: [c@d.example], password: pw}}", "a secret stands"),
    ],
)  # fmt: skip
def test_mistakes_in_the_blocks_are_placed(desk: Desk, block: str, said: str) -> None:
    """Like every mistake in leadline.yml."""
    desk.edit("rules:", f"{block}\nrules:", "leadline.yml")
    told = desk.leadline("sync")
    assert (told.code, said in told.err) == (2, True), told.err
