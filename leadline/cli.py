"""The verbs of ``leadline``: parse, call, render, exit code. Nothing is decided here.

Exit codes: 0 done, 1 the rules or a guard say no, 2 usage, 3 the outside world failed, 130 stopped by
Ctrl-C, 143 by SIGTERM; a schedule and the practice CRMs end in order with the code of what they did.
Rooms are imported inside the verb that needs them, so that ``--help`` and ``check`` stay quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from leadline import __version__
from leadline.common.errors import RefusedError, UsageError
from leadline.terminal.process import prepare_process, run_verb
from leadline.terminal.screen import Screen
from leadline.verbs import agreement, operating, privacy, watching
from leadline.verbs.backtest import backtest
from leadline.verbs.calendars import calendars
from leadline.verbs.doctor import doctor
from leadline.verbs.evaluate import evaluate
from leadline.verbs.explain import explain
from leadline.verbs.export import export
from leadline.verbs.options import DIRECTORY, FILE, Instant, config_option, json_option
from leadline.verbs.planning import plan
from leadline.verbs.replay import replay
from leadline.verbs.report import report
from leadline.verbs.serve import serve
from leadline.verbs.setup import setup
from leadline.verbs.shadow import shadow
from leadline.verbs.state import state
from leadline.verbs.sync import sync
from leadline.verbs.undo import undo

Verb = TypeVar("Verb", bound=Callable[..., Any])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb and leave the process with its exit code."""
    prepare_process()
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one verb and return its exit code; expected failures become one readable text."""
    return run_verb(verbs, arguments, Screen(as_json="--json" in arguments))


book_argument = click.argument(
    "book", type=click.Path(path_type=Path), required=False,
    help="The rule book's directory; without it the one that the configuration names, else this directory.",
)  # fmt: skip
rules_option = click.option(
    "--rules", "rules", type=click.Path(path_type=Path), help="The rule book's directory (same as BOOK)."
)


class _InOrder(click.Group):
    """Lists the verbs in the order of this file, which is the order of work."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(self.commands)


@click.group(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="leadline")
def verbs() -> None:
    """Run one rule book over Salesforce and HubSpot.

    Start with `leadline demo`, or `leadline init my-book` and `leadline check`.

    Exit codes: 0 done, 1 the rules or a guard say no, 2 usage, 3 the outside world failed, 130 interrupted.
    """


@verbs.command(short_help="Copy a template rule book and configuration.")
@click.option("--template", default="waterfall", show_default=True, help="Which rule book to start from.")
@click.argument("directory", type=DIRECTORY, help="A new or empty folder.")
@json_option
def init(template: str, directory: Path, as_json: bool) -> None:
    """Copy a template rule book and configuration to DIRECTORY (new or empty)."""
    from leadline.terminal.templates import copy_template

    files = copy_template(template, directory)
    Screen(as_json=as_json).result(
        {"ok": True, "directory": str(directory), "template": template, "files": [str(file) for file in files]},
        lambda console: console.print(
            f"{directory}: {len(files)} files from the template {template}.\n"
            f"Next: read {directory / 'rules.yml'}, then `leadline check {directory}`."
        ),
    )


@verbs.command(short_help="Check a rule book; asks no CRM.")
@book_argument
@rules_option
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True,
    help="sarif (2.1.0) is for code scanning.",
)  # fmt: skip
@config_option
@json_option
@click.pass_context
def check(ctx: click.Context, book: Path | None, rules: Path | None, style: str, config: Path, as_json: bool) -> int:
    """Check a rule book: structure, names, units, stages nobody reaches. Asks no CRM.

    With --config it is also held against what the last pull saw: types, permissions, how full the fields are.
    """
    from leadline.terminal.check import run_check

    if as_json and style == "sarif":
        raise UsageError("--json and --format sarif exclude each other; give one")
    known = config if ctx.get_parameter_source("config") is not ParameterSource.DEFAULT else None
    return run_check(book or rules or _rules_of(config), "json" if as_json else style, known)


