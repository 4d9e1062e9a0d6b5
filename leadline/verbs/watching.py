"""``leadline metrics`` and ``leadline alerts``: what monitors and people are told."""

from __future__ import annotations

import os
from pathlib import Path

import click

from leadline.common.errors import OutsideError
from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, config_option, json_option


@click.command(short_help="Tell numbers for Prometheus.")
@click.option("--out", type=FILE, help="Write them to this file (.prom) at once, for node_exporter.")
@config_option
@json_option
def metrics(out: Path | None, config: Path, as_json: bool) -> None:
    """Tell how the sync stands as metrics in Prometheus' text format, from the state alone. Asks no CRM."""
    import sys

    from leadline.common.files import replace_file
    from leadline.sync.schedule import wall_clock
    from leadline.sync.watching.measuring import measure
    from leadline.sync.watching.metrics import metrics_text
    from leadline.terminal.session import open_state

    with open_state(config) as store:
        text = metrics_text(measure(store, wall_clock()))
    if out is not None:
        replace_file(out, [text])
    elif not as_json:
        sys.stdout.write(text)
        return
    told = {"ok": True, "output": str(out) if out else None} | ({} if out else {"metrics": text})
    Screen(as_json=as_json).result(told, lambda console: console.print(f"{out}: written.", markup=False))


@click.command(short_help="Tell people what changed, or try it.")
@click.option("--test", "trial", is_flag=True, help="Send everybody a message that says it is a test.")
@config_option
@json_option
def alerts(trial: bool, config: Path, as_json: bool) -> None:
    """Tell everybody that the configuration names what changed since they were told last. Asks no CRM.

    `leadline sync` does so after each run; run this by a timer of its own to be told also when no run comes any more.
    Ends with 3 when somebody could not be told.
    """
    import secrets

    from leadline.common.errors import LeadlineError, UsageError
    from leadline.sync.config import load_config
    from leadline.sync.schedule import wall_clock
    from leadline.terminal.session import open_state
    from leadline.terminal.watching import send_alerts, targets_of

    opened = load_config(config, os.environ)
    if opened.alerts is None:
        raise UsageError(f"{opened.path}: nobody is to be told; add an `alerts:` block")
    failed: dict[str, LeadlineError] = {}
    sent: list[tuple[str, str]] = []
    if trial:
        key = f"test-{secrets.token_hex(8)}"
        with targets_of(opened) as targets:
            for target, deliver in targets.items():
                try:
                    deliver(key, f"{opened.alerts.name}: this is a test of its alerts")
                    sent.append((target, "test"))
                except LeadlineError as error:
                    failed[target] = error
    else:
        with open_state(config) as store:
            told = send_alerts(opened, store, wall_clock())
        sent, failed = list(told.sent), dict(told.failed)
    if failed:
        raise OutsideError("\n".join(f"{target} was not told: {error}" for target, error in failed.items()))
    data = {"ok": True, "sent": [{"target": target, "text": text} for target, text in sent]}
    lines = [f"{target}: {text}" for target, text in sent] or ["Nothing changed since everybody was told."]
    Screen(as_json=as_json).result(data, lambda console: console.print("\n".join(lines), markup=False))
