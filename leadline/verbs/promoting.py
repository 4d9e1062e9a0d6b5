"""``leadline promote``: from a sandbox to production with the same rule book."""

from __future__ import annotations

import os
from pathlib import Path

import click

from leadline.common.errors import RefusedError
from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, json_option


@click.command(short_help="What a book would miss in another CRM.")
@click.option(
    "--from", "here", type=FILE, required=True, help="The configuration where the book works, such as a sandbox's."
)
@click.option("--to", "there", type=FILE, required=True, help="The configuration where it is to work.")
@json_option
def promote(here: Path, there: Path, as_json: bool) -> int:
    """Compare two environments by what the book names: fields, picklist values, users, queues, lists, campaigns.

    Names are compared, never ids: a book holds none. Only reads. Ends with 1 when something is missing over there.
    State and plans are not taken along: they belong to one organisation, and production begins with an adoption.
    """
    from leadline.common.bookfiles import read_sources
    from leadline.rules.reading import read_book
    from leadline.sync.config import load_config
    from leadline.sync.cycle import open_readers
    from leadline.sync.environments import compare_environments
    from leadline.terminal.promoting import promotion_data, render_promotion

    screen = Screen(as_json=as_json)
    one, other = load_config(here, os.environ), load_config(there, os.environ)
    book, theirs = (read_book(read_sources(config.rules_dir)) for config in (one, other))
    with screen.activity() as say, open_readers(one) as near, open_readers(other) as far:
        say("Comparing")
        found = compare_environments(book, near, far)
    same_book = book.hash == theirs.hash
    screen.result(promotion_data(found, same_book), lambda console: render_promotion(console, found, same_book))
    return 0 if found.ready else RefusedError.exit_code
