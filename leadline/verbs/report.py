"""``leadline report``: what became of people and promises, as text, as JSON, or as one HTML file each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from leadline.common.errors import UsageError
from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, config_option, json_option

if TYPE_CHECKING:
    from leadline.rules.model import Book
    from leadline.sync.store import Store
    from leadline.terminal.reports.sheets import Told

source_option = click.option(
    "--source", help="The book's field to count people by; by default `source`, where the book has it."
)


@dataclass(frozen=True, slots=True)
class _Ways:
    """The ways in which a report was asked for: on a page too, as JSON, and of which state."""

    page: Path | None
    config: Path
    as_json: bool

    def show(
        self,
        name: str,
        make: Callable[[Store, Book], Any],
        data: Callable[[Any], dict[str, Any]],
        tell: Callable[[Any], Told],
    ) -> None:
        """Make one report, and show it."""
        from leadline.terminal.reports.sheets import render_told
        from leadline.terminal.session import session

        screen = Screen(as_json=self.as_json)
        with session(screen, self.config, crms=False) as (_, setting):
            found = make(setting.store, setting.book)
        told = tell(found)
        if self.page is not None:
            from leadline.pages.reports import write_report

            write_report(self.page, name, told, found)
            screen.note(f"{self.page} written.")
        screen.result(data(found), lambda console: render_told(console, told))


def _shown(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of every report; it is called with the ways that were asked for."""

    @click.option("--html", "page", type=FILE, help="Write a page with charts to this file, too.")
    @config_option
    @json_option
    @wraps(command)
    def shown(page: Path | None, config: Path, as_json: bool, **chosen: Any) -> None:
        command(_Ways(page, config, as_json), **chosen)

    return shown


@click.group(invoke_without_command=True, short_help="Report the funnel, times, sources, SLAs, returns, rejections.")
@source_option
@_shown
@click.pass_context
def report(ctx: click.Context, ways: _Ways, source: str | None) -> None:
    """Report what became of people and promises. Asks no CRM. Alone it is `leadline report funnel`.

    Each report is printed, or one JSON document, or with --html also one self-contained page to hand around.
    """
    if ctx.invoked_subcommand is None:
        _funnel(ways, source)
        return
    given = any(
        ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in ("config", "source", "page")
    )
    if given or ways.as_json:
        raise UsageError(f"write the options after `report {ctx.invoked_subcommand}`, not before")


@report.command(name="funnel", short_help="Report stock and conversion by stage, and where it narrows.")
@source_option
@_shown
def funnel(ways: _Ways, source: str | None) -> None:
    """Report who is in which stage, how many went on, how long they stay, and the bottleneck with its evidence."""
    _funnel(ways, source)


@report.command(name="velocity", short_help="Report how long people take from stage to stage, by week.")
@_shown
def velocity(ways: _Ways) -> None:
    """Report quartiles of the time from stage to stage, with who is still on the way, by week of entering."""
    from leadline.sync.reports.velocity import velocity as made
    from leadline.terminal.reports.velocity import told_velocity, velocity_data

    ways.show("velocity", made, velocity_data, told_velocity)


@report.command(name="sources", short_help="Report how far the people of each source come.")
@source_option
@_shown
def sources(ways: _Ways, source: str | None) -> None:
    """Report, for each source, how many people reached each stage, with intervals; few people are marked."""
    from leadline.sync.reports.sources import sources as made
    from leadline.terminal.reports.sources import sources_data, told_sources

    ways.show("sources", lambda store, book: made(store, book, source), sources_data, told_sources)


@report.command(name="recycle", short_help="Report who left the main path and came back.")
@_shown
def recycle(ways: _Ways) -> None:
    """Report who left the main path and came back, after how long, and what became of them."""
    from leadline.sync.reports.recycle import recycle as made
    from leadline.terminal.reports.recycle import recycle_data, told_recycle

    ways.show("recycle", made, recycle_data, told_recycle)


@report.command(name="rejections", short_help="Report why people left the main path, by who had them.")
@source_option
@_shown
def rejections(ways: _Ways, source: str | None) -> None:
    """Report the reasons of rejections by stage, team, owner, source and grade."""
    from leadline.sync.reports.rejections import rejections as made
    from leadline.terminal.reports.rejections import rejections_data, told_rejections

    ways.show("rejections", lambda store, book: made(store, book, source), rejections_data, told_rejections)


@report.command(name="lifecycle", short_help="Report the lifecycle as a graph with its volumes.")
@_shown
def lifecycle(ways: _Ways) -> None:
    """Report every stage with its people and every move with how often it was made; --html draws the graph."""
    from leadline.sync.reports.flow import flow
    from leadline.terminal.reports.flow import flow_data, told_flow

    ways.show("lifecycle", flow, flow_data, told_flow)


@report.command(name="sla", short_help="Report which promises were kept, and who lost the time.")
@click.option("--sla", help="Only this SLA.")
@click.option("--stage", help="Only timers that a stage started.")
@click.option("--owner", help="Only an owner's: a name as the CRM writes it, or `(nobody)`.")
@click.option("--source", help="Only people of this source, as the book's field `source` has it.")
@click.option("--week", help="Only timers that began in an ISO week (UTC), such as 2026-W30.")
@click.option("--at-risk", "at_risk", is_flag=True, help="Only the open timers of which half or more is used.")
@click.option("--csv", "csv_file", type=FILE, help="Write the lines to this file instead.")
@_shown
def sla(ways: _Ways, at_risk: bool, csv_file: Path | None, **chosen: str | None) -> None:
    """Report how many promises were met, by SLA, stage, owner, source and week, and where the time went.

    Asks no CRM. People are shown by their id alone.
    """
    from leadline.sync.slas.report import Chosen, sla_report
    from leadline.terminal.reports.sla import sla_report_data, told_sla, write_sla_report
    from leadline.terminal.session import session

    if csv_file is not None:
        if ways.as_json or ways.page is not None:
            raise UsageError("--csv excludes --json and --html; give one")
        screen = Screen(as_json=False)
        with session(screen, ways.config, crms=False) as (_, setting):
            found = sla_report(setting.store, setting.book, Chosen(**chosen))
        rows = write_sla_report(csv_file, found, at_risk=at_risk)
        screen.note(f"{csv_file}: {rows:,} rows.")
        return

    ways.show(
        "sla",
        lambda store, book: sla_report(store, book, Chosen(**chosen)),
        lambda found: sla_report_data(found, at_risk=at_risk),
        lambda found: told_sla(found, at_risk=at_risk),
    )


def _funnel(ways: _Ways, source: str | None) -> None:
    from leadline.sync.reports.funnel import funnel as made
    from leadline.terminal.reports.funnel import report_data, told_funnel

    ways.show("funnel", lambda store, book: made(store, book, source), report_data, told_funnel)
