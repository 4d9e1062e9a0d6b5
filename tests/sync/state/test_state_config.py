"""Reading ``leadline.yml``."""

from datetime import timedelta
from pathlib import Path

import pytest

from leadline.common.errors import UsageError
from leadline.sync.config import load_config
from leadline.sync.pull.upkeep import Upkeep

GOOD = """
rules: rules
state: sqlite:///state/leadline.db
salesforce:
  url: ${SF_URL}
  version: 61.0
  timeout: 12
  auth:
    flow: client_credentials
    client_id: leadline
    client_secret: ${SF_SECRET}
hubspot:
  token: ${HS_TOKEN}
"""
ENVIRON = {"SF_URL": "http://127.0.0.1:9", "SF_SECRET": "hush", "HS_TOKEN": "pat-secret"}


def write(directory: Path, text: str) -> Path:
    """Write a configuration and return its path."""
    path = directory / "leadline.yml"
    path.write_text(text)
    return path


def refusal(directory: Path, text: str, environ: dict[str, str] | None = None) -> str:
    """Return what reading ``text`` is refused with."""
    with pytest.raises(UsageError) as caught:
        load_config(write(directory, text), ENVIRON if environ is None else environ)
    return str(caught.value)


def test_a_whole_file(tmp_path):
    """Paths are relative to the file, variables come from the environment, numbers keep their meaning."""
    config = load_config(write(tmp_path, GOOD), ENVIRON)
    assert config.rules_dir == tmp_path / "rules"
    assert config.state_url == f"sqlite:///{tmp_path}/state/leadline.db"
    assert config.crms == ("salesforce", "hubspot")
    assert config.salesforce.version == "61.0"
    assert config.salesforce.timeout == 12
    assert config.hubspot.token.get_secret_value() == "pat-secret"
    assert "pat-secret" not in repr(config)


def test_a_directory_means_its_file(tmp_path):
    """The directory of a configuration may be given, and everything but the CRMs has a default."""
    write(tmp_path, "rules: .\n")
    config = load_config(tmp_path, {})
    assert config.crms == ()
    assert config.state_url == f"sqlite:///{tmp_path}/leadline.db"


def test_a_postgresql_url_is_left_alone(tmp_path):
    """Only a relative SQLite path is resolved."""
    config = load_config(write(tmp_path, "state: ${STATE}\n"), {"STATE": "postgresql://me@db/leadline"})
    assert config.state_url == "postgresql://me@db/leadline"


def test_all_problems_at_once(tmp_path):
    """An unset variable, an unknown key and a literal secret are told together, each with its line."""
    text = "ruls: .\nstate: ${NOWHERE}\nsalesforce:\n  url: ${SF_URL}\n"
    text += "  auth: {flow: password, username: me, pasword: x}\n"
    text += "hubspot:\n  token: pat-literal\n"
    said = refusal(tmp_path, text)
    assert ":1:1: unknown key `ruls` (did you mean `rules`?)" in said
    assert ":2:8: the environment has no NOWHERE (export NOWHERE=...)" in said
    assert ":5:40: unknown key `pasword` (did you mean `password`?)" in said
    assert "`salesforce.auth.password` is missing" in said
    assert (
        ":7:10: a secret stands in the file under `token` (put it in the environment and write token: ${NAME})"
        in said
    )
    assert "pat-literal" not in said


def test_a_secret_of_the_environment_is_never_shown(tmp_path):
    """A bad value is named by its key and reason only."""
    said = refusal(
        tmp_path, "hubspot:\n  url: ${URL}\n  token: ${T}\n", {"URL": "ftp://hidden-host", "T": "pat-hidden"}
    )
    assert "`hubspot.url`: must be an http:// or https:// address" in said
    assert "hidden" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "the configuration is not a mapping"),
        ("rules: [a]\n", "`rules` is not a text"),
        ("salesforce: 5\n", "salesforce"),
        ("state: ${A\n", "a variable is not closed"),
        ("rules: .\nrules: .\n", "stands twice"),
        ("hubspot: {}\n", "give one of token and oauth"),
    ],
)
def test_a_wrong_shape_is_a_usage_error(tmp_path, text, said):
    """Whatever the file holds, the answer is a text with a place."""
    assert said in refusal(tmp_path, text)


def test_a_missing_file_says_how_to_get_one(tmp_path):
    """No file, no traceback."""
    with pytest.raises(UsageError, match="leadline init"):
        load_config(tmp_path / "leadline.yml", {})


def test_upkeep_and_shares(tmp_path):
    """Times, shares and lists as an admin writes them; without the blocks everything is looked after daily."""
    text = (
        GOOD + "  quota: {per_day: 30%, per_cycle: 5000}\nupkeep:\n  ids: 12h\n  calculated: never\n  vanished: 5%\n"
    )
    config = load_config(write(tmp_path, text + "  history: [Lead.Status]\n"), ENVIRON)
    assert (config.upkeep.ids, config.upkeep.calculated) == (timedelta(hours=12), None)
    assert (config.upkeep.vanished, config.upkeep.history) == (0.05, ("Lead.Status",))
    assert (config.shares["hubspot"].per_day, config.shares["hubspot"].per_cycle) == (0.3, 5000)
    assert str(config.shares["hubspot"]) == "30% of a day and 5,000 a run"
    plain = load_config(write(tmp_path, GOOD), ENVIRON)
    assert plain.upkeep == Upkeep()
    assert str(plain.shares["salesforce"]) == "no limit"
    assert load_config(write(tmp_path, GOOD + "upkeep: {history: true}\n"), ENVIRON).upkeep.history is True


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("upkeep: {ids: often}", "leadline.yml:1:10: `upkeep.ids`: must be a time such as 12h or 1d, or never"),
        ("upkeep: {idz: 1d}", "did you mean `ids`"),
        ("upkeep: {history: maybe}", "`upkeep.history`: must be true, false or a list of CRM fields"),
        ("upkeep: 1d", "`upkeep` is not a block"),
        ("hubspot: {token: '${HS_TOKEN}', quota: {per_day: 120%}}", "`hubspot.quota.per_day`"),
        ("hubspot: {token: '${HS_TOKEN}', quota: {per_dai: 10%}}", "did you mean `per_day`"),
    ],
)
def test_what_is_wrong_with_upkeep_and_shares(tmp_path, text, said):
    """Each mistake is told with its place or its nearest name."""
    assert said in refusal(tmp_path, text + "\n")
