"""The ways out of a stage that a book gives, by precedence, as the book says them: nothing is compiled here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leadline.rules.backends.vectors import MoveKind
from leadline.rules.model import Book, DisqualifiedTest, Transition


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out: a transition, or the main path to ``target``; ``target`` is empty for a human move."""

    kind: MoveKind
    target: str
    transition: Transition | None = None

    def needs_room(self, book: Book) -> bool:
        """Tell whether this way is open only to as many as the target's capacity lets in."""
        return self.kind in ("listed", "main") and self.target in book.capacity


def exits(book: Book, stage: str) -> Iterator[Exit]:
    """Yield disqualification, a human move, what is listed (in file order), then the main path, furthest first."""
    listed = [item for item in book.transitions if item.source == stage]
    first = [item for item in listed if isinstance(item.when, DisqualifiedTest)]
    yield from (Exit("disqualify", item.target, item) for item in first)
    yield Exit("human", "")
    yield from (Exit("listed", item.target, item) for item in listed if item not in first)
    if stage in book.main_path:
        further = book.main_path[book.main_path.index(stage) + 1 :]
        yield from (Exit("main", name) for name in reversed(further) if book.stages[name].enter is not None)
