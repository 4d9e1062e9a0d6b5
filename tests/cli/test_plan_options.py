"""Looking at a plan in part, beside another one, and as a page."""

from __future__ import annotations

from pathlib import Path

from tests.cli.desk import Desk


def test_parts_differences_and_the_page(desk: Desk) -> None:
    """--only and --person leave the rest out, --diff tells what is different, --html masks; a part adopts nothing."""
    whole = desk.leadline("plan", "-o", "whole.json", "--json").json["plan"]
    part = desk.leadline("plan", "--only", "hubspot", "-o", "part.json", "--diff", "whole.json", "--json").json
    expected = {(write["ref"]["id"], write["field"]) for write in whole["writes"] if write["ref"]["crm"] == "hubspot"}
    assert {(write["ref"]["id"], write["field"]) for write in part["plan"]["writes"]} == expected
    assert set(part["plan"]["counts"]["records"]) == {"hubspot"}
    assert part["plan"]["calls"]["salesforce"] == {"read_back": 0, "write": 0}
    assert (len(part["diff"]["fresh"]), len(part["diff"]["other"])) == (0, 0)
    assert len(part["diff"]["gone"]) == len({(w["ref"]["id"], w["field"]) for w in whole["writes"]}) - len(expected)
    desk.refused("apply", "part.json", code=1, said="a part of a plan (hubspot) activates no rule book")
    person = whole["writes"][0]["person"]
    told = desk.leadline("plan", "--person", person, "--html", "plan.html", "--diff", "part.json")
    assert "Against part.json" in told.out
    assert "The page is in plan.html" in told.out
    page = Path("plan.html").read_text(encoding="utf-8")
    assert person in page
    assert f"Only {person}" in page
    assert all(other not in page for other in {write["person"] for write in whole["writes"]} - {person})
    assert desk.leadline("plan", "-o", "same", "--html", "same").code == 2
    assert desk.leadline("plan", "--person", "nobody@nowhere.example").code == 1
    desk.refused("plan", "--person", "", code=1, said="nobody is known by ''")

    desk.adopt()
    assert desk.leadline("plan", "--only", "salesforce", "-o", "one.json").code == 0
    assert (
        "It would do the same as one.json." in desk.leadline("plan", "--only", "salesforce", "--diff", "one.json").out
    )
    assert desk.leadline("apply", "one.json").code == 0
