"""Reading one table of a practice organisation's CSV, with every problem placed."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final, get_type_hints

from leadline.common.errors import Problem
from leadline.connectors.practice.files_cells import Cell, cell_of, near
from leadline.connectors.practice.organisation import Campaign, Company, Deal, Happening, Organisation, Owner, Person

META: Final = ("name", "seed", "start", "end")
ATTRIBUTES: Final = (
    "url",
    "title",
    "form",
    "event",
    "campaign",
    "outcome",
    "direction",
    "status",
    "subject",
    "end",
    "subtype",
    "type",
    "responded",
    "body",
)
"""Columns of happenings.csv that are attributes; which kind has which is told at ``Happening``."""

TABLES: Final[Mapping[str, type]] = {
    "owners": Owner,
    "companies": Company,
    "people": Person,
    "deals": Deal,
    "campaigns": Campaign,
    "happenings": Happening,
}
_REQUIRED: Final = {"happenings": ("kind", "crm", "person")}


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one line by column, and where they stand; a blank one is None or, where it cannot be, absent."""

    line: int
    values: dict[str, Any]
    attributes: dict[str, str | bool | None]
    columns: Mapping[str, int]


@cache
def cells_of(name: str) -> Mapping[str, Cell]:
    """Return the columns of a table in order; attributes of happenings are apart."""
    kind = TABLES.get(name, Organisation)
    hints = get_type_hints(kind)
    names = META if kind is Organisation else tuple(f.name for f in fields(kind) if f.name != "attributes")
    return {column: cell_of(hints[column]) for column in names}


def read_table(name: str, directory: Path, problems: list[Problem]) -> list[Row]:
    """Return the rows of ``name``.csv, none when there is no such file; problems are added to the list."""
    path = directory / f"{name}.csv"
    if not path.is_file():
        return []
    cells, rows = cells_of(name), []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = _lines(csv.reader(file, strict=True))
            header = next(lines, (1, []))[1]
            columns = _columns(path.name, header, [*cells, *(ATTRIBUTES if name == "happenings" else ())], problems)
            for line, texts in lines:
                if len(texts) != len(header):
                    told = f"this line has {len(texts)} cells, the first one {len(header)}"
                    problems.append(Problem(path.name, line, 1, told))
                    continue
                rows.append(_row(path.name, line, texts, columns, cells, problems))
    except UnicodeDecodeError:
        problems.append(Problem(path.name, 0, 0, "is not UTF-8", "save it as CSV UTF-8"))
    except csv.Error as error:
        problems.append(Problem(path.name, 0, 0, f"is not CSV ({error})"))
    except OSError as error:
        problems.append(Problem(path.name, 0, 0, f"cannot be read ({error.strerror})"))
    return rows


def _lines(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield (line on which a row begins, cells); blank lines are passed over."""
    begins = 1
    for texts in reader:
        if any(text.strip() for text in texts):
            yield begins, texts
        begins = reader.line_num + 1


def _columns(file: str, header: list[str], known: list[str], problems: list[Problem]) -> dict[str, int]:
    """Return column name -> number from 1; unknown and doubled names are problems."""
    columns: dict[str, int] = {}
    for number, text in enumerate(header, start=1):
        name = text.strip()
        if name not in known:
            problems.append(Problem(file, 1, number, f"unknown column {name!r}", near(name, known)))
        elif name in columns:
            problems.append(Problem(file, 1, number, f"column {name!r} is there twice"))
        else:
            columns[name] = number
    return columns


def _row(
    file: str,
    line: int,
    texts: list[str],
    columns: dict[str, int],
    cells: Mapping[str, Cell],
    problems: list[Problem],
) -> Row:
    row = Row(line, {}, {}, columns)
    required = _REQUIRED.get(file.removesuffix(".csv"), ())
    for name, number in columns.items():
        text = texts[number - 1]
        if not text.strip():
            if name in cells and cells[name].optional:
                row.values[name] = None
            continue
        if name not in cells:
            row.attributes[name] = text.casefold() == "true" if name == "responded" else text
            continue
        try:
            row.values[name] = cells[name].read(text)
        except ValueError as error:
            problems.append(Problem(file, line, number, f"{name} {error}"))
    for name in required:
        if name not in row.values and not any(p.line == line and p.column == columns.get(name) for p in problems):
            problems.append(Problem(file, line, columns.get(name, 1), f"{name} must not be empty"))
    return row
