"""Options of the verbs that look back, and the history that they choose."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from leadline.common.errors import UsageError
from leadline.verbs.options import TABLE, Instant

if TYPE_CHECKING:
    from leadline.history.people import HistorySource
    from leadline.rules.model import Book

Verb = TypeVar("Verb", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option("--from", "since", type=Instant(), required=True, help="First instant of the range (ISO)."),
    click.option("--to", "until", type=Instant(), required=True, help="End of the range; it is not in it."),
    click.option(
        "--people",
        type=TABLE,
        help="CSV, Parquet or a directory of it instead of the mirror: person_id, created, fields.",
    ),
    click.option("--activities", type=TABLE, help="CSV, Parquet or a directory of it: person_id, activity, at."),
    click.option("--changes", type=TABLE, help="CSV, Parquet or a directory of it: person_id, field, value, at."),
    click.option(
        "--deals",
        type=TABLE,
        help="CSV, Parquet or a directory of it: person_id, deal, state (open, won, lost), at, kind.",
    ),
    click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes at work."),
)


def history_options(verb: Verb) -> Verb:
    """Add the options that choose a range, a history and how many processes work on it."""
    for option in reversed(_OPTIONS):
        verb = option(verb)
    return verb


def chosen_source(books: Sequence[Book], chosen: dict[str, Any], config: Path) -> HistorySource:
    """Return the history of the files that were given, else of the configured mirror. Raises UsageError."""
    from leadline.history.files import open_files, require_files

    people, *others = (chosen[name] for name in ("people", "activities", "changes", "deals"))
    require_files(people, *others)
    if people is not None:
        return open_files(books, people, *others)
    from leadline.history.mirror import open_mirror
    from leadline.sync.config import load_config
    from leadline.terminal.session import open_state

    with open_state(config) as store:
        return open_mirror(store, load_config(config, os.environ, crms=False).state_url)


def require_folder(*files: Path | None) -> None:
    """Raise UsageError before long work when a file's folder is not there."""
    for file in files:
        if file is not None and not file.parent.is_dir():
            raise UsageError(f"{file}: there is no folder {file.parent}")


def active_book_of(config: Path) -> Book | None:
    """Return the book that decides now, None where none was activated yet."""
    from leadline.rules.reading import read_book
    from leadline.sync.store.cycles import active_book, book_sources
    from leadline.terminal.session import open_state

    with open_state(config) as store, store.read() as connection:
        found = active_book(connection)
        sources = book_sources(connection, found) if found is not None else None
    return read_book(sources) if sources is not None else None
