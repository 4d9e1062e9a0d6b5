"""List files of a book (``lists/x.txt``, ``lists/y.csv``) and the lists that Leadline ships."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from leadline.common.folding import fold
from leadline.common.marks import Mark
from leadline.rules.nearest import nearest
from leadline.rules.reading.report import Report, short

SHIPPED: Final = ("free_mail",)
"""Lists that come with Leadline; they are part of the program, like its code."""


class Lists:
    """The list files given with a book, read when a rule names them."""

    def __init__(self, report: Report, sources: Mapping[str, bytes]) -> None:
        self._report = report
        self._sources = {name: data for name, data in sources.items() if name.startswith("lists/")}
        self._read: dict[str, tuple[str, ...]] = {}

    @staticmethod
    def is_file(text: str) -> bool:
        """Say whether ``text`` names a list file rather than a value."""
        return text.startswith("lists/")

    def values(self, name: str, mark: Mark) -> tuple[str, ...] | None:
        """Return the lines of ``lists/x.txt``: without comments (#) and blanks, in file order, each once."""
        if name not in self._read:
            text = self._text(name, mark)
            if text is None:
                return None
            if name.endswith(".csv"):
                self._report.add(mark, f"`{short(name)}` is a table, not a list", "use a .txt file", "list")
                return None
            self._read[name] = _lines(text)
            if not self._read[name]:
                self._report.add(Mark(name), "the list is empty", "write one value on each line", "list")
        return self._read[name]

    def shipped(self, name: str) -> tuple[str, ...] | None:
        """Return a list that Leadline ships, None when there is none of that name."""
        return _shipped(name) if name in SHIPPED else None

    def table(self, name: str, mark: Mark) -> dict[str, str] | None:
        """Return a two-column table: folded first column to second. The first row is a heading."""
        text = self._text(name, mark)
        if text is None:
            return None
        rows: dict[str, str] = {}
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            for number, row in enumerate(reader):
                cells = [cell.strip() for cell in row]
                if any(cells) and number:
                    self._row(rows, cells, Mark(name, reader.line_num, 1))
        except csv.Error as error:
            self._report.add(Mark(name, reader.line_num, 1), f"not a CSV table: {error}", "check the quotes", "list")
            return None
        return rows

    def _row(self, rows: dict[str, str], cells: list[str], mark: Mark) -> None:
        if len(cells) != 2 or not all(cells):
            self._report.add(mark, "a row of this table has two filled columns", "key,value", "list")
        elif rows.setdefault(fold(cells[0]), cells[1]) != cells[1]:
            self._report.add(mark, f"`{short(cells[0])}` stands twice with different values", "keep one row", "list")

    def _text(self, name: str, mark: Mark) -> str | None:
        data = self._sources.get(name)
        if data is None:
            hint = nearest(name, self._sources) or "put the file beside the rules"
            self._report.add(mark, f"there is no list `{short(name)}` beside the rules", hint, "unknown-name")
            return None
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self._report.add(Mark(name, line, 1), "this line is not UTF-8", "save the file as UTF-8", "not-utf8")
            return None


@cache
def _shipped(name: str) -> tuple[str, ...]:
    return _lines((resources.files("leadline.rules") / "lists" / f"{name}.txt").read_text("utf-8"))


def _lines(text: str) -> tuple[str, ...]:
    stripped = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in stripped if line))