@verbs.command(short_help="Run the tests beside a rule book; asks no CRM.")
@book_argument
@rules_option
@click.option(
    "--coverage", "with_coverage", is_flag=True, help="Say which criteria, stages and paths no test reaches."
)
@click.option("--from", "person", help="Write a test out of this real person's story instead, masked.")
@click.option("-o", "--output", "out", type=FILE, help="With --from: the new file to write it to.")
@config_option
@json_option
def test(person: str | None, out: Path | None, config: Path, as_json: bool, **chosen: Any) -> int:
    """Run the tests beside a rule book: what must become of an invented person. Asks no CRM."""
    from leadline.terminal.testing import run_tests, tell_test

    screen = Screen(as_json=as_json)
    book = chosen["book"] or chosen["rules"]
    if person is None and out is not None:
        raise UsageError("--output is for --from; tests are written by hand to tests/*.yml beside the rule book")
    if person is None:
        return run_tests(book or _rules_of(config), screen, with_coverage=chosen["with_coverage"])
    if book or chosen["with_coverage"]:
        raise UsageError("--from reads the configured rule book and its state; leave BOOK and --coverage out")
    return tell_test(screen, config, person, out)


@verbs.command(short_help="Compare two rule books, in words.")
@click.argument("old", help="A directory, a file, or the hash of a book that the state keeps.")
@click.argument("new", help="The same.")
@config_option
@json_option
def diff(old: str, new: str, config: Path, as_json: bool) -> int:
    """Compare two rule books in words: what is new, gone or different, whatever it looks like. Asks no CRM."""
    from leadline.terminal.diff import run_diff

    return run_diff(old, new, config, Screen(as_json=as_json))


@verbs.command(short_help="Print a JSON Schema of the rule language.")
@click.option("--part", is_flag=True, help="For files that a book includes: no section is required.")
@json_option
def schema(part: bool, as_json: bool) -> None:  # noqa: ARG001  (it is JSON either way)
    """Print a JSON Schema (2020-12) of the rule language, for editors that complete and mark a rule book."""
    from leadline.rules.schema import rule_language_schema

    Screen(as_json=True).result(rule_language_schema(part=part), lambda _: None)


verbs.add_command(evaluate)


@verbs.command(short_help="Run a practice Salesforce and HubSpot here.")
@click.option(
    "--people", type=click.IntRange(0, 1_000_000), default=2000, show_default=True, help="How many to invent."
)
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same organisation.")
@click.option("--data", type=DIRECTORY, help="Load the organisation from CSV files instead of generating one.")
@click.option("--save", type=DIRECTORY, help="Write the organisation as CSV files and end.")
@click.option(
    "--salesforce-port", type=click.IntRange(0, 65535), default=8101, show_default=True, help="0 takes a free one."
)
@click.option(
    "--hubspot-port", type=click.IntRange(0, 65535), default=8102, show_default=True, help="0 takes a free one."
)
@click.option("--faults", type=FILE, help="A YAML or JSON file of faults to begin with.")
@click.option("--frozen", is_flag=True, help="Start with the clock stopped.")
@click.option("--bare", is_flag=True, help="Without Leadline's fields: to rehearse `leadline setup`.")
@json_option
def practice(data: Path | None, save: Path | None, faults: Path | None, as_json: bool, **chosen: Any) -> None:
    """Run a practice Salesforce and a practice HubSpot on this machine, to rehearse on."""
    from leadline.terminal.practice import run_practice

    run_practice(Screen(as_json=as_json), data, save, faults, chosen)


def _rules_of(config: Path) -> Path:
    """Return the rule book that the configuration names, or this directory when there is no configuration."""
    if not config.exists():
        return Path()
    from leadline.sync.config import load_config

    return load_config(config, os.environ, crms=False).rules_dir


verbs.add_command(setup)
verbs.add_command(doctor)


@verbs.command(short_help="Read what changed; decide and write nothing.")
@config_option
@json_option
def pull(config: Path, as_json: bool) -> int:
    """Read what changed in the CRMs into the mirror; decide and write nothing."""
    from leadline.sync.cycle import open_readers, run_pull
    from leadline.terminal.pull import pulled_data, render_pull
    from leadline.terminal.session import session

    screen = Screen(as_json=as_json)
    with session(screen, config) as (opened, setting), open_readers(opened) as readers:
        result = run_pull(setting, readers)
    screen.result(pulled_data(result), lambda console: render_pull(console, result.pull, result.calls))
    return result.exit_code


verbs.add_command(plan)


