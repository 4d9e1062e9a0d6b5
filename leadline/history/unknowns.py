"""What a backtest cannot know, in sentences: people decide with them, so they stand beside every figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from statistics import median
from typing import Final

from leadline.history.backtest import Compared, Question
from leadline.history.leaking import book_readers
from leadline.history.people import HistorySource
from leadline.history.tally import WON
from leadline.rules.model import Book

COUNTERFACTUAL: Final = (
    "What sales did then followed the rules of then: whom only one book hands over was not worked because of it, so"
    " conversion compares what did happen, and is no promise."
)


def unknown_of(source: HistorySource, asked: Question, found: Compared) -> tuple[str, ...]:
    """Return the sentences: of the method, of the source, of each book, of the span's end."""
    books = [book for book in (asked.new, asked.old) if book is not None]
    said = [COUNTERFACTUAL] if asked.old is not None else []
    for book in books:
        limits = source.limits(book)
        said += limits.sentences
        said += _silent(book, limits.fieldless)
        said += _scope(book)
        said += _capacity(book)
    said += _left_out(asked, found)
    said += _unripe(asked, found)
    if not asked.deals:
        last = (asked.old or asked.new).main_path[-1]
        said.append(f"A win is an entry into {last}, because the history holds no deals.")
    return tuple(dict.fromkeys(said))


def _silent(book: Book, fieldless: Mapping[str, str]) -> Iterator[str]:
    for field, why in fieldless.items():
        rules = list(book_readers(book, field))
        if rules:
            more = f" and {len(rules) - 3} more" if len(rules) > 3 else ""
            told = f"{', '.join(rules[:3])}{more}"
            yield f"`{field}` of {book.name} is always empty here ({why}); it is read by {told}."


def _scope(book: Book) -> Iterator[str]:
    if book.scope is not None:
        yield "Who is in scope is judged by all that is known now, not as of then."


def _capacity(book: Book) -> Iterator[str]:
    if book.capacity:
        stages = ", ".join(book.capacity)
        yield f"The capacity of {stages} is not kept to: everybody who qualifies enters at once (see --sweep)."


def _left_out(asked: Question, found: Compared) -> Iterator[str]:
    for book, tally in ((asked.new, found.new), (asked.old, found.old)):
        out = found.people - tally.people
        if book is not None and out:
            told = "out of scope or not known before the end of the range"
            yield f"{out:,} of {found.people:,} people are {told} under {book.name} ({book.hash[:8]})."


def _unripe(asked: Question, found: Compared) -> Iterator[str]:
    """Say from when on people had less than the usual time to be won."""
    tally = found.old if asked.old is not None else found.new
    times = tally.times.get((asked.focus, WON), ())
    if times:
        usual = timedelta(seconds=int(median(times)))
        ripe = asked.span.until - usual
        yield (
            f"Half of the wins came more than {max(usual.days, 1)} days after {asked.focus}: who entered it after"
            f" {ripe:%Y-%m-%d} had less time than that, and counts as not won."
        )
