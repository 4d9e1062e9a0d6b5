"""What must hold between the rows of a practice organisation's CSV, beyond each cell by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from leadline.common.errors import Problem
from leadline.common.values import CRMS
from leadline.connectors.practice.files_tables import Row

_REFERENCES: Final = {
    "companies": {"owner": "owners"},
    "people": {"company": "companies", "owner": "owners", "deal": "deals", "duplicate_of": "people"},
    "deals": {"company": "companies", "owner": "owners", "people": "people"},
    "happenings": {"person": "people", "owner": "owners", "campaign": "campaigns"},
}
_KEY: Final = re.compile(r"[^\s;]+")

Tables = Mapping[str, list[Row]]


def check_tables(tables: Tables, known: Mapping[str, frozenset[str]]) -> list[Problem]:
    """Return every problem between rows; ``known`` adds keys that are not in files. Fills in missing keys."""
    problems: list[Problem] = []
    keys = {name: _keys(name, rows, problems) | known.get(name, frozenset()) for name, rows in tables.items()}
    for name, references in _REFERENCES.items():
        for column, target in references.items():
            for row in tables[name]:
                for key in _named(row, column):
                    if key not in keys[target]:
                        problems.append(_problem(name, row, column, f"{target}.csv has no {key!r}"))
    _check_people(tables["people"], problems)
    for row in tables["deals"]:
        instants = [since for _, since in row.values.get("stages", ())]
        if instants != sorted(instants):
            problems.append(_problem("deals", row, "stages", "must be in order of time"))
    for row in tables["happenings"]:
        if row.values.get("kind") == "campaign_member" and "campaign" not in row.attributes:
            problems.append(_problem("happenings", row, "campaign", "must not be empty for a campaign_member"))
    return problems


def _keys(name: str, rows: list[Row], problems: list[Problem]) -> frozenset[str]:
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        key = row.values.setdefault("key", f"{name[0]}{number}")
        if not _KEY.fullmatch(key):
            problems.append(_problem(name, row, "key", "must have no blanks and no semicolons"))
        if key in seen:
            problems.append(_problem(name, row, "key", f"{key!r} is on line {seen[key]} already"))
        seen.setdefault(key, row.line)
    return frozenset(seen)


def _named(row: Row, column: str) -> tuple[str, ...]:
    """Return the keys that a cell names; a happening's campaign is a key only for a campaign member."""
    given: Any = row.values.get(column)
    if column == "campaign":
        given = row.attributes.get(column) if row.values.get("kind") == "campaign_member" else None
    if isinstance(given, tuple):
        return given
    return (given,) if isinstance(given, str) else ()


def _check_people(rows: list[Row], problems: list[Problem]) -> None:
    merged_into = {row.values["key"]: row.values.get("duplicate_of") for row in rows}
    addresses: dict[str, int] = {}
    for row in rows:
        values = row.values
        for column in ("merged_in", "deleted_in"):
            if any(crm not in CRMS for crm in values.get(column, ())):
                problems.append(_problem("people", row, column, f"must be among {', '.join(CRMS)}"))
        if values.get("duplicate_of"):
            if not values.get("merged") or not values.get("merged_in"):
                problems.append(_problem("people", row, "duplicate_of", "needs merged and merged_in"))
            if _goes_round(values["key"], merged_into):
                problems.append(_problem("people", row, "duplicate_of", "leads back to this row"))
        email = (values.get("email") or "").casefold()
        if email and values.get("in_hubspot", True):
            if email in addresses:
                told = f"is on line {addresses[email]} already; in HubSpot an address has one contact"
                problems.append(_problem("people", row, "email", told, "set in_hubspot to false on one of them"))
            addresses.setdefault(email, row.line)


def _goes_round(key: str, merged_into: Mapping[str, str | None]) -> bool:
    seen, at = {key}, merged_into.get(key)
    while at is not None and at not in seen:
        seen.add(at)
        at = merged_into.get(at)
    return at == key


def _problem(table: str, row: Row, column: str, told: str, hint: str = "") -> Problem:
    between = " " if told.startswith(("must", "needs", "leads", "is on")) else ": "
    return Problem(f"{table}.csv", row.line, row.columns.get(column, 1), f"{column}{between}{told}", hint)
