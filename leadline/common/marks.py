"""Where something stands in a file, so that a message can say it and an editor can jump there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file. Line and column count from 1; 0 means the whole file."""

    file: str = ""
    line: int = 0
    column: int = 0
