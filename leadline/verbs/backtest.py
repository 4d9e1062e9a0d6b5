"""`leadline backtest`: a rule book tried on history, against the one that decides now."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadline.common.errors import UsageError
from leadline.terminal.screen import Screen
from leadline.verbs.histories import active_book_of, chosen_source, history_options, require_folder
from leadline.verbs.options import FILE, config_option, json_option

if TYPE_CHECKING:
    from leadline.rules.model import Book


@click.command(short_help="Try a rule book on history.")
@click.option("--rules", type=click.Path(path_type=Path), required=True, help="The new rule book.")
@click.option("--against", help="The old one: a directory, a file, or a hash; by default the active book.")
@history_options
@click.option("--stage", help="The stage that is handed to sales; by default mql.")
@click.option(
    "--landmark", type=click.IntRange(0, 3650), default=7, show_default=True,
    help="Days after people became known at which criteria are looked at, for what they say of later wins.",
)  # fmt: skip
@click.option("--sweep", "sweeps", multiple=True, metavar="PATH=FROM..TO/STEP", help="Try a number in steps, too.")
@click.option("--capacity", help='What sales can take: "15 a day", "15 a workday" or "75 a week".')
@click.option("--html", type=FILE, help="Write the report to this file, to look at and to hand around.")
@config_option
@json_option
def backtest(rules: Path, against: str | None, config: Path, as_json: bool, **chosen: Any) -> None:
    """Try a rule book on what happened, beside the old one: who would move, how many, how well, and how sure that is.

    Both live everybody through by when things were so. It says what it cannot know: fields without history leak.
    Nothing is written to a CRM or to the state.

    --sweep "scores.interest.grades.1=30..70/5" tries a number of the new book in steps, with --capacity the one that
    fits. It may be given more than once.
    """
    from leadline.common.bookfiles import read_sources
    from leadline.history.backtest import Question, compare, focus_of
    from leadline.history.replaying import Span
    from leadline.history.summing import report_of
    from leadline.history.sweeping import read_capacity, read_sweeps, run_sweep
    from leadline.rules.reading import read_book
    from leadline.terminal.backtest import backtest_data, render_backtest, render_sweep

    require_folder(chosen["html"])
    screen = Screen(as_json=as_json)
    sources = read_sources(rules)
    new = read_book(sources)
    sweeps = read_sweeps(chosen["sweeps"], sources)
    capacity = read_capacity(chosen["capacity"]) if chosen["capacity"] is not None else None
    if capacity is not None and not sweeps:
        raise UsageError("--capacity chooses a point of a sweep; give --sweep, too")
    span = Span(chosen["since"], chosen["until"])
    old = _against(against, chosen["people"] is not None, config)
    source = chosen_source([book for book in (new, old) if book is not None], chosen, config)
    focus = focus_of(new, old, chosen["stage"])
    asked = Question(new, old, span, focus, source.has_deals, timedelta(days=chosen["landmark"]))
    people = source.count
    with screen.progress("Backtesting", people) as progress:
        found = report_of(source, asked, compare(source, asked, chosen["workers"], progress))
    swept = None
    if sweeps:
        with screen.progress("Sweeping", people) as progress:
            swept = run_sweep(source, asked, sources, sweeps, capacity, workers=chosen["workers"], progress=progress)
    if chosen["html"] is not None:
        from leadline.pages.backtest import write_backtest

        write_backtest(chosen["html"], found, swept)
        screen.note(f"{chosen['html']}: the report")

    def render(console: Any) -> None:
        render_backtest(console, found)
        if swept is not None:
            render_sweep(console, swept)

    screen.result(backtest_data(found, swept), render)


def _against(text: str | None, by_files: bool, config: Path) -> Book | None:
    from leadline.terminal.diff import named_book

    if text is not None:
        return named_book(text, config)
    return None if by_files else active_book_of(config)
