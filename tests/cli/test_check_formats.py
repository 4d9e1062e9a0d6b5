"""`check --format`: the same problems as text, JSON and SARIF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Leadline
from tests.cli.test_bad_books import edit


def needed_by_code_scanning(document: Any) -> list[dict[str, Any]]:
    """Return the results after holding the document to what GitHub's code scanning asks of SARIF 2.1.0."""
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "Leadline"
    for rule in rules:
        assert rule["id"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning"}
        assert all(rule[part]["text"].strip() for part in ("shortDescription", "fullDescription", "help"))
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert not place["artifactLocation"]["uri"].startswith("/")
        region = place["region"]
        assert 1 <= region["startLine"] <= region["endLine"]
        assert 1 <= region["startColumn"] < region["endColumn"]
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    return list(run["results"])


def test_sarif_says_what_json_says(leadline: Leadline, book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every problem of a broken book is one result with its rule, level, message and place."""
    monkeypatch.chdir(book.parent)
    edit(book, "points: 10", "points: ten")
    edit(book, "\ngrid:", "\ngird:")
    said = leadline("check", "book", "--format", "sarif")
    told = leadline("check", "book", "--format", "json").json["problems"]
    results = needed_by_code_scanning(said.json)
    assert (said.code, said.err) == (1, "")
    assert len(told) >= 2
    assert {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results} == {
        "book/rules.yml"
    }
    assert [
        (result["ruleId"], result["level"], result["locations"][0]["physicalLocation"]["region"]["startLine"])
        for result in results
    ] == [(problem["code"], problem["severity"], problem["line"]) for problem in told]
    assert all(problem["message"] in result["message"]["text"] for problem, result in zip(told, results, strict=True))


def test_warnings_are_results_too(leadline: Leadline, book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A doubtful book ends with 0 and shows its warnings; one without fault has no results."""
    monkeypatch.chdir(book)
    assert needed_by_code_scanning(leadline("check", "--format", "sarif").json) == []
    edit(book, "  sal:\n    kind: gate", "  lost:\n    kind: gate\n  sal:\n    kind: gate")
    edit(book, "- inquiry -> mql -> sal", "- inquiry -> mql -> lost -> sal")
    said = leadline("check", "--format", "sarif")
    levels = {result["level"] for result in needed_by_code_scanning(said.json)}
    assert (said.code, levels) == (0, {"warning"})


def test_a_result_keeps_its_fingerprint_when_lines_move(
    leadline: Leadline, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code scanning knows an alert again after lines were added above it."""
    monkeypatch.chdir(book)
    edit(book, "points: 10", "points: ten")
    before = needed_by_code_scanning(leadline("check", "--format", "sarif").json)
    rules = book / "rules.yml"
    rules.write_text("# one more line\n" + rules.read_text(encoding="utf-8"), encoding="utf-8")
    after = needed_by_code_scanning(leadline("check", "--format", "sarif").json)
    assert [one["partialFingerprints"] for one in before] == [one["partialFingerprints"] for one in after]
    assert [one["locations"] for one in before] != [one["locations"] for one in after]


def test_a_missing_book_is_a_result(leadline: Leadline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no line is placed at the beginning of what was named."""
    monkeypatch.chdir(tmp_path)
    said = leadline("check", "nowhere", "--format", "sarif")
    (result,) = needed_by_code_scanning(said.json)
    assert (said.code, result["ruleId"]) == (1, "no-book")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "nowhere"


def test_two_formats_at_once_are_usage(leadline: Leadline, book: Path) -> None:
    """`--json --format sarif` says which of them to leave out."""
    assert leadline("check", book, "--json", "--format", "sarif").code == 2
    assert leadline("check", book, "--format", "xml").code == 2
