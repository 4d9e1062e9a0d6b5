"""Verbs about agreement: whose values stand, where the CRMs and the decisions differ, whose records are joined."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

import click

from leadline.common.errors import RefusedError
from leadline.terminal.screen import Screen
from leadline.verbs.adopting import adopt
from leadline.verbs.options import config_option, json_option
from leadline.verbs.promoting import promote


@click.command(short_help="List who changed values that we wrote.")
@click.option(
    "--since", "span", default="30d", show_default=True, help="How far back from the last run, such as 12h or 7d."
)
@config_option
@json_option
def conflicts(span: str, config: Path, as_json: bool) -> None:
    """List who changed what over values that Leadline wrote, when, and what became of it. Asks no CRM.

    Personal data is masked. Names the vendors' own HubSpot-Salesforce connector where it keeps setting a field back.
    """
    from leadline.sync.conflicts.listing import conflict_report
    from leadline.sync.operations import last_heard
    from leadline.sync.schedule import period, wall_clock
    from leadline.terminal.agreement import conflicts_data, render_conflicts
    from leadline.terminal.session import session

    screen = Screen(as_json=as_json)
    longest: timedelta = period(span, "--since")
    with session(screen, config, crms=False) as (_, setting):
        now = last_heard(setting.store) or wall_clock()
        found = conflict_report(setting.store, setting.book, now - longest)
    screen.result(conflicts_data(found), lambda console: render_conflicts(console, found))


@click.command(short_help="Explain where CRMs and decisions differ.")
@config_option
@json_option
def drift(config: Path, as_json: bool) -> int:
    """List people whose records differ between the CRMs or from the decision, each with its reason. Asks no CRM.

    As of the last pull. Ends with 1 when there is anything but what is so by design: a stage that the book gives no
    value of this CRM, a converted lead, scores between two publications, who was adopted without writing.
    """
    from leadline.sync.drift import drift as compare
    from leadline.terminal.agreement import drift_data, render_drift
    from leadline.terminal.session import session

    screen = Screen(as_json=as_json)
    with session(screen, config, crms=False) as (_, setting):
        found = compare(setting.store, setting.book)
    screen.result(drift_data(found), lambda console: render_drift(console, found))
    return 0 if found.agreed else RefusedError.exit_code


@click.command(short_help="List doubtful joins of records into people.")
@config_option
@json_option
def identity(config: Path, as_json: bool) -> None:
    """List persons whose records may have been joined wrongly, by id and without names or addresses. Asks no CRM.

    Several records of one CRM under one address; addresses that many share, such as info@; joined through e-mail only
    with different last names (counted where the book's section `identity` lets last names be read).
    """
    from leadline.sync.identity.doubts import doubtful_joins
    from leadline.terminal.agreement import identity_data, render_identity
    from leadline.terminal.session import open_state

    with open_state(config) as store:
        found = doubtful_joins(store)
    Screen(as_json=as_json).result(identity_data(found), lambda console: render_identity(console, found))


VERBS: Final = (conflicts, drift, identity, adopt, promote)
