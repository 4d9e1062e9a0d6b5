"""`leadline replay`: the decision log of history under a rule book."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from leadline.common.errors import UsageError
from leadline.terminal.screen import Screen
from leadline.verbs.histories import chosen_source, history_options, require_folder
from leadline.verbs.options import FILE, config_option, json_option


@click.command(short_help="Tell what a rule book would have decided.")
@click.option("--rules", help="The rule book: a directory, a file, or a hash that the state keeps.")
@history_options
@click.option(
    "--as", "manner", type=click.Choice(["known", "happened"]),
    help="known: the mirror's own cycles again; happened: by when things were so (always for files).",
)  # fmt: skip
@click.option("--decisions", "bodies", is_flag=True, help="Whole decisions instead of single events, as JSON lines.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the events as CSV.")
@click.option("-o", "--out", type=FILE, help="Write them to this file: .jsonl, .csv or .parquet.")
@config_option
@json_option
def replay(rules: str | None, manner: str | None, config: Path, as_json: bool, **chosen: Any) -> None:
    """Tell the whole decision log of a rule book over what happened: grades crossed, stages entered and left, SLAs.

    Without files the mirror is read, by default as known: cycle by cycle with what was known then, under the books
    that decided then (or under --rules). Nothing is written to a CRM or to the state.
    """
    from leadline.history.replaying import Span, replay_happened
    from leadline.terminal.diff import named_book
    from leadline.terminal.replay import Wanted, known_replay, show_replay

    if as_json and chosen["as_csv"]:
        raise UsageError("--json and --csv exclude each other; give one")
    if chosen["bodies"] and chosen["as_csv"]:
        raise UsageError("--decisions are JSON lines; leave --csv out")
    if chosen["people"] is not None and manner == "known":
        raise UsageError("files do not say what was known when; --as known reads the mirror")
    require_folder(chosen["out"])
    screen = Screen(as_json=as_json)
    span = Span(chosen["since"], chosen["until"])
    wanted = Wanted(chosen["out"], chosen["as_csv"], chosen["bodies"])
    book = named_book(rules, config) if rules is not None else None
    if chosen["people"] is None and manner != "happened":
        show_replay(screen, known_replay(screen, config, book, span, bodies=wanted.bodies), wanted)
        return
    if book is None:
        raise UsageError("--rules is missing: which rule book shall be replayed?")
    source = chosen_source([book], chosen, config)
    with (
        screen.progress("Replaying", source.count) as progress,
        replay_happened(
            source, book, span, bodies=wanted.bodies, workers=chosen["workers"], progress=progress
        ) as done,
    ):
        show_replay(screen, done, wanted)
