"""What goes where: one JSON document on stdout for every verb, the rest on stderr, and nobody's secrets anywhere."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline.cli import verbs
from tests.cli.conftest import Leadline
from tests.cli.desk import LEADLINE, Desk

NO_JSON_YET = {"demo", "practice"}
"""Long-running: shown by the tests of their own."""


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell and return how it ended."""
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)


def succeed(desk: Desk) -> Iterator[tuple[str, ...]]:
    """Yield commands that must succeed, in the order in which a first day goes."""
    Path("p.csv").write_text("person_id\n1\n", encoding="utf-8")
    yield "init", "elsewhere"
    yield ("check",)
    yield ("test",)
    yield "diff", "elsewhere", "."
    yield ("schema",)
    yield "evaluate", "--rules", ".", "--people", "p.csv", "--as-of", "2026-06-30", "-o", "o.csv"
    yield "practice", "--people", "3", "--save", "saved"
    yield ("pull",)
    yield "plan", "-o", "plan.json"
    yield "apply", "plan.json"
    yield ("sync",)
    yield "sync", "--dry-run"
    yield ("report",)
    yield "explain", "p-1"
    decision = desk.leadline("explain", "p-1", "--json").json["decisions"][0]
    yield "verify", decision


def test_every_verb_speaks_json(desk: Desk) -> None:
    """In success: exit code 0, one document with `ok`, nothing on stderr."""
    seen = set()
    for arguments in succeed(desk):
        said = desk.leadline(*arguments, "--json")
        assert said.code == 0, (arguments, said)
        document = json.loads(said.out)  # raises on a second document
        assert document.get("ok", True) is True
        assert said.err == "", arguments
        seen.add(arguments[0])
    assert {"init", "check", "pull", "plan", "apply", "sync", "explain", "report", "verify", "evaluate"} <= seen


@pytest.mark.parametrize("verb", sorted(set(verbs.commands) - NO_JSON_YET))
def test_every_verb_fails_in_json(
    leadline: Leadline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """In failure: the same text on stderr and in one document on stdout, with the exit code."""
    monkeypatch.chdir(tmp_path)
    said = leadline(verb, "--no-such-option", "--json")
    assert said.code == 2
    document = json.loads(said.out)
    assert (document["ok"], document["exit_code"], document["kind"]) == (False, 2, "UsageError")
    assert said.err.strip() == document["error"]


def test_a_reader_that_goes_away(reading_desk: Desk) -> None:
    """`leadline plan | head -1` ends with 0 and says nothing on stderr, as text, as JSON and in failure."""
    for arguments in ("plan", "plan --json", "plan --json -c nowhere.yml"):
        command = f"set -o pipefail; {' '.join(LEADLINE)} {arguments} | head -1"
        done = shell(command)
        assert "Traceback" not in done.stderr
        assert "Broken" not in done.stderr
        assert done.returncode in {0, 2}
        if "nowhere" not in arguments:
            assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", ["check", "check --json", "report"])
def test_a_full_disk_behind_stdout(reading_desk: Desk, arguments: str) -> None:
    """Output that cannot be written is exit code 3, not success and no traceback."""
    done = shell(f"{' '.join(LEADLINE)} {arguments} > /dev/full")
    assert (done.returncode, done.stderr) == (3, "the output cannot be used: No space left on device\n")


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams(reading_desk: Desk, closing: str) -> None:
    """A verb runs without a stdout or stderr."""
    done = shell(f"{' '.join(LEADLINE)} check {closing}")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_of_ascii(reading_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the stream has no letter for is spelt out; JSON stays JSON."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    for arguments in (["explain", "Ünïcode"], ["explain", "Ünïcode", "--json"], ["report"]):
        done = subprocess.run([*LEADLINE, *arguments], capture_output=True, timeout=60, check=False)
        assert done.returncode == (0 if arguments == ["report"] else 1)
        assert b"Traceback" not in done.stderr
        text = done.stdout.decode("ascii")
        assert "--json" not in arguments or "nobody is known" in json.loads(text)["error"]


def test_nobody_steers_the_terminal(leadline: Leadline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control characters and reversed text from files and arguments are spelt out."""
    monkeypatch.chdir(tmp_path)
    Path("p.csv").write_text("\x1b]0;owned\x07,\u202etxet\n1,2\n", encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yml").write_text("leadline: 1\nna\x1bme: \u202ex\n", encoding="utf-8")
    for arguments in (("check", "rules"), ("explain", "\x1b[31mred"), ("check", "no\x1b[2Jwhere")):
        said = leadline(*arguments)
        assert said.code
        assert not set("\x1b\x07\u202e") & set(said.out + said.err)


def test_values_of_a_crm_do_not_steer_the_terminal(desk: Desk) -> None:
    """A stage text with an escape sequence, set by somebody in a CRM, is spelt out in the plan."""
    import requests

    client = requests.Session()
    client.headers["Authorization"] = f"Bearer {desk.practice.credentials.hubspot_token}"
    address = f"{desk.practice.hubspot_url}/crm/v3/objects/contacts"
    some = client.get(address, timeout=5).json()["results"]
    values = {"previous_stage": "\x1b[31mred", "lifecycle_reason": "Call Anna Example at +49 30 1234567"}
    for contact in some:
        assert client.patch(f"{address}/{contact['id']}", json={"properties": values}, timeout=5).ok
    said = desk.leadline("plan")
    assert said.code == 0
    assert "\x1b" not in said.out
    assert "(other text)" in said.out
    assert "Anna" not in said.out
    assert "1234567" not in said.out


def test_no_secret_and_no_person_is_ever_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a whole day of text and failures: no secret, no name, no address, no telephone number."""
    monkeypatch.setenv("CANARY_TOKEN", "canary-in-the-environment")
    told = []
    for arguments in succeed(desk):
        if arguments[0] not in {"init", "schema", "evaluate", "practice"}:
            told.append(desk.leadline(*arguments))
    told += [desk.leadline("explain", f"p-{number}") for number in range(1, 61)]
    people = desk.practice.organisation.people
    told += [desk.leadline("explain", person.email) for person in people[:20] if person.email]
    told += [desk.leadline("explain", person.email[1:]) for person in people[:20] if person.email]
    desk.faults("hubspot", kind="html_body", status=500)
    told.append(desk.leadline("sync"))
    desk.faults("salesforce", kind="partial_failure", code="FIELD_CUSTOM_VALIDATION_EXCEPTION")
    desk.edit("A: 60", "A: 30")
    told += [desk.leadline("plan", "-o", "plan.json"), desk.leadline("apply", "plan.json")]
    monkeypatch.setenv("HUBSPOT_TOKEN", "canary-wrong-token")
    told.append(desk.leadline("pull"))
    text = "\n".join(said.out + said.err for said in told)
    assert len(text) > 100_000
    text = text.replace("Wilson's", "")  # whose interval it is, not one of the people
    secrets = [value for name, value in desk.practice.environment().items() if not name.endswith("URL")]
    names = {part for person in people for part in (person.first_name, person.last_name) if part and len(part) > 3}
    assert [secret for secret in [*secrets, "canary"] if secret in text] == []
    assert [person.email for person in people if person.email and person.email.lower() in text.lower()] == []
    assert [person.phone for person in people if person.phone and person.phone in text] == []
    assert sorted(name for name in names if re.search(rf"\b{re.escape(name)}\b", text)) == []
