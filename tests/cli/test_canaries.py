"""Planted secrets and personal data come out nowhere: not of any verb, well or failing, not in any file for others.

Every person's name, address, number, title and note, the secrets in the environment, an address in a list of the
book, and what CRMs say in their errors carry a mark. Whatever a verb prints or leaves behind is searched for marks.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from leadline.cli import run, verbs
from leadline.connectors.practice import doorway
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import PracticeOptions, ValidationRule
from leadline.connectors.practice.organisation import Organisation, Person
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.terminal.templates import copy_template
from tests.connectors.webhooks.receiver import Receiver, receiving

MARK = re.compile(r"zq\w*|5559\d{6}|practice-client-secret|pat-na1-practice|not-to-be-told", re.IGNORECASE)
"""Every canary: words that begin with zq, numbers that begin with 5559, and the secrets of the environment."""
ECHO = "Zqname Zqlast <zq.1@zqhome.example> 5559000001 may not"
DELIBERATE = {
    "lists",
    "person.json",
    "plan.json",
    "next.json",
    "undo.json",
    "kept.db",
    "people.csv",
    "org",
    "evaluated.csv",
}
"""Files that hold what they were asked to hold: an export, plans to apply, a backup of the state, what was given."""
MEETS_NOBODY = ("due", "elapsed", "practice", "demo", "init", "schema")
"""Verbs that read neither a CRM nor a secret nor what others wrote."""


def marked(organisation: Organisation) -> Organisation:
    """Return an organisation in which all that is personal carries a mark."""
    happenings = tuple(
        replace(one, attributes={name: _note(name, value) for name, value in one.attributes.items()})
        for one in organisation.happenings
    )
    people = tuple(_person(number, person) for number, person in enumerate(organisation.people))
    return replace(organisation, people=people, happenings=happenings)


def _note(name: str, value: Any) -> Any:
    return f"{value} Zqnote" if name in {"subject", "body"} and value else value


def _person(number: int, person: Person) -> Person:
    return replace(
        person,
        first_name=f"Zqname{number}",
        last_name=f"Zqlast{number}",
        email=person.email and f"zq.{number}@zqhome{number % 7}.example",
        title=person.title and f"{person.title} Zqtitle",
        phone=person.phone and f"+1 5559{number:06d}",
    )


@dataclass
class Watch:
    """Runs commands and keeps every mark that came out of one."""

    practice: Practice
    receiver: Receiver
    capsys: pytest.CaptureFixture[str]
    ran: set[str] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)

    def say(self, *words: str, code: Sequence[int] = (0, 1, 2, 3)) -> str:
        """Run a verb as text and as JSON where that is the same work, look for marks, and return what was said."""
        self.capsys.readouterr()
        assert run([*words]) in code, words
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err
        self.ran.add(words[0])
        self._look(" ".join(words), said.out + said.err)
        return said.out

    def both(self, *words: str) -> None:
        """Run a verb that changes nothing, as text and as JSON."""
        self.say(*words)
        self.say(*words, "--json")

    def files(self) -> None:
        """Look into everything that was left in the working directory, and at what went out as alerts."""
        for path in sorted(Path().rglob("*")):
            if (
                path.is_file()
                and not DELIBERATE & set(path.parts)
                and not path.name.startswith(("leadline.", "rules."))
            ):
                self._look(str(path), path.read_bytes().decode("utf-8", "replace"))
        alerts = [came["body"] for came in self.receiver.came if came["body"].get("cause") == "alert"]
        assert alerts
        self._look("alerts", json.dumps(alerts))

    def _look(self, where: str, text: str) -> None:
        typed = {found.group().lower() for found in MARK.finditer(where)}
        for found in MARK.finditer(text):
            if found.group().lower() not in typed:
                around = text[max(0, found.start() - 60) : found.end() + 30].replace("\n", " ")
                self.leaks.append(f"{where}: {found.group()} in ...{around}...")


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Watch]:
    """Acme's book and configuration, with canaries in all that it reads."""
    home = tmp_path / "acme"
    copy_template("acme", home)
    monkeypatch.setenv("LEADLINE_LANGUAGE", "en")
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr(doorway, "_HTML", f"<html><title>{ECHO}</title><body>{ECHO}</body></html>")
    rules = (home / "rules.yml").read_text(encoding="utf-8")
    (home / "rules.yml").write_text(rules.replace("most: 2000 or 10%", "most: 2000"), encoding="utf-8")
    with (home / "lists" / "own-domains.txt").open("a", encoding="utf-8") as file:
        file.write("partner@zqlist.example\n")
    with (home / "leadline.yml").open("a", encoding="utf-8") as file:
        file.write(
            '\nchannels: {"#sales-managers": {webhook: "${HOOK}", patience: 0}}\n'
            'alerts: {channels: ["#sales-managers"], email: {host: localhost, port: 9, username: bot, '
            'password: "${ZQ_MAIL}", sender: bot@acme.example, to: [ops@acme.example], timeout: 1}}\n'
            "log: {level: debug, file: run.log}\n"
        )
    for crm in ("salesforce", "hubspot"):
        text = (home / "leadline.yml").read_text(encoding="utf-8")
        (home / "leadline.yml").write_text(text.replace(f"{crm}:\n", f"{crm}:\n  patience: 0\n"), encoding="utf-8")
    monkeypatch.chdir(home)
    refusing = PracticeOptions(
        validation_rules=(
            ValidationRule("Lead", "Lifecycle_Stage__c", "inquiry", ECHO),
            ValidationRule("contact", "lifecycle_stage", "inquiry", ECHO),
        )
    )
    organisation = marked(generate(seed=11, people=60))
    with (
        start_practice(frozen=True, organisation=organisation, options=refusing) as practice,
        receiving() as receiver,
    ):
        monkeypatch.setenv("ZQ_MAIL", "zqmailsecret")
        for name, value in {**practice.environment(), "HOOK": receiver.url}.items():
            monkeypatch.setenv(name, value)
        yield Watch(practice, receiver, capsys)


