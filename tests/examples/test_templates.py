"""The templates of `leadline init`: complete, tested to the last transition, and at home on the practice CRMs."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from leadline.cli import run
from leadline.connectors.practice.serving import start_practice
from leadline.terminal.templates import copy_template, template_names

ROOT = Path(__file__).parents[2]
STAGES = {
    "classic": {"awareness", "interest", "consideration", "intent", "evaluation", "purchase", "advocacy", "churned"},
    "demand-unit": {"target", "active", "prioritised", "qualified", "pipeline", "closed"},
    "mql-sql": {"inquiry", "mql", "sql", "opportunity", "customer", "nurture"},
    "six-stage": {"lead", "qualified lead", "mql", "sal", "opportunity", "customer", "recycled"},
}
"""Template -> the stages in which somebody of the practice organisation is after adoption."""


@pytest.fixture(params=sorted(STAGES))
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh copy of a template, which is the working directory."""
    made = tmp_path / str(request.param)
    copy_template(request.param, made)
    monkeypatch.chdir(made)
    return made


def test_a_template_has_neither_errors_nor_warnings(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`leadline check` finds nothing to say about it."""
    assert run(["check"]) == 0
    assert "no errors, 0 warnings" in capsys.readouterr().out


def test_a_template_is_tested_to_the_last_transition(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`leadline test --coverage` passes and names nothing that no test reached."""
    assert run(["test", "--coverage", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] > 20
    assert {kind: (row["reached"], row["missed"]) for kind, row in found["coverage"].items()} == {
        kind: (row["total"], []) for kind, row in found["coverage"].items()
    }


def test_a_template_adopts_the_practice_crms(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plan, apply, and nothing is left to plan; both CRMs take every value, and people are spread over the stages."""
    with start_practice(people=150, seed=11, frozen=True) as practice:
        for name, value in practice.environment().items():
            monkeypatch.setenv(name, value)
        assert run(["plan", "-o", "plan.json"]) == 0
        assert run(["apply", "plan.json"]) == 0
        assert "Everything planned was written and read back" in capsys.readouterr().out
        assert run(["plan", "-o", "again.json"]) == 0
        assert "nothing to write" in capsys.readouterr().out
        assert run(["report", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    first, again = (json.loads(Path(name).read_text(encoding="utf-8")) for name in ("plan.json", "again.json"))
    assert {write["crm"] for write in first["writes"]} == {"salesforce", "hubspot"}
    assert (first["adoption"], again["adoption"], again["writes"]) == (True, False, [])
    assert {row["stage"] for row in report["stages"] if row["stock"]} >= STAGES[home.name]


def test_a_wheel_carries_every_template_with_its_guide() -> None:
    """What `leadline init` offers in a checkout is what the wheel is told to carry, each with a guide on one page."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert {f"examples/{name}": f"leadline/templates/{name}" for name in template_names()} == carried
    for name in STAGES:
        assert len((ROOT / "examples" / name / "GUIDE.md").read_text(encoding="utf-8").splitlines()) <= 60
