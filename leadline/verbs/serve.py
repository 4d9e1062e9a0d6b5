"""``leadline serve``: cycles as soon as a CRM tells of a change, or is seen to have one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from leadline.common.errors import UsageError
from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, config_option, json_option

if TYPE_CHECKING:
    from leadline.sync.hints import HintQueue
    from leadline.web.polling import Polling
    from leadline.web.working import Worker

HUBSPOT_SECRET: Final = "LEADLINE_HUBSPOT_CLIENT_SECRET"  # noqa: S105 - the variable's name
SALESFORCE_TOKEN: Final = "LEADLINE_SALESFORCE_TOKEN"  # noqa: S105 - the variable's name


@click.command(short_help="Run a cycle as soon as a CRM tells of a change.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; a proxy ends TLS before it.")
@click.option("--port", type=click.IntRange(0, 65535), default=8088, show_default=True, help="0 takes a free one.")
@click.option("--url", default="", help="The public address of this process, such as https://hooks.acme.example.")
@click.option("--every", "period", default="5m", show_default=True, help="Run a thorough cycle at least so often.")
@click.option("--poll", default="30s", show_default=True, help="Ask Salesforce so often what changed; 0: never.")
@click.option("--share", default="50%", show_default=True, help="Of a CRM's calls a day, for quick cycles.")
@click.option("--salesforce-organisation", "organisation", default="", help="Believe only this organisation's id.")
@click.option("--queue", type=FILE, default=Path("leadline-hints.db"), show_default=True, help="Where hints wait.")
@config_option
@json_option
def serve(config: Path, as_json: bool, **chosen: Any) -> int:
    """Listen for webhooks and run a quick cycle soon after; what they tell is a hint, and is read again from the CRM.

    HubSpot calls URL/hubspot (signature v3; the app's client secret in LEADLINE_HUBSPOT_CLIENT_SECRET), Salesforce
    URL/salesforce/TOKEN (outbound messages; TOKEN, at least 20 characters, in LEADLINE_SALESFORCE_TOKEN). Without
    TOKEN, Salesforce is asked every --poll.
    """
    from leadline.sync.hints import HintQueue
    from leadline.sync.schedule import every, steady_clock, wall_clock
    from leadline.web.allowance import Allowance
    from leadline.web.cycles import Cycles
    from leadline.web.receiving import Receiving, application
    from leadline.web.serving import serve as listen
    from leadline.web.working import Worker

    secret, token = os.environ.get(HUBSPOT_SECRET, ""), os.environ.get(SALESFORCE_TOKEN, "")
    _require(chosen["url"], secret, token)
    screen = Screen(as_json=as_json)
    queue = HintQueue(config.absolute().parent / chosen["queue"])
    allowance = Allowance(_share(chosen["share"]))
    clock = steady_clock()
    cycles = Cycles(screen, config, allowance, clock)
    worker = Worker(
        queue,
        job=cycles.run,
        clock=clock,
        every=every(chosen["period"], clock()).period,
        tell=screen.error,
        rest=lambda: allowance.pause(clock()),
        ended=cycles.close,
    )
    polling = None if token else _polling(screen, config, chosen["poll"], queue, worker)
    if not secret and not token and polling is None:
        queue.close()
        raise UsageError(f"nobody tells of anything: put a secret into {HUBSPOT_SECRET} or {SALESFORCE_TOKEN}")
    receiving = Receiving(
        queue, clock, worker.wake, chosen["url"].rstrip("/"), secret, token, chosen["organisation"],
        lambda: worker.failures, wall_clock,
    )  # fmt: skip

    def ready(port: int) -> None:
        asked = f"; asking Salesforce every {chosen['poll']}" if polling is not None else ""
        told = "" if secret else f"; no HubSpot: set {HUBSPOT_SECRET}"
        screen.note(f"listening on {chosen['host']}:{port}{told}{asked}")

    try:
        beside = [] if polling is None else [polling]
        return listen(application(receiving), worker, chosen["host"], chosen["port"], ready, beside)
    finally:
        queue.close()


def _polling(screen: Screen, config: Path, poll: str, queue: HintQueue, worker: Worker) -> Polling | None:
    """Return what asks Salesforce; None where it is not configured, or nobody wants it asked."""
    from leadline.sync.config import load_config
    from leadline.sync.schedule import period
    from leadline.web.cycles import poll_of
    from leadline.web.polling import Polling

    asks = None if poll in {"0", "0s"} else poll_of(load_config(config, os.environ))
    if asks is None:
        return None
    return Polling(
        asks.changed, queue, worker.wake, worker.clock, period(poll, "--poll"), tell=screen.error, ended=asks.close
    )


def _share(text: str) -> float:
    from leadline.connectors.settings import share

    found = share(text)
    if not isinstance(found, float) or not 0 < found <= 1:
        raise UsageError(f"--share {text}: write a percentage, such as 50%")
    return found


def _require(url: str, secret: str, token: str) -> None:
    if (url or secret or token) and not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise UsageError(f"--url {url}: write the public https:// address in front of this process, without a path")
    if token and len(token) < 20:
        raise UsageError(f"{SALESFORCE_TOKEN}: at least 20 characters, such as `openssl rand -hex 20` gives")
