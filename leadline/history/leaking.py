"""Fields without history: their value of now stands for the past, so what reads them may know the future."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from leadline.history.backtest import Compared, Question
from leadline.history.report import Leak
from leadline.rules.model import Bands, Book, FieldTest, Known
from leadline.sync.needs import parts_of


def leaks_of(asked: Question, found: Compared) -> tuple[Leak, ...]:
    """Return the fields that leak into either book, the most read first; what no rule reads cannot leak."""
    people: Counter[str] = Counter()
    for tally in (found.new, found.old):
        people |= tally.assumed
    books = [book for book in (asked.new, asked.old) if book is not None]
    told = []
    for field, count in people.items():
        rules = dict.fromkeys(reader for book in books for reader in book_readers(book, field))
        if rules:
            told.append(Leak(field, count, tuple(rules)))
    return tuple(sorted(told, key=lambda leak: (-len(leak.readers), leak.field)))


def book_readers(book: Book, field: str) -> Iterator[str]:
    """Yield what reads a field: criteria, entry, stay and exit of stages, paths, the scope."""
    for score in book.scores.values():
        for criterion in score.criteria:
            if readers(book, field, criterion):
                yield f"{score.name}: {criterion.name}"
    for name, stage in book.stages.items():
        if readers(book, field, (stage.enter, stage.stay, stage.exit)) or field in stage.require:
            yield f"stage {name}"
    for path in book.transitions:
        if readers(book, field, path):
            yield f"path {path.id}"
    for sla in book.slas.values():
        if readers(book, field, sla):
            yield f"SLA {sla.name}"
    if readers(book, field, book.scope):
        yield "scope"


def readers(book: Book, field: str, rules: Any) -> bool:
    """Say whether a part of a book reads a field, itself or through a table."""
    names = {field, *(item.name for item in book.fields.values() if item.table and item.table.by == field)}
    return any(isinstance(part, FieldTest | Known | Bands) and part.field in names for part in parts_of(rules))
