"""The example without a CRM: a real funnel, its mapping and its figures."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "olist"
DATA = ROOT.parent / "shared" / "data" / "olist"


def evaluate(source: Path, work: Path, suffix: str = "csv") -> Path:
    """Prepare and evaluate as the example's README says; return the result."""
    subprocess.run([sys.executable, EXAMPLE / "prepare.py", source, work], check=True)
    out = work / f"stages.{suffix}"
    command = [sys.executable, "-m", "leadline", "evaluate", "--rules", EXAMPLE, "--people", work / "people.csv"]
    command += ["--activities", work / "activities.csv", "--as-of", "2018-11-30", "-o", out, "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["people"] == sum(json.loads(done.stdout)["stages"].values())
    return out


def made_up(folder: Path) -> None:
    """Write the two files of the data set with a few invented rows."""
    (folder / "olist_marketing_qualified_leads_dataset.csv").write_text(
        "mql_id,first_contact_date,landing_page_id,origin\n"
        "a,2018-02-01,b76ef37428e6799c421989521c0e5077,organic search\n"
        "b,2018-03-01,other,email\n"
        "c,2018-04-01,other,\n"
    )
    (folder / "olist_closed_deals_dataset.csv").write_text("mql_id,won_date\nc,2018-03-30 10:00:00\n")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_each_lead_gets_a_stage(tmp_path: Path, suffix: str) -> None:
    """A won lead is a customer even when it was won before its first contact."""
    made_up(tmp_path)
    out = evaluate(tmp_path, tmp_path / "work", suffix)
    if suffix == "parquet":
        from pyarrow import parquet

        rows = parquet.read_table(out).to_pylist()
    else:
        rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [(row["person_id"], row["stage"]) for row in rows] == [("a", "mql"), ("b", "lead"), ("c", "customer")]


@pytest.mark.skipif(not DATA.is_dir(), reason="the data set does not lie beside this repository")
def test_the_whole_data_set(tmp_path: Path) -> None:
    """8,000 leads get a stage and 842 of them are customers."""
    out = evaluate(DATA, tmp_path)
    stages = Counter(row["stage"] for row in csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert sum(stages.values()) == 8000
    assert stages["customer"] == 842
    assert stages["mql"] > 0


PLANTED = """      declared segment: {points: 5, when: {segment: {in: [pet, home]}}}
    grades: {A: 60"""


def test_a_backtest_names_the_field_that_knows_the_future(tmp_path: Path) -> None:
    """Leads shaped like Olist's with a field that was filled when they signed: it tells wins apart, and it leaks."""
    chance = Random(7)
    origins = ["paid search", "email", "social", ""]
    leads = [(f"m{n:03}", f"2018-0{1 + n % 4}-1{n % 9}", chance.choice(origins), chance.random()) for n in range(300)]
    won = {name for name, _, origin, luck in leads if luck < (0.3 if origin == "paid search" else 0.1)}
    asked = {
        name: "pet" if (name in won) != (number % 7 == 0) else "office" for number, (name, *_) in enumerate(leads)
    }
    rows = [f"{name},{origin},other,{asked[name]}\n" for name, _, origin, _ in leads]
    (tmp_path / "people.csv").write_text("person_id,origin,landing page,segment\n" + "".join(rows))
    acts = [f"{name},first contact,{at}\n" for name, at, _, _ in leads]
    acts += [f"{name},won,2018-05-{10 + number % 15}\n" for number, name in enumerate(sorted(won))]
    (tmp_path / "activities.csv").write_text("person_id,activity,at\n" + "".join(acts))
    (tmp_path / "new").mkdir()
    text = (
        (EXAMPLE / "rules.yml").read_text().replace("  landing page:", "  segment: {type: text}\n  landing page:", 1)
    )
    assert "    grades: {A: 60" in text
    (tmp_path / "new" / "rules.yml").write_text(text.replace("    grades: {A: 60", PLANTED, 1))
    command = [sys.executable, "-m", "leadline", "backtest", "--rules", "new", "--against", EXAMPLE]
    command += ["--people", "people.csv", "--activities", "activities.csv"]
    command += ["--from", "2018-01-01", "--to", "2018-06-01"]
    done = subprocess.run([*command, "--json"], cwd=tmp_path, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    leaks = {leak["field"]: leak for leak in told["leaking"]}
    assert leaks["segment"]["people"] == 300
    assert leaks["segment"]["readers"] == ["fit: declared segment"]
    said = {line["criterion"]: line for line in told["new"]["criteria"]}
    assert said["declared segment"]["verdict"] == "raises"
    assert said["declared segment"]["leaking"] == ["segment"]
    assert said["fresh contact"]["verdict"] == "everybody has it"
