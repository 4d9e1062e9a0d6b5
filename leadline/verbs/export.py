"""``leadline export``: all that is known of one person, or the whole state for a warehouse."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadline.common.errors import RefusedError, UsageError
from leadline.terminal.screen import Screen
from leadline.verbs.histories import active_book_of
from leadline.verbs.options import DIRECTORY, FILE, Instant, config_option, json_option

if TYPE_CHECKING:
    from leadline.rules.model import Book


@click.command(short_help="Write down one person, or the state for a warehouse.")
@click.argument("who", metavar="[PERSON]", required=False, help="The same as --person.")
@click.option("--person", help="One person: p-000017, 17, ann@acme.example, or a record's id in either CRM.")
@click.option("-o", "--output", "out", type=FILE, help="With --person: a new JSON file, which only you may read.")
@click.option("--to", type=DIRECTORY, help="Everybody: the directory to write; an earlier export there is replaced.")
@click.option("--since", type=Instant(), help="With --to: leave out rows of dated tables before this instant (ISO).")
@click.option("--buckets", type=click.IntRange(1, 1024), help="With --to: buckets of accounts, 16 by default.")
@click.option("--format", "kind", type=click.Choice(["parquet", "csv"]), help="With --to: parquet by default.")
@click.option("--personal-data", is_flag=True, help="With --to: values as they are; without it they are masked.")
@click.option("--rules", type=DIRECTORY, help="With --to: in the names of this book instead of the active one.")
@config_option
@json_option
def export(who: str | None, person: str | None, out: Path | None, config: Path, as_json: bool, **more: Any) -> None:
    """Write what the state holds: of one person, unmasked, as JSON; or of everybody, as tables. Asks no CRM."""
    screen = Screen(as_json=as_json)
    if who is not None and person is not None:
        raise UsageError("PERSON and --person name a person each; give one")
    wanted, to = who or person, more.pop("to")
    if (wanted is None) == (to is None):
        raise UsageError("give --person WHO -o FILE for one person, or --to DIR for everybody")
    if wanted is not None:
        _require_without(more, "--to")
        if out is None:
            raise UsageError("--person needs -o FILE: a new JSON file")
        _one_person(screen, wanted, out, config)
        return
    _require_without({"output": out}, "--person")
    _everybody(screen, to, config, more)


def _require_without(options: dict[str, Any], belongs: str) -> None:
    for name, value in options.items():
        if value:
            told = {"kind": "format"}.get(name, name.replace("_", "-"))
            raise UsageError(f"--{told} belongs to {belongs}")


def _one_person(screen: Screen, person: str, out: Path, config: Path) -> None:
    import json

    from leadline.sync.people import find_person
    from leadline.sync.privacy import export as collect
    from leadline.terminal.session import open_state

    with open_state(config) as store:
        found = collect(store, find_person(store, person))
    try:
        with os.fdopen(os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            json.dump(found, file, ensure_ascii=False, indent=1, sort_keys=True)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror}; name a new file") from None
    rows = {name: len(rows) for name, rows in found.items() if isinstance(rows, list) and name != "ids"}
    screen.result(
        {"ok": True, "person": found["person"], "file": str(out), "rows": rows},
        lambda console: console.print(f"{out}: {sum(rows.values()):,} rows of {found['person']}, unmasked."),
    )


def _everybody(screen: Screen, to: Path, config: Path, chosen: dict[str, Any]) -> None:
    from leadline.history.warehouse import Options, export_state
    from leadline.terminal.export import render_export
    from leadline.terminal.session import open_state

    since: datetime | None = chosen["since"]
    options = Options(since, chosen["buckets"] or 16, chosen["kind"] == "csv", chosen["personal_data"])
    book = _book(chosen["rules"], config)
    with open_state(config) as store, screen.progress("Exporting") as progress:
        done = export_state(store, book, to, options, progress)
    if done.too_large:
        screen.note(f"{done.too_large:,} numbers are larger than any column holds; they were left empty")
    screen.result(
        {"ok": True, "directory": str(to), "rows": done.rows, "cycle": done.cycle, "book": book.hash,
         "personal_data": options.personal, "too_large": done.too_large},
        lambda console: render_export(console, done, to, personal=options.personal),
    )  # fmt: skip


def _book(rules: Path | None, config: Path) -> Book:
    if rules is None:
        book = active_book_of(config)
        if book is None:
            raise RefusedError("no book is active yet, so fields have no names; name one with --rules DIR")
        return book
    from leadline.common.bookfiles import read_sources
    from leadline.rules.reading import read_book

    return read_book(read_sources(rules))
