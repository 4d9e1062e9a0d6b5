"""`evaluate` over files: an empty cell says no more than a column that is not there."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadline.batch.evaluating import evaluate_files
from leadline.common.errors import UsageError
from leadline.rules.reading import read_book

BOOK = """
leadline: 1
name: Regions
fields:
  country: {type: text, hubspot: contact.country}
  region: {type: text, from: {table: lists/regions.csv, by: country}}
scores:
  fit: {criteria: {home: {points: 10, when: {region: {in: [EMEA]}}}}}
stages:
  inquiry: {kind: inventory, owner: marketing, start: true}
  mql: {kind: gate, owner: sales, enter: {fit: {at_least: 10}}}
paths: [inquiry -> mql]
"""


@pytest.mark.parametrize(
    ("people", "stage"),
    [
        ("person_id,country\np1,Peru\n", "inquiry"),
        ("person_id,country\np1,Germany\n", "mql"),
        ("person_id,country,region\np1,Germany,\n", "mql"),
        ("person_id,country,region\np1,Germany,LATAM\n", "inquiry"),
        ("person_id,country,region\np1,Peru,EMEA\n", "mql"),
    ],
)
def test_an_empty_cell_of_a_looked_up_field_is_looked_up(tmp_path: Path, people: str, stage: str) -> None:
    """The table answers where the file says nothing of the field, and only there."""
    book = read_book({"rules.yml": BOOK.encode(), "lists/regions.csv": b"country,region\nGermany,EMEA\nPeru,LATAM\n"})
    (tmp_path / "people.csv").write_text(people, encoding="utf-8")
    out = tmp_path / "out.csv"
    evaluate_files(book, tmp_path / "people.csv", None, datetime(2026, 3, 1, tzinfo=UTC), out)
    with out.open(encoding="utf-8", newline="") as file:
        assert [row["stage"] for row in csv.DictReader(file)] == [stage]


DEALS_BOOK = """
leadline: 1
name: Deals
fields: {email: {type: text, hubspot: contact.email}}
deals:
  fields: {amount: {type: money, hubspot: deal.amount}, closes: {type: date, hubspot: deal.closedate}}
  renewed: {state: won, type: Renewal}
stages:
  inquiry: {kind: inventory}
  sql: {kind: gate, enter: {deal: {sum: amount, over: 1000, where: {closes: {within_next: 30d}}}}}
  retained: {kind: final, enter: {deal: renewed}}
paths: [inquiry -> sql -> retained]
"""


def evaluated(tmp_path: Path, deals: str) -> str:
    """Evaluate one person with these deals and return their stage."""
    (tmp_path / "people.csv").write_text("person_id,email\np1,a@b.example\n", encoding="utf-8")
    (tmp_path / "deals.csv").write_text(deals, encoding="utf-8")
    book, out = read_book({"rules.yml": DEALS_BOOK.encode()}), tmp_path / "out.csv"
    as_of = datetime(2026, 3, 1, tzinfo=UTC)
    evaluate_files(book, tmp_path / "people.csv", None, as_of, out, deals=tmp_path / "deals.csv")
    with out.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    return row["stage"]


HEAD = "person_id,deal,state,at,amount,closes\n"


@pytest.mark.parametrize(
    ("deals", "stage"),
    [
        ("p1,d1,open,,900,2026-03-10\np1,d2,open,,200,2026-03-11\n", "sql"),
        ("p1,d1,open,,900,2026-03-10\np1,d2,open,,200,2026-05-11\n", "inquiry"),
        ("p1,d1,open,2026-01-01,900,2026-03-10\np1,d1,,2026-02-01,1900,2026-03-10\n", "sql"),
        ("p1,d1,open,2026-01-01,1900,2026-03-10\np1,d1,gone,2026-02-01,1900,2026-03-10\n", "inquiry"),
        ("p1,d1,renewed,,,\n", "retained"),
    ],
)
def test_deals_come_from_a_file_of_their_own(tmp_path: Path, deals: str, stage: str) -> None:
    """Their states and fields count from the instants that the file gives."""
    assert evaluated(tmp_path, HEAD + deals) == stage


def test_odd_deals_are_told_with_their_lines(tmp_path: Path) -> None:
    """States, instants and values that cannot be read are all told at once."""
    with pytest.raises(UsageError) as caught:
        evaluated(tmp_path, HEAD + "p1,d1,opn,,5,\np1,,open,yesterday,5,\np1,d3,open,,much,\n")
    told = str(caught.value)
    assert all(text in told for text in ("deals.csv:2", "no deal is 'opn'", "deal is empty", "at: ", "amount: this"))


ACCOUNTS_BOOK = """
leadline: 1
name: Agreeing
fields: {role: {type: text}}
activities: {demo: {hubspot: {form: demo}}}
accounts:
  engaged: {count: people, when: {interest: {at_least: 10}}}
  roles: {distinct: role}
