"""The verb that evaluates a rule book over files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadline.common.errors import UsageError
from leadline.terminal.screen import Screen
from leadline.verbs.options import DIRECTORY, FILE, TABLE, Instant, json_option

if TYPE_CHECKING:
    from leadline.batch.partitions.passes import Runner


@click.command(short_help="Evaluate a rule book over files, with no CRM.")
@click.option("--rules", "rules", type=click.Path(path_type=Path), required=True, help="The rule book's directory.")
@click.option("--people", type=TABLE, required=True, help="CSV, Parquet or a directory of it: person_id, fields.")
@click.option("--activities", type=TABLE, help="CSV, Parquet or a directory of it: person_id, activity, at.")
@click.option("--deals", type=TABLE, help="CSV, Parquet or a directory of it: person_id, deal, state, at, fields.")
@click.option("--as-of", "as_of", type=Instant(), required=True, help="ISO instant at which everyone settles.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes at work.")
@click.option("--engine", type=click.Choice(["local", "spark"]), default="local", show_default=True, help="Where.")
@click.option(
    "--master", help="With --engine spark: local[2] (by default so many --workers), yarn, spark://host:7077."
)
@click.option("--work", type=DIRECTORY, help="With --engine spark: a directory that all its machines see alike.")
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
    files, workers = (more["activities"], as_of, out), more["workers"]
    with _runner(more, workers) as runner, screen.progress("Evaluating") as progress:
        done = evaluate_files(book, people, *files, progress, more["deals"], workers, runner)
    for remark in done.remarks:
        screen.note(remark)
    screen.result(
        {"ok": True, "people": done.people, "activities": done.activities, "stages": done.stages, "output": str(out),
         "as_of": as_of, "book": book.hash, "remarks": done.remarks, "one_by_one": done.one_by_one},
        lambda console: render_evaluation(console, done, out),
    )  # fmt: skip


@contextmanager
def _runner(chosen: dict[str, Any], workers: int) -> Iterator[Runner | None]:
    if chosen["engine"] == "local":
        for name in ("master", "work"):
            if chosen[name] is not None:
                raise UsageError(f"--{name} belongs to --engine spark")
        yield None
        return
    from leadline.batch.partitions.spark import OnSpark

    with OnSpark(chosen["master"] or f"local[{workers}]", chosen["work"]) as runner:
        yield runner
