"""A leadline.yml that is not right: file, line and column, what to write instead, and no secret ever repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Leadline

SECRET = "canary-6f1d"
SALESFORCE = "salesforce:\n  url: https://a.example\n  auth:\n    "


@pytest.fixture(autouse=True)
def _at_the_book(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(book)
    monkeypatch.setenv("TOKEN", SECRET)
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("NOPE", raising=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [\n", "leadline.yml:2:1: this is not YAML"),
        ("rules:\t.\n\tstate: x\n", "leadline.yml:2:1: a tab stands where only spaces may"),
        ("", "leadline.yml:1:1: the file is empty"),
        ("- a\n", "leadline.yml:1:1: the configuration is not a mapping (begin with `rules: .`)"),
        ("rules: .\nrules: x\n", "leadline.yml:2:1: `rules` stands twice"),
        (b"\xff\xfe\x00", "leadline.yml:1:1: this byte is not UTF-8"),
        ("rulez: .\n", "leadline.yml:1:1: unknown key `rulez` (did you mean `rules`?)"),
        ("rules: [a]\n", "leadline.yml:1:8: `rules` is not a text"),
        ("state: {a: b}\n", "leadline.yml:1:8: `state` is not a text"),
        ("salesforce: 5\n", "leadline.yml:1:13: `salesforce` is not a block"),
        ("hubspot: [1]\n", "leadline.yml:1:10: `hubspot` is not a block"),
        ("hubspot:\n  tokn: ${TOKEN}\n", "leadline.yml:2:3: unknown key `tokn` (did you mean `token`?)"),
        ("hubspot:\n  token: ${NOPE}\n", "leadline.yml:2:10: the environment has no NOPE (export NOPE=...)"),
        ("hubspot:\n  token: ${EMPTY}\n", "leadline.yml:2:3: `hubspot.token`: is empty"),
        (f"hubspot:\n  token: {SECRET}\n", "leadline.yml:2:10: a secret stands in the file under `token`"),
        (f"hubspot:\n  token: {SECRET}${{TOKEN}}\n", "leadline.yml:2:10: a secret stands in the file"),
        (f"state: postgresql://me:{SECRET}@db/x\n", "leadline.yml:1:8: a secret stands in the file under `state`"),
        ("hubspot:\n  url: ${TOKEN\n", "leadline.yml:2:8: a variable is not closed or not a name"),
        ("hubspot:\n  token: ${TOKEN}\n  timeout: soon\n", "leadline.yml:3:3: `hubspot.timeout`: should be"),
        ("hubspot:\n  token: ${TOKEN}\n  patience: -1\n", "should be greater than or equal to 0"),
        ("hubspot:\n  token: ${TOKEN}\n  url: api.hubapi.com\n", "leadline.yml:3:3: `hubspot.url`: must be an http"),
        (f"hubspot:\n  token: ${{TOKEN}}\n  url: https://me:{SECRET}@x.example\n", "must not carry a user name"),
        ("hubspot:\n  url: https://x.example\n", "give one of token and oauth"),
        (SALESFORCE + "flow: client_credential\n", "there is no sign-in flow `client_credential` (did you mean"),
        (SALESFORCE + "client_id: x\n", "`salesforce.auth.flow` is missing (one of client_credentials, jwt"),
        (SALESFORCE + "flow: password\n    username: x\n", "`salesforce.auth.password` is missing"),
        (SALESFORCE + f"flow: password\n    username: x\n    password: {SECRET}\n", "a secret stands in the file"),
        (SALESFORCE + "flow: jwt\n    client_id: x\n    username: y\n", "give one of key_file and key"),
        (SALESFORCE.replace("  auth", "  version: 9\n  auth") + "flow: refresh\n", "(write it like 62.0)"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_place_and_its_remedy(leadline: Leadline, text: str | bytes, said: str) -> None:
    """Exit code 2, for the verbs that need no CRM as far as they read the file; nothing is created."""
    Path("leadline.yml").write_bytes(text if isinstance(text, bytes) else text.encode())
    told = leadline("plan")
    assert (told.code, told.out) == (2, "")
    assert said in told.err
    assert SECRET not in told.err
    assert leadline("plan", "--json").json["exit_code"] == 2
    assert not Path("leadline.db").exists()


def test_all_mistakes_come_at_once(leadline: Leadline) -> None:
    """One run tells every line that is wrong."""
    Path("leadline.yml").write_text("rulez: .\nhubspot:\n  token: ${NOPE}\n  timout: 3\n", encoding="utf-8")
    assert [line.split(": ")[0] for line in leadline("plan").err.splitlines()] == [
        "leadline.yml:1:1", "leadline.yml:3:10", "leadline.yml:4:3",
    ]  # fmt: skip


def test_no_secret_is_needed_to_look(leadline: Leadline) -> None:
    """`check` and the verbs that ask no CRM work without the environment of the CRMs."""
    assert leadline("check").code == 0
    assert leadline("report").code == 0


@pytest.mark.parametrize("verb", ["plan", "report", "verify"])
def test_a_missing_configuration(leadline: Leadline, verb: str) -> None:
    """The message names the verb that writes one."""
    Path("leadline.yml").unlink()
    said = leadline(verb, *(["d-1"] if verb == "verify" else []))
    assert said.code == 2
    assert "write one with `leadline init`" in said.err
    assert leadline("check").code == 0


def test_a_rule_book_elsewhere(leadline: Leadline) -> None:
    """A directory of rules that is not there is named."""
    text = Path("leadline.yml").read_text(encoding="utf-8").replace("rules: .", "rules: elsewhere")
    Path("leadline.yml").write_text(text, encoding="utf-8")
    said = leadline("report")
    assert said.code == 1
    assert "elsewhere: no such rule book (give the directory that holds rules.yml)" in said.err