@verbs.command(short_help="Write a plan, then read it back.")
@click.argument("file", type=FILE, help="What `leadline plan -o FILE` saved.")
@click.option("--first", "first", type=click.IntRange(1), help="Write so many records first, and watch them.")
@click.option("--wait", "wait", help="How long to watch them before the rest, such as 10m.")
@config_option
@json_option
def apply(file: Path, first: int | None, wait: str | None, config: Path, as_json: bool) -> int:
    """Write the plan in FILE and nothing else, then read it back. Naming a first plan accepts the adoption.

    With --first the rest follows only when nothing went wrong with the first records; otherwise it is given up.
    """
    from leadline.sync.cycle import open_writers, run_apply
    from leadline.sync.plan import load_plan
    from leadline.terminal.applying import applied_data, render_applied, watched_first
    from leadline.terminal.session import session

    screen = Screen(as_json=as_json)
    chosen = load_plan(file)
    canary = watched_first(first, wait)
    with session(screen, config) as (opened, setting), open_writers(opened) as writers:
        result = run_apply(setting, writers, chosen, canary)
    screen.result(applied_data(result), lambda console: render_applied(console, result.report))
    return result.exit_code


verbs.add_command(sync)
verbs.add_command(explain)
verbs.add_command(report)


@verbs.command(short_help="Derive a stored decision again.")
@click.argument("decision", help="A decision's id, as plan and explain show it: d-...")
@config_option
@json_option
def verify(decision: str, config: Path, as_json: bool) -> int:
    """Derive a stored DECISION again, byte for byte, from what was known when it was made. Asks no CRM."""
    from leadline.sync.verifying import verify as derive
    from leadline.terminal.session import open_state
    from leadline.terminal.verify import render_verified, verified_data

    with open_state(config) as store:
        found = derive(store, decision)
    Screen(as_json=as_json).result(verified_data(found), lambda console: render_verified(console, found))
    return 0 if found.same else RefusedError.exit_code


@verbs.command(short_help="Do the whole job once on practice CRMs.")
@click.option(
    "--people", type=click.IntRange(50, 50_000), default=2000, show_default=True, help="How many to invent."
)
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same organisation.")
@click.option(
    "--dir",
    "directory",
    type=DIRECTORY,
    default=Path("demo-run"),
    show_default=True,
    help="Where the demonstration's book and state go; an earlier demonstration there is replaced.",
)
@json_option
def demo(people: int, seed: int, directory: Path, as_json: bool) -> int:
    """Do the whole job once on two practice CRMs on this machine, and show each step."""
    from leadline.demo import run_demo

    return run_demo(Screen(as_json=as_json), directory, people, seed)


for _verb in (
    operating.runs,
    operating.parked,
    operating.retry,
    operating.pause,
    operating.resume,
    operating.health,
    watching.metrics,
    watching.alerts,
    undo,
    serve,
    state,
    calendars,
    export,
    privacy.forget,
    *agreement.VERBS,
):
    verbs.add_command(_verb)


verbs.add_command(replay)
verbs.add_command(backtest)
verbs.add_command(shadow)

calendar_option = click.option(
    "--calendar", "file", type=FILE, required=True, help="A YAML file with a section `calendars`."
)
name_option = click.option("--name", help="Which of its calendars; not needed when there is one.")
from_option = click.option("--from", "start", type=Instant(), required=True, help="ISO instant; without a zone UTC.")
pause_option = click.option(
    "--pause", "pauses", multiple=True, metavar="FROM/TO", help="Time that does not count; FROM/.. still lasts."
)


@verbs.command(short_help="When a target in business time is reached.")
@calendar_option
@name_option
@from_option
@click.option("--target", required=True, help='Such as "8 business hours", "2 business days" or "3 calendar days".')
@pause_option
@json_option
def due(file: Path, name: str | None, start: datetime, target: str, pauses: tuple[str, ...], as_json: bool) -> int:
    """Say when a target is reached in a calendar. Ends with 1 when it never is."""
    from leadline.terminal.business_time import run_due

    return run_due(Screen(as_json=as_json), file, name, start, target, pauses)


@verbs.command(short_help="How much business time passed.")
@calendar_option
@name_option
@from_option
@click.option("--to", "end", type=Instant(), required=True, help="ISO instant; without a zone UTC.")
@pause_option
@json_option
def elapsed(
    file: Path, name: str | None, start: datetime, end: datetime, pauses: tuple[str, ...], as_json: bool
) -> int:
    """Say how much business time of a calendar lies between two instants, outside of pauses."""
    from leadline.terminal.business_time import run_elapsed

    return run_elapsed(Screen(as_json=as_json), file, name, start, end, pauses)
