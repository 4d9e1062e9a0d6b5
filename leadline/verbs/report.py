"""``leadline report``: the funnel, and under ``report sla`` what became of promises."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from leadline.common.errors import UsageError
from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, config_option, json_option


@click.group(invoke_without_command=True, short_help="Report stock, conversion and times by stage; and SLAs.")
@click.option("--source", help="The book's field to count people by; by default `source`, where the book has it.")
@click.option("--html", "page", type=FILE, help="Write a page with charts to this file.")
@config_option
@json_option
@click.pass_context
def report(ctx: click.Context, source: str | None, page: Path | None, config: Path, as_json: bool) -> None:
    """Report stock and conversion by stage, time in stage, and sources. Asks no CRM.

    `leadline report sla` tells of SLAs instead.
    """
    if ctx.invoked_subcommand is not None:
        given = any(
            ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in ("config", "source", "page")
        )
        if given or as_json:
            raise UsageError(f"write the options after `report {ctx.invoked_subcommand}`, not before")
        return
    from leadline.sync.funnel import funnel
    from leadline.terminal.report import render_report, report_data
    from leadline.terminal.session import session

    screen = Screen(as_json=as_json)
    with session(screen, config, crms=False) as (_, setting):
        found = funnel(setting.store, setting.book, source)
    if page is not None:
        from leadline.pages.funnel import write_funnel

        write_funnel(page, found)
        screen.note(f"{page} written.")
    screen.result(report_data(found), lambda console: render_report(console, found))


@report.command(name="sla", short_help="Report which promises were kept, and who lost the time.")
@click.option("--sla", help="Only this SLA.")
@click.option("--stage", help="Only timers that a stage started.")
@click.option("--owner", help="Only an owner's: a name as the CRM writes it, or `(nobody)`.")
@click.option("--source", help="Only people of this source, as the book's field `source` has it.")
@click.option("--week", help="Only timers that began in an ISO week (UTC), such as 2026-W30.")
@click.option("--at-risk", "at_risk", is_flag=True, help="Only the open timers of which half or more is used.")
@click.option("--csv", "csv_file", type=FILE, help="Write the lines to this file instead.")
@config_option
@json_option
def sla(at_risk: bool, csv_file: Path | None, config: Path, as_json: bool, **chosen: str | None) -> None:
    """Report how many promises were met, by SLA, stage, owner, source and week, and where the time went.

    Asks no CRM. People are shown by their id alone.
    """
    from leadline.sync.slas.report import Chosen, sla_report
    from leadline.terminal.session import session
    from leadline.terminal.slareport import render_sla_report, sla_report_data, write_sla_report

    if as_json and csv_file is not None:
        raise UsageError("--json and --csv exclude each other; give one")
    screen = Screen(as_json=as_json)
    with session(screen, config, crms=False) as (_, setting):
        found = sla_report(setting.store, setting.book, Chosen(**chosen))
    if csv_file is not None:
        rows = write_sla_report(csv_file, found, at_risk=at_risk)
        screen.note(f"{csv_file}: {rows:,} rows.")
        return
    screen.result(
        sla_report_data(found, at_risk=at_risk),
        lambda console: render_sla_report(console, found, at_risk=at_risk),
    )
