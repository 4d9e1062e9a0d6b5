"""A small complete book, in sections, into which a case puts its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

CASES = Path(__file__).parent / "cases"

BASE = {
    "leadline": "leadline: 1\n",
    "name": "name: Base\n",
    "fields": """fields:
  email: {type: text, salesforce: [Lead.Email, Contact.Email], hubspot: contact.email}
  title: {type: text, salesforce: Lead.Title}
  country: {type: text, hubspot: contact.country}
  status: {type: text, signal: true, salesforce: Lead.Status, values: {Rejected: [Unqualified, UNQUALIFIED]}}
  employees: {type: integer, salesforce: Lead.NumberOfEmployees}
  amount: {type: money, salesforce: Lead.Expected_Amount__c}
  budget: {type: boolean, salesforce: Lead.Budget_Confirmed__c}
  need: {type: boolean, salesforce: Lead.Need_Confirmed__c}
  timeline: {type: date, salesforce: Lead.Project_Start__c}
  seen_at: {type: datetime, salesforce: Lead.LastActivityDate}
  topics: {type: list, hubspot: contact.topics}
""",
    "activities": """activities:
  demo: {hubspot: {form: demo}}
  click: {hubspot: {email: click}}
""",
    "scores": """scores:
  fit:
    between: [0, 100]
    criteria: {senior: {points: 60, when: {title: {has_word: [vp]}}}}
    grades: {A: 50, B: 0}
  interest:
    between: [0, 100]
    criteria: {demo: {points: 40, latest: demo}}
    grades: {1: 30, 2: 0}
""",
    "grid": "grid: {rows: fit, columns: interest}\n",
    "temperature": "temperature: {hot: [A1], cold: otherwise}\n",
    "stages": """stages:
  inquiry: {kind: inventory, start: true}
  mql: {kind: sla, enter: {grade: A1}, stay: {grade: {in: [A1, A2]}}}
  customer: {kind: final, enter: {deal: won}}
  recycled: {kind: detour, reasons: [cooled, lost]}
""",
    "paths": """paths:
  - inquiry -> mql -> customer
  - {from: mql, to: recycled, when: {not: stay}, reason: cooled}
  - {from: recycled, to: [mql, customer], after: 30d}
""",
}

LISTS = {
    "lists/rivals.txt": b"# domains\nrival.example\n\nOther.example  # why\nrival.example\n",
    "lists/regions.csv": b"country,region\nGermany,EMEA\nUnited States,Americas\n",
}


def sources(book: str, lists: Mapping[str, bytes] | None = None, without: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Return a book's files: ``book`` first (so its lines count from 1), then the base sections it lacks."""
    own = set(re.findall(r"^(\w+):", book, re.MULTILINE))
    rest = "".join(text for name, text in BASE.items() if name not in own and name not in without)
    return {"rules.yml": (book + rest).encode(), **LISTS, **(lists or {})}


def cases(kind: str) -> list[tuple[str, dict[str, object]]]:
    """Return the named cases of every file ``cases/<kind>-*.yml``, each with its file's name before it."""
    found = []
    for path in sorted(CASES.glob(f"{kind}-*.yml")):
        loaded = yaml.safe_load(path.read_text("utf-8"))
        found += [(f"{path.stem}: {name}", case) for name, case in loaded.items()]
    return found
