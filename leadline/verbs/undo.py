"""``leadline undo``: a plan that takes another one back."""

from __future__ import annotations

from pathlib import Path

import click

from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, config_option, json_option


@click.command(short_help="Plan to take an applied plan back.")
@click.argument("plan", help="Its hash, at least six digits; `leadline runs --json` has them.")
@click.option("-o", "--output", "out", type=FILE, required=True, help="The file for `leadline apply`.")
@config_option
@json_option
def undo(plan: str, out: Path, config: Path, as_json: bool) -> None:
    """Plan the old values back wherever nobody has changed them since. Writes nothing to a CRM.

    `leadline apply` writes it and then pauses writing, because the next cycle would decide the same again. Mend the
    rule book, look at `leadline plan`, then `leadline resume`.
    """
    from leadline.sync.cycle import open_readers
    from leadline.sync.cycle.undoing import make_undo
    from leadline.sync.plan import require_place, save_plan
    from leadline.terminal.session import session
    from leadline.terminal.undo import render_undo, undo_data

    require_place(out)
    screen = Screen(as_json=as_json)
    with session(screen, config) as (opened, setting), open_readers(opened) as readers:
        made = make_undo(setting, readers, plan)
    save_plan(made.plan, out)
    screen.result(undo_data(made, out), lambda console: render_undo(console, made, out))
