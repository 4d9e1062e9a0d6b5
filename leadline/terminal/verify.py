"""How the result of `leadline verify` looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from leadline.sync.verifying import Verification
from leadline.terminal.tables import table

if TYPE_CHECKING:
    from rich.console import Console


def verified_data(found: Verification) -> dict[str, Any]:
    """Return the result for machines."""
    return {
        "ok": found.same,
        "decision": found.decision.id,
        "same": found.same,
        "same_input": found.same_input,
        "same_book": found.same_book,
        "stored": found.stored,
        "derived": found.derived,
    }


def render_verified(console: Console, found: Verification) -> None:
    """Print whether the decision was derived again, and if not, what differs."""
    row = found.decision
    if found.same:
        console.print(f"{row.id}: derived again, byte for byte the same (book {row.book_hash[:12]}).", markup=False)
        return
    console.print(f"{row.id}: not the same when derived again.", markup=False)
    if not found.same_book:
        console.print("The book's files mean something else under this version of Leadline.")
    if not found.same_input:
        console.print("The facts or the state that it was made from are not the same any more.")
    if not found.derived:
        console.print("Nothing is decided at that instant any more. `--json` shows what was stored.")
        return
    rows = list(differences(json.loads(found.stored), json.loads(found.derived)))
    console.print(table(["what", "stored", "derived"], rows))


def differences(stored: Any, derived: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield (path, stored, derived) where two JSON values differ, down to the smallest part that does."""
    if stored == derived:
        return
    if isinstance(stored, dict) and isinstance(derived, dict):
        for key in sorted({*stored, *derived}):
            yield from differences(stored.get(key), derived.get(key), f"{path}.{key}" if path else key)
        return
    yield path, json.dumps(stored, ensure_ascii=False), json.dumps(derived, ensure_ascii=False)
