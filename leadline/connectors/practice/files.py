"""A practice organisation as CSV files, so that an admin may rehearse on data of their own.

One file for each table: people.csv, companies.csv, owners.csv, deals.csv, campaigns.csv, happenings.csv, and
organisation.csv (one row: name, seed, start, end). Only people.csv must be there. UTF-8, comma, one header line;
a blank cell is an empty value where there can be one, else the default of a column that is not there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from leadline.common.canonical import instant_text
from leadline.common.errors import Problem, UsageError
from leadline.connectors.practice.files_checks import check_tables
from leadline.connectors.practice.files_tables import (
    ATTRIBUTES,
    META,
    TABLES,
    Row,
    cells_of,
    read_table,
)
from leadline.connectors.practice.generate import DEFAULT_END
from leadline.connectors.practice.generate_firms import OWNERS
from leadline.connectors.practice.organisation import Organisation

_SHOWN: Final = 100
_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "owners": {"first_name": "", "last_name": "", "email": "", "team": ""},
    "companies": dict.fromkeys(("industry", "employees", "country", "annual_revenue")) | {"name": "", "domain": ""},
    "people": dict.fromkeys(("first_name", "email", "title", "phone", "country", "company", "source"))
    | {"last_name": "", "company_name": "", "salesforce": "lead", "in_hubspot": True},
    "deals": dict.fromkeys(("company", "amount", "type")) | {"name": "", "people": ()},
    "campaigns": {"name": "", "type": ""},
    "happenings": {},
}


def save_organisation(organisation: Organisation, directory: Path) -> None:
    """Write every table into ``directory``, which is made if need be; files of these names are replaced.

    Raises UsageError when the directory cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        meta = cells_of("organisation")
        _write(
            directory / "organisation.csv", META, [[meta[name].write(getattr(organisation, name)) for name in META]]
        )
        for table in TABLES:
            cells = cells_of(table)
            extra = ATTRIBUTES if table == "happenings" else ()
            rows = (
                [cell.write(getattr(item, name)) for name, cell in cells.items()]
                + [_attribute(item.attributes.get(name)) for name in extra]
                for item in getattr(organisation, table)
            )
            _write(directory / f"{table}.csv", (*cells, *extra), rows)
    except OSError as error:
        raise UsageError(f"{directory}: cannot be written ({error.strerror})") from error


def load_organisation(directory: Path) -> Organisation:
    """Read an organisation; what is missing gets defaults.

    Defaults: keys are numbered (p1, c1, ...), owners are the generator's, the first of them owns everything,
    ``created`` is the start, ``modified`` is ``created``, people are Salesforce leads and HubSpot contacts. ``end``
    is the latest instant of all, ``start`` a year before it. Raises UsageError with every problem: file, line,
    column.
    """
    if not (directory / "people.csv").is_file():
        raise UsageError(f"{directory}: there is no people.csv")
    problems: list[Problem] = []
    meta = read_table("organisation", directory, problems)
    tables = {name: read_table(name, directory, problems) for name in TABLES}
    invented = frozenset(owner.key for owner in OWNERS) if not tables["owners"] else frozenset()
    problems += check_tables(tables, {"owners": invented})
    given = meta[0].values if meta else {}
    instants = sorted(value for rows in tables.values() for row in rows for value in _instants(row))
    if instants and given.get("end", instants[-1]) < instants[-1]:
        told = f"end lies before the latest instant of the files, {instant_text(instants[-1])}"
        problems.append(Problem("organisation.csv", meta[0].line, meta[0].columns["end"], told))
    if problems:
        raise UsageError(_told(problems))
    end = given.get("end", instants[-1] if instants else DEFAULT_END)
    start = given.get("start", min([end - timedelta(days=365), *instants[:1]]))
    owner = tables["owners"][0].values["key"] if tables["owners"] else OWNERS[0].key
    made = {name: tuple(_made(name, row, start, owner) for row in tables[name]) for name in TABLES}
    made["owners"] = made["owners"] or OWNERS
    return Organisation(name=given.get("name", "Practice"), seed=given.get("seed", 0), start=start, end=end, **made)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _attribute(value: str | bool | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value or ""


def _told(problems: list[Problem]) -> str:
    lines = [str(problem) for problem in sorted(problems)]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n".join(lines[:_SHOWN] + more)


def _instants(row: Row) -> Iterable[datetime]:
    yield from (value for value in row.values.values() if isinstance(value, datetime))
    yield from (at for _, at in row.values.get("stages", ()))


def _made(table: str, row: Row, start: datetime, owner: str) -> Any:
    """Return a row as its frozen value, completed by defaults."""
    created = row.values.get("created", start)
    stages = row.values.get("stages", (("Qualification", created),))
    defaults = _DEFAULTS[table] | {
        "owner": None if table == "happenings" else owner,
        "created": created,
        "modified": created,
        "at": start,
        "start": start.date(),
        "stages": stages,
        "close_date": stages[-1][1].date(),
    }
    filled = {name: value for name, value in defaults.items() if name in cells_of(table)} | row.values
    if filled.get("salesforce") == "converted" and filled.get("converted") is None:
        filled["converted"] = filled["modified"]
    if table == "happenings":
        filled["attributes"] = row.attributes
    return TABLES[table](**filled)
