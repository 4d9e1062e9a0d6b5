"""The demonstration, as `make demo` runs it: the whole job once, in the order that the README promises."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Leadline


def test_the_demonstration_does_the_whole_job_in_order(leadline: Leadline, tmp_path: Path) -> None:
    """Pulled, funnel, plan, applied and read back, an empty second plan, one lead explained."""
    said = leadline("demo", "--people", "200", "--dir", tmp_path / "demo")
    assert said.code == 0, said.out + said.err
    headings = ["1. Pulled", "2. The funnel", "3. The plan", "4. Applied", "5. The second", "6. One lead", "Summary"]
    places = [said.out.index(heading) for heading in headings]
    assert places == sorted(places)
    assert "Everything planned was written and read back." in said.out
    assert "nothing to write" in said.out[places[4] : places[5]]


def test_the_demonstration_tells_machines_its_calls(leadline: Leadline, tmp_path: Path) -> None:
    """Calls stay within 1.5 times the lower bound, the servers counted the same, the second cycle wrote nothing."""
    said = leadline("demo", "--people", "1000", "--dir", tmp_path / "demo", "--json")
    told = said.json
    assert (said.code, told["ok"]) == (0, True)
    for crm, bound in told["lower_bounds"].items():
        made = told["calls"][crm]
        fewest = bound["read"] + bound["write"] + bound["read_back"]
        assert made["read"] + made["write"] + made["read_back"] <= 1.5 * fewest
    runs = (told["planned"]["calls"], told["applied"]["calls"], told["second"]["calls"])
    for crm in told["lower_bounds"]:
        counted = sum(sum(calls[crm].values()) for calls in runs)
        assert counted == sum(count for name, count in told["served"].items() if name.startswith(f"{crm} "))
    assert told["second"]["plan"]["writes"] == 0
    assert sum(told["second"]["calls"][crm].get("write", 0) for crm in told["lower_bounds"]) == 0


def test_a_folder_that_is_no_demonstration_is_left_alone(leadline: Leadline, tmp_path: Path) -> None:
    """Only what a demonstration made is ever replaced."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    said = leadline("demo", "--people", "50", "--dir", tmp_path / "mine")
    assert said.code == 2
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep me"