@pytest.mark.timeout(300)
def test_nothing_planted_comes_out(watch: Watch) -> None:
    """Through every verb, as it should go and as it should not."""
    _before_the_first_run(watch)
    _adopt(watch)
    _run(watch)
    _look_around(watch)
    _fail(watch)
    _end(watch)
    watch.files()
    assert watch.leaks == []
    planted = Path("leadline.db").read_bytes() + Path("next.json").read_bytes()
    assert all(canary in planted for canary in (b"zqhome", b"Zqtitle", b"Zqlast")), "nothing was planted"
    assert set(verbs.commands) - set(MEETS_NOBODY) - watch.ran == set()


def _before_the_first_run(watch: Watch) -> None:
    watch.say("check", "--config", "leadline.yml")
    watch.say("doctor")
    watch.say("test")
    shutil.copytree(".", "../candidate")
    with Path("../candidate/lists/own-domains.txt").open("a", encoding="utf-8") as file:
        file.write("zq.new@zqlist.example\n")
    watch.both("diff", ".", "../candidate")
    watch.both("explain", "zq.1@zqhome1.example")
    watch.say("setup")
    watch.say("adopt")
    watch.say("pull")


def _adopt(watch: Watch) -> None:
    watch.say("plan", "-o", "plan.json")
    watch.say("apply", "plan.json", "--json")
    watch.both("parked")
    watch.say("retry", "--all")
    watch.say("plan", "-o", "plan.json")
    watch.say("apply", "plan.json")


def _run(watch: Watch) -> None:
    """People ask for a demo: tasks, notes and notices are made; a CRM fails with the canaries in its answer."""
    _ask_for_demos(watch.practice, 12)
    watch.practice.clock.advance(timedelta(hours=15))
    watch.say("plan", "--json")
    watch.say("plan", "-o", "next.json")
    watch.say("sync", "--metrics", "out.prom", "--health", "health.json", "--shadow", "../candidate")
    for kind in ("html_body", "server_error"):
        _faults(watch, kind=kind, **({"status": 400} if kind == "html_body" else {}))
        watch.say("sync", "--json", "--log-format", "text", "--metrics", "out.prom", "--health", "health.json")
    _faults(watch, kind="partial_failure", code=ECHO, fields=[ECHO])
    _ask_for_demos(watch.practice, 20)
    watch.practice.clock.advance(timedelta(hours=3))
    watch.say("sync", "--json")
    watch.both("parked")
    watch.say("alerts")
    _faults(watch)
    watch.say("retry", "--all")
    watch.say("sync")
    watch.say("alerts", "--test")


