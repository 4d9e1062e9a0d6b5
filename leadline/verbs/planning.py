"""``leadline plan``: every write that would be made, whole or in part, beside another plan, as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from leadline.common.errors import RefusedError, UsageError
from leadline.common.values import CRMS
from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, config_option, json_option


@click.command(short_help="Show every write that would be made.")
@click.option("-o", "--output", "out", type=FILE, help="Write the plan to this file, for `leadline apply`.")
@click.option("--only", type=click.Choice(CRMS), help="Only what this CRM would be told.")
@click.option("--person", help="Only this person: an id, an e-mail address, or a record's id.")
@click.option("--all", "whole", is_flag=True, help="Compare everybody, not only who may have changed: the same plan.")
@click.option("--diff", "other", type=FILE, help="Say what is different from the plan in this file.")
@click.option("--html", "page", type=FILE, help="Write the plan as a page for a browser, masked.")
@config_option
@json_option
def plan(out: Path | None, config: Path, as_json: bool, **chosen: Any) -> int:
    """Pull, evaluate, and show every write that would make the CRMs agree. Writes nothing to a CRM.

    A plan made with --only or --person can be applied under the active rule book; it activates none.
    """
    from leadline.sync.cycle import make_plan, open_readers
    from leadline.sync.people import find_person
    from leadline.sync.plan import load_plan, require_place, save_plan
    from leadline.sync.plan.comparing import compare_plans
    from leadline.sync.plan.narrowing import Narrowed
    from leadline.terminal.plan import planned_data, render_planned
    from leadline.terminal.plandiff import difference_data, render_difference
    from leadline.terminal.session import session

    page, other = chosen["page"], chosen["other"]
    for place in (out, page):
        if place is not None:
            require_place(place)
    if page is not None and page == out:
        raise UsageError("--html and --output name the same file; give each its own")
    before = load_plan(other) if other is not None else None
    screen = Screen(as_json=as_json)
    with session(screen, config) as (opened, setting), open_readers(opened) as readers:
        person = find_person(setting.store, chosen["person"]) if chosen["person"] is not None else None
        result = make_plan(setting, readers, Narrowed(chosen["only"], person), whole=chosen["whole"])
    if out is not None:
        save_plan(result.plan, out)
    if page is not None:
        from leadline.pages.plan import write_plan_page

        write_plan_page(page, result.plan, result.stops)
    difference = compare_plans(before, result.plan) if before is not None else None
    stages = tuple(setting.book.stages)

    def render(console: Any) -> None:
        render_planned(console, result, out, stages)
        if difference is not None:
            render_difference(console, difference, str(other))
        if page is not None:
            console.print(f"The page is in {page}.", markup=False)

    data = planned_data(result, out)
    screen.result(data | {"diff": difference_data(difference)} if difference is not None else data, render)
    return RefusedError.exit_code if result.stops else 0
