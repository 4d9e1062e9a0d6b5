"""From a sandbox to production: what the book names is compared by name, and what is missing is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.serving import start_practice
from tests.cli.desk import Desk

ACTIONS = """
on_enter:
  mql: [{task: {to: nobody.here@acme.example}}, {add_to: {hubspot_list: No Such List}}]
"""


def test_the_same_environment_is_ready_and_a_poorer_one_is_not(
    reading_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between equals nothing blocks; hidden fields block, by name; what is missing in both is not a difference."""
    desk = reading_desk
    desk.edit("guards:\n", ACTIONS.lstrip() + "guards:\n")
    told = desk.leadline("promote", "--from", "leadline.yml", "--to", "leadline.yml", "--json")
    assert told.code == 0, told
    assert (told.code, told.json["differences"], told.json["same_book"]) == (0, [], True)
    options = PracticeOptions(hidden_fields=("contact.fit_score", "Lead.Fit_Score__c"))
    with start_practice(people=5, seed=3, frozen=True, options=options) as production:
        text = Path("leadline.yml").read_text(encoding="utf-8")
        for name in ("SALESFORCE_URL", "HUBSPOT_URL"):
            text = text.replace(f"${{{name}}}", f"${{PRODUCTION_{name}}}")
            monkeypatch.setenv(f"PRODUCTION_{name}", production.environment()[name])
        Path("production.yml").write_text(text, encoding="utf-8")
        told = desk.leadline("promote", "--from", "leadline.yml", "--to", "production.yml", "--json")
        found = {(item["crm"], item["what"], item["name"]): item for item in told.json["differences"]}
        assert told.code == 1
        assert found["salesforce", "field", "Lead.Fit_Score__c"]["blocks"]
        assert found["hubspot", "field", "contact.fit_score"]["there"] == "missing"
        assert not any(what in {"user or queue", "list or campaign"} for _, what, _ in found)
        text = desk.leadline("promote", "--from", "leadline.yml", "--to", "production.yml").out
        assert "2 things that the book needs are missing" in text
        back = desk.leadline("promote", "--from", "production.yml", "--to", "leadline.yml")
        assert (back.code, "Everything that the book names is there." in back.out) == (0, True)
