"""How the result of `leadline verify` looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadline.sync.verifying import Verification

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
    console.print(f"stored:  {found.stored}", markup=False)
    console.print(f"derived: {found.derived or '(nothing at that instant)'}", markup=False)