def _look_around(watch: Watch) -> None:
    people = [item["person"] for item in json.loads(Path("plan.json").read_text())["writes"]]
    for person in (people[-1], "zq.3@zqhome3.example"):
        watch.both("explain", person, "--html", f"page-{person[:4]}.html")
        watch.say("explain", person, "--line")
        watch.both("explain", person, "--note")
        watch.say("test", "--from", person, "-o", f"told-{person[:4]}.yml")
    decisions = re.findall(r"d-[0-9a-f]{20}", Path("plan.json").read_text())
    watch.both("verify", decisions[0])
    watch.say("health")
    for verb in ("runs", "metrics", "conflicts", "drift", "identity"):
        watch.both(verb)
    watch.both("report", "--html", "report.html")
    for name in ("velocity", "sources", "sla", "recycle", "rejections", "lifecycle"):
        watch.say("report", name, "--html", f"report-{name}.html")
    watch.both("shadow", "report")
    watch.say("state", "check", "--decisions", "20")
    span = ("--from", "2026-01-01", "--to", "2026-08-01")
    watch.say("replay", *span, "--decisions")
    watch.say("replay", *span, "--out", "replay.csv")
    watch.say("backtest", "--rules", "../candidate", *span, "--html", "backtest.html")


def _fail(watch: Watch) -> None:
    """What is wrong with files, arguments and secrets is told without repeating them."""
    Path("people.csv").write_text('person_id,email,title\np1,zq@zq.example,"Zqtitle\n', encoding="utf-8")
    watch.say("evaluate", "--rules", ".", "--people", "people.csv", "--as-of", "2026-07-01", "-o", "evaluated.csv")
    Path("people.csv").write_text("person_id,email,employees\np1,zq@zq.example,Zqmany\n", encoding="utf-8")
    watch.say("evaluate", "--rules", ".", "--people", "people.csv", "--as-of", "2026-07-01", "-o", "evaluated.csv")
    text = Path("leadline.yml").read_text(encoding="utf-8")
    for odd in (
        text.replace("${HUBSPOT_TOKEN}", "zqtoken"),
        text.replace("sqlite:///leadline.db", "postgresql+psycopg://me:${ZQ_MAIL}@127.0.0.1:9/x"),
        text.replace("sqlite:///leadline.db", "mysql://me:${ZQ_MAIL}@127.0.0.1:9/x"),
        text.replace("url: ${HUBSPOT_URL}", "url: http://me:zqpass@127.0.0.1:9"),
        text.replace("url: ${HUBSPOT_URL}", "url: http://127.0.0.1:9/?key=zqkey"),
        text.replace("port: 9,", "port: ${ZQ_MAIL},"),
        text.replace("token: ${HUBSPOT_TOKEN}", "token: ${ZQ_MAIL}"),
        text.replace("client_secret: ${SALESFORCE_CLIENT_SECRET}", "client_secret: ${ZQ_MAIL}"),
    ):
        assert odd != text
        Path("leadline.yml").write_text(odd, encoding="utf-8")
        watch.say("pull", "--json")
        watch.say("runs")
    Path("leadline.yml").write_text(text, encoding="utf-8")
    watch.say("serve", "--url", "http://zq:zqpass@hooks.example/?zqkey=1")
    watch.say("calendars", "import", "people.csv")
    watch.say("promote", "--from", "leadline.yml", "--to", "leadline.yml")


def _end(watch: Watch) -> None:
    watch.say("pause", "--why", "audit")
    watch.say("sync")
    watch.say("resume")
    plan = json.loads(Path("plan.json").read_text())["hash"]
    watch.say("undo", plan, "-o", "undo.json")
    watch.say("state", "backup", "kept.db")
    watch.both("export", "1", "-o", "person.json")
    watch.both("forget", "1")
    watch.both("forget", "1", "--yes")


def _faults(watch: Watch, **fault: Any) -> None:
    for harness in (watch.practice.salesforce, watch.practice.hubspot):
        harness.faults.clear()
        harness.faults.add([fault] if fault else [])


def _ask_for_demos(practice: Practice, count: int) -> None:
    """Submit the demo form for people, as a website does."""

    def get(path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {os.environ['HUBSPOT_TOKEN']}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        asked = urllib.request.Request(practice.hubspot_url + path, data, headers)
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)

    form = next(one["id"] for one in get("/marketing/v3/forms?limit=50")["results"] if one["name"] == "demo")
    portal = get("/account-info/v3/details")["portalId"]
    addresses = [person.email for person in practice.organisation.people if person.email and person.in_hubspot]
    for address in addresses[-count:]:
        get(f"/submissions/v3/integration/submit/{portal}/{form}", {"fields": [{"name": "email", "value": address}]})
