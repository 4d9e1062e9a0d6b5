"""What a run leaves for monitors as it is asked to: its log, metrics, a health file, alerts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from leadline.common.canonical import plain
from leadline.common.errors import LeadlineError, UsageError
from leadline.common.files import replace_file
from leadline.common.masking import scrub
from leadline.sync.config import Config, load_config
from leadline.sync.lease import BusyError
from leadline.sync.operations.health import health
from leadline.sync.operations.unrecorded import remember_failure
from leadline.sync.schedule import wall_clock
from leadline.sync.store import Store, open_store
from leadline.sync.watching.alerting import Deliver, Told, tell_changes, unresolved
from leadline.sync.watching.judging import judge
from leadline.sync.watching.log import RunLog, open_log
from leadline.sync.watching.measuring import measure, past_syncs
from leadline.sync.watching.metrics import metrics_text

if TYPE_CHECKING:
    from leadline.terminal.screen import Screen

_NEVER_OLD: Final = timedelta.max
"""The file is written when a run ends; how old it is, its reader sees from ``at``."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a run was asked to leave: how and where to log, and files for metrics and health."""

    log_format: Literal["json", "text"] | None = None
    log_file: Path | None = None
    metrics: Path | None = None
    health: Path | None = None

    def require_places(self) -> None:
        """Raise UsageError where a file could not be written, before the run begins."""
        for path in (self.metrics, self.health):
            if path is not None and not os.access(path.absolute().parent, os.W_OK):
                raise UsageError(
                    f"{path}: cannot be written: there is no directory {path.parent} that this user may use"
                )


UNWATCHED: Final = Watched()


@contextmanager
def run_log(config: Config, watched: Watched) -> Iterator[RunLog]:
    """Open the log that options and configuration ask for; without either, nothing is logged."""
    settings = config.log
    if settings is None and watched.log_format is None and watched.log_file is None:
        yield RunLog()
        return
    style = watched.log_format or (settings.format if settings else "json")
    file = watched.log_file or (settings.file if settings else None)
    with open_log(style, file, settings.level if settings else "info", wall_clock, config.secrets) as log:
        yield log


def leave_word(
    screen: Screen, config: Path, watched: Watched, exit_code: int, failure: LeadlineError | None = None
) -> None:
    """Write the files and tell the changes after a run; what of that fails is said and changes nothing else.

    A run that found another one at work leaves that to the other one.
    """
    if isinstance(failure, BusyError):
        return
    now = wall_clock()
    try:
        opened = load_config(config, os.environ)
        if failure is not None:
            with suppress(LeadlineError), open_store(opened.state_url) as store:  # a state that is away is no news
                remember_failure(store, failure)
        if watched == Watched(watched.log_format, watched.log_file) and opened.alerts is None:
            return
        with open_store(opened.state_url) as store:
            _write_health(watched, health_of(now, exit_code, failure, store))
            _write_metrics(watched, store, now)
            if opened.alerts is not None:
                for target, error in send_alerts(opened, store, now, failure).failed.items():
                    screen.note(f"an alert was not delivered to {target}: {error}")
    except LeadlineError as error:
        if failure is not None:
            _write_health(watched, health_of(now, exit_code, failure, None))
        screen.note(f"nothing could be left for monitors: {scrub(str(error))}")


def health_of(now: datetime, exit_code: int, failure: LeadlineError | None, store: Store | None) -> dict[str, Any]:
    """Return the health file's content: whether all is well, why not, and what the state says."""
    reasons = (
        [f"{type(failure).__name__}: {scrub(str(failure).partition(chr(10))[0])}"] if failure is not None else []
    )
    content: dict[str, Any] = {"ok": False, "at": now, "exit_code": exit_code}
    if store is not None:
        found = health(store, now, _NEVER_OLD)
        reasons += found.reasons
        content |= {
            "last_good": found.last_good,
            "last_status": found.last_status,
            "parked": found.parked,
            "paused": found.paused,
        }
    return {**content, "ok": not reasons, "reasons": reasons}


def send_alerts(config: Config, store: Store, now: datetime, failure: LeadlineError | None = None) -> Told:
    """Judge and tell what changed to everybody that the configuration names."""
    settings = config.alerts
    if settings is None:
        raise UsageError(f"{config.path}: nobody is to be told; add an `alerts:` block")
    found = judge(measure(store, now), past_syncs(store, settings.past_runs + 1), settings, failure)
    left = unresolved(store) if failure is None else None
    if left is not None and not any(item.name == "run" for item in found):
        found = (left, *found)
    with targets_of(config) as targets:
        return tell_changes(store, found, targets, settings.name)


@contextmanager
def targets_of(config: Config) -> Iterator[Mapping[str, Deliver]]:
    """Give a way to deliver for everybody that the configuration names, by a name that is no secret."""
    from leadline.connectors.mail import Mailbox, send
    from leadline.connectors.webhooks import Webhooks

    settings = config.alerts
    if settings is None:
        yield {}
        return
    webhooks = Webhooks(config.channels)

    def post(channel: str, key: str, text: str) -> None:
        webhooks.deliver(channel, key, text, {"cause": "alert"})

    def mail(box: Mailbox, key: str, text: str) -> None:
        send(box, key, text.partition("\n")[0][:120], text + "\n")

    found: dict[str, Deliver] = {f"channel {name}": partial(post, name) for name in settings.channels}
    if settings.email is not None:
        found["e-mail"] = partial(mail, settings.email)
    try:
        yield found
    finally:
        webhooks.close()


def _write_health(watched: Watched, content: Mapping[str, Any]) -> None:
    if watched.health is not None:
        replace_file(watched.health, [json.dumps(plain(content), ensure_ascii=False, indent=1), "\n"])


def _write_metrics(watched: Watched, store: Store, now: datetime) -> None:
    if watched.metrics is not None:
        replace_file(watched.metrics, [metrics_text(measure(store, now))])
