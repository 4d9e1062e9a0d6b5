"""Problems of one file, gathered so that they are told all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from leadline.common.errors import Problem, UsageError

MOST_PROBLEMS: Final = 50


class Problems:
    """The problems of the file at ``path``; the first 50 are told, the others counted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: list[Problem] = []
        self.more = 0

    def add(self, line: int, message: str, hint: str = "") -> None:
        """Note a problem of one line (from 1)."""
        if len(self.found) < MOST_PROBLEMS:
            self.found.append(Problem(str(self.path), line, 1, message, hint))
        else:
            self.more += 1

    def raise_if_any(self) -> None:
        """Raise UsageError with what was found."""
        if self.found:
            tail = [f"... and {self.more} more"] if self.more else []
            raise UsageError("\n".join([*map(str, self.found), *tail]))
