"""Text of others in a CSV file: a spreadsheet must show it, not run it, and find no row in it that is none.

A cell that begins like a formula gets an apostrophe before it, which spreadsheets take for "this is text"; reading
our own file takes it away again. https://owasp.org/www-community/attacks/CSV_Injection has the signs.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import Final, TextIO

_SIGNS: Final = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n|")
"""What begins a formula or a command, the full-width forms too, and what may hide it from a careless look."""
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_UNSEEN: Final = " \u00a0\u200b\u200c\u200d\u2060\ufeff"


def write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a first line of names and these rows, harmless, each ended by a line feed; return how many."""
    lines = CsvRows(file, columns)
    count = 0
    for row in rows:
        lines.write(row)
        count += 1
    return count


class CsvRows:
    """Rows of a CSV file as they come, below a first line of names; see ``write_csv``."""

    def __init__(self, file: TextIO, columns: Sequence[str]) -> None:
        self._writer = csv.writer(_LineEnds(file))
        self.write(columns)

    def write(self, row: Sequence[object]) -> None:
        """Write one row, harmless."""
        self._writer.writerow([harmless(cell) for cell in row])


def harmless(cell: object) -> object:
    """Return a cell as it may stand in a CSV file: texts that begin like a formula are marked as text."""
    return f"'{cell}" if isinstance(cell, str) and _like_a_formula(cell) else cell


def as_it_was(cell: str) -> str:
    """Return the text that ``harmless`` was given."""
    return cell[1:] if cell.startswith("'") and _like_a_formula(cell) else cell


def _like_a_formula(text: str) -> bool:
    """Also of a text that is marked already: so that every text has its own form."""
    bare = text.lstrip("'")
    return bare.lstrip(_UNSEEN)[:1] in _SIGNS and bool(bare.strip(_UNSEEN)) and not _NUMBER.fullmatch(bare)


class _LineEnds:
    """Passes the lines of a CSV writer on, each ended by a line feed.

    The writer itself must end them with CR LF: only then does it put a cell with a bare CR in quotes.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> int:
        """Write one line."""
        return self._file.write(line.removesuffix("\r\n") + "\n")
