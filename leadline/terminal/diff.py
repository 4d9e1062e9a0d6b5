"""`leadline diff`: two rule books compared, and how the differences look."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from leadline.common.bookfiles import read_sources
from leadline.common.masking import mask_email
from leadline.rules.diffing import Difference, differences
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.terminal.screen import Screen

if TYPE_CHECKING:
    from rich.console import Console

_HASH: Final = re.compile(r"[0-9a-f]{6,64}")


def run_diff(old: str, new: str, config: Path, screen: Screen) -> int:
    """Compare two books, each a directory, a file, or the hash of a book that the state keeps; return 0.

    Raises BookError where one cannot be read, RefusedError for a hash that the state does not keep.
    """
    before, after = named_book(old, config), named_book(new, config)
    found = differences(before, after)
    screen.result(diff_data(before, after, found), lambda console: render_diff(console, before, after, found))
    return 0


def diff_data(before: Book, after: Book, found: Sequence[Difference]) -> dict[str, Any]:
    """Return the result for machines: both hashes and every difference with its place, addresses masked."""
    return {
        "ok": True,
        "same": before.hash == after.hash,
        "old": {"book": before.name, "hash": before.hash},
        "new": {"book": after.name, "hash": after.hash},
        "differences": [
            {
                "section": item.section,
                "text": mask_email(item.text),
                "file": item.mark.file,
                "line": item.mark.line,
                "column": item.mark.column,
            }
            for item in found
        ],
    }


def render_diff(console: Console, before: Book, after: Book, found: Sequence[Difference]) -> None:
    """Print the differences by section, then one line of summary."""
    for section, items in groupby(found, key=lambda item: item.section):
        console.print(section, markup=False, style="bold")
        for item in items:
            console.print(f"  {mask_email(item.text)}", markup=False)
    count = f"{len(found)} {'difference' if len(found) == 1 else 'differences'}" if found else "the same rules"
    console.print(f"{count}. Hash {before.hash[:12]} -> {after.hash[:12]}.", markup=False)


def named_book(text: str, config: Path) -> Book:
    """Return a book by its directory, its file, or the beginning of the hash by which the state keeps it."""
    if not Path(text).exists() and _HASH.fullmatch(text):
        from leadline.sync.oldbooks import kept_book
        from leadline.terminal.session import open_state

        with open_state(config) as store:
            return read_book(kept_book(store, text))
    return read_book(read_sources(text))
