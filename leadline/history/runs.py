"""Sorting more lines than fit in memory: sorted runs on disk, merged when they are read."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

MOST_RUNS: Final = 64
"""Runs of one size that are kept; more are merged into one first."""


class SortedLines:
    """Lines (without line ends) in order of their text, whatever the order in which they were added."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="leadline-")
        self._levels: list[list[Path]] = []
        self._made = 0

    def __enter__(self) -> SortedLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def add(self, lines: Iterable[str]) -> None:
        """Add some lines; these are sorted in memory."""
        self._keep(0, self._write(sorted(lines)))

    def __iter__(self) -> Iterator[str]:
        return _merged([path for level in self._levels for path in level])

    def _keep(self, level: int, run: Path) -> None:
        """Put a run beside those of its size; so many of them become one of the next, so a line moves a few times."""
        if level == len(self._levels):
            self._levels.append([])
        self._levels[level].append(run)
        if len(self._levels[level]) >= MOST_RUNS:
            old, self._levels[level] = self._levels[level], []
            self._keep(level + 1, self._write(_merged(old)))
            for path in old:
                path.unlink()

    def _write(self, lines: Iterable[str]) -> Path:
        self._made += 1
        path = Path(self._folder.name) / f"{self._made:06}"
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
        return path


def _merged(runs: list[Path]) -> Iterator[str]:
    with ExitStack() as opened:
        files = [opened.enter_context(path.open(encoding="utf-8", newline="\n")) for path in runs]
        # Without their ends: a line end sorts after a tab.
        yield from heapq.merge(*(map(_without_end, file) for file in files))


def _without_end(line: str) -> str:
    return line[:-1]