scores:
  interest:
    criteria:
      demo: {points: 20, latest: demo, within: 30d}
      group: {points: 5, when: {account.roles: {at_least: 2}}}
stages:
  lead: {kind: inventory}
  engaged: {kind: gate, enter: {account.engaged: {at_least: 2}}}
  cooled: {kind: detour}
paths: [lead -> engaged, {from: engaged, to: cooled, when: {account.engaged: {under: 2}}}]
"""


def test_people_are_grouped_by_account(tmp_path: Path) -> None:
    """Who agrees with a colleague is engaged, also without doing anything; who has no account is alone."""
    (tmp_path / "people.csv").write_text(
        "person_id,account,role\na,Acme,buyer\nb,Other,buyer\nc,Acme,user\nd,Acme,\ne,,user\nf,,buyer\n",
        encoding="utf-8",
    )
    demos = "".join(
        f"{person},demo,2026-02-{day}\n" for person, day in zip("abcef", (10, 11, 12, 13, 14), strict=True)
    )
    (tmp_path / "activities.csv").write_text(f"person_id,activity,at\n{demos}", encoding="utf-8")
    book, out = read_book({"rules.yml": ACCOUNTS_BOOK.encode()}), tmp_path / "out.csv"
    as_of = datetime(2026, 3, 1, tzinfo=UTC)
    done = evaluate_files(book, tmp_path / "people.csv", tmp_path / "activities.csv", as_of, out)
    with out.open(encoding="utf-8", newline="") as file:
        rows = {row["person_id"]: row for row in csv.DictReader(file)}
    assert {person: row["stage"] for person, row in rows.items()} == {
        "a": "engaged", "b": "lead", "c": "engaged", "d": "engaged", "e": "lead", "f": "lead",
    }  # fmt: skip
    assert {person: row["interest"] for person, row in rows.items()} == {
        "a": "25", "b": "20", "c": "25", "d": "5", "e": "20", "f": "20",
    }  # fmt: skip
    # a's demo expires first, and the whole account cools with it
    assert {rows[person]["next_change"] for person in "acd"} == {"2026-03-12T00:00:00Z"}
    assert done.remarks == ()


CAPPED = """
leadline: 1
name: Capped
fields:
  size: {type: integer, hubspot: contact.size}
  team: {type: text, hubspot: contact.team}
scores:
  fit: {criteria: {size: {points: {size: {under 50: 0, from 50: 10}}}}}
stages:
  inquiry: {kind: inventory}
  mql: {kind: sla, enter: {fit: {at_least: 0}}}
  sal: {kind: gate, enter: {all: [{fit: {at_least: 0}}, {was_in: mql}]}}
paths: [inquiry -> mql -> sal]
capacity: {mql: {most: 3 a day}, sal: {most: 1 a day, per: team, best: fit}}
"""


def test_places_are_given_to_all_people_of_the_file_together(tmp_path: Path) -> None:
    """The best go first in whatever order they stand, a place may lead to the next stage, and the order stays."""
    book = read_book({"rules.yml": CAPPED.encode()})
    rows = ["p1,10,red,", "p2,90,red,", "p3,90,blue,", "p4,90,red,", "p5,90,red,mql"]
    wanted = {"p1": "mql sal", "p2": "sal ", "p3": "sal ", "p4": "inquiry mql", "p5": "mql sal"}
    out = tmp_path / "out.csv"
    for order in (rows, rows[::-1]):
        text = "\n".join(["person_id,size,team,stage", *order])
        (tmp_path / "people.csv").write_text(f"{text}\n", encoding="utf-8")
        done = evaluate_files(book, tmp_path / "people.csv", None, datetime(2026, 3, 1, tzinfo=UTC), out)
        with out.open(encoding="utf-8", newline="") as file:
            found = {row["person_id"]: f"{row['stage']} {row['waits_for']}" for row in csv.DictReader(file)}
        assert found == wanted
        assert list(found) == [row.partition(",")[0] for row in order]
        assert done.stages == {"inquiry": 1, "mql": 2, "sal": 2}
