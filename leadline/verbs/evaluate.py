"""The verb that evaluates a rule book over files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, Instant, json_option


@click.command(short_help="Evaluate a rule book over files, with no CRM.")
@click.option("--rules", "rules", type=click.Path(path_type=Path), required=True, help="The rule book's directory.")
@click.option("--people", type=FILE, required=True, help="CSV or Parquet: person_id and a column for each field.")
@click.option("--activities", type=FILE, help="CSV or Parquet: person_id, activity, at.")
@click.option("--deals", type=FILE, help="CSV or Parquet: person_id, deal, state, at, and fields of deals.")
@click.option("--as-of", "as_of", type=Instant(), required=True, help="ISO instant at which everyone settles.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes at work.")
@click.option("-o", "--output", "out", type=FILE, required=True, help="CSV or Parquet file to write.")
@json_option
def evaluate(rules: Path, people: Path, as_of: datetime, out: Path, as_json: bool, **more: Any) -> None:
    """Evaluate a rule book over files of people and activities, with no CRM."""
    from leadline.batch.evaluating import evaluate_files
    from leadline.common.bookfiles import read_sources
    from leadline.rules.reading import read_book
    from leadline.terminal.evaluate import render_evaluation

    screen = Screen(as_json=as_json)
    book = read_book(read_sources(rules))
    with screen.progress("Evaluating") as progress:
        done = evaluate_files(book, people, more["activities"], as_of, out, progress, more["deals"], more["workers"])
    for remark in done.remarks:
        screen.note(remark)
    screen.result(
        {"ok": True, "people": done.people, "activities": done.activities, "stages": done.stages, "output": str(out),
         "as_of": as_of, "book": book.hash, "remarks": done.remarks, "one_by_one": done.one_by_one},
        lambda console: render_evaluation(console, done, out),
    )  # fmt: skip
