"""``leadline serve``: cycles as soon as a CRM tells of a change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import click

from leadline.common.errors import UsageError
from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, config_option, json_option

HUBSPOT_SECRET: Final = "LEADLINE_HUBSPOT_CLIENT_SECRET"  # noqa: S105 - the variable's name
SALESFORCE_TOKEN: Final = "LEADLINE_SALESFORCE_TOKEN"  # noqa: S105 - the variable's name


@click.command(short_help="Run a cycle as soon as a CRM tells of a change.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; a proxy ends TLS before it.")
@click.option("--port", type=click.IntRange(0, 65535), default=8088, show_default=True, help="0 takes a free one.")
@click.option("--url", required=True, help="The public address of this process, such as https://hooks.acme.example.")
@click.option("--every", "period", default="5m", show_default=True, help="Run a cycle at least so often.")
@click.option("--salesforce-organisation", "organisation", default="", help="Believe only this organisation's id.")
@click.option("--queue", type=FILE, default=Path("leadline-hints.db"), show_default=True, help="Where hints wait.")
@config_option
@json_option
def serve(config: Path, as_json: bool, **chosen: Any) -> int:
    """Listen for webhooks and run a cycle soon after; what they tell is a hint, and is read again from the CRM.

    HubSpot calls URL/hubspot (signature v3; the app's client secret in LEADLINE_HUBSPOT_CLIENT_SECRET), Salesforce
    URL/salesforce/TOKEN (outbound messages; TOKEN, at least 20 characters, in LEADLINE_SALESFORCE_TOKEN).
    """
    from leadline.sync.hints import HintQueue
    from leadline.sync.schedule import every, wall_clock
    from leadline.terminal.syncing import run_once
    from leadline.web.receiving import Receiving, application
    from leadline.web.serving import serve as listen
    from leadline.web.working import Worker

    secret, token = os.environ.get(HUBSPOT_SECRET, ""), os.environ.get(SALESFORCE_TOKEN, "")
    _require(chosen["url"], secret, token)
    screen = Screen(as_json=as_json)
    queue = HintQueue(config.absolute().parent / chosen["queue"])
    worker = Worker(
        queue,
        job=lambda: run_once(screen, config, dry_run=False),
        clock=wall_clock,
        every=every(chosen["period"], wall_clock()).period,
        tell=screen.error,
    )
    receiving = Receiving(
        queue, wall_clock, worker.wake, chosen["url"].rstrip("/"), secret, token, chosen["organisation"]
    )

    def ready(port: int) -> None:
        screen.note(
            f"listening on {chosen['host']}:{port}" + ("" if secret else f"; no HubSpot: set {HUBSPOT_SECRET}")
        )

    try:
        return listen(application(receiving), worker, chosen["host"], chosen["port"], ready)
    finally:
        queue.close()


def _require(url: str, secret: str, token: str) -> None:
    if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise UsageError(f"--url {url}: write the public https:// address in front of this process, without a path")
    if not secret and not token:
        raise UsageError(f"nobody could be believed: put a secret into {HUBSPOT_SECRET} or {SALESFORCE_TOKEN}")
    if token and len(token) < 20:
        raise UsageError(f"{SALESFORCE_TOKEN}: at least 20 characters, such as `openssl rand -hex 20` gives")
