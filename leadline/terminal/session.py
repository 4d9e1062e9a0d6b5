"""What every verb that needs the state opens: configuration, book and store, with progress on a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.common.errors import LeadlineError
from leadline.common.masking import mask_address
from leadline.connectors.retrying import Retry, listening
from leadline.sync.apply.report import ReadingBack, Retrying, Writing
from leadline.sync.config import Config, load_config
from leadline.sync.cycle import CycleEvent, Ended, Evaluating, Planned, Pulled, Pulling, Setting, open_setting
from leadline.sync.schedule import wall_clock
from leadline.sync.watching.log import RunLog
from leadline.sync.watching.telling import Teller
from leadline.terminal.screen import Screen
from leadline.terminal.watching import UNWATCHED, Watched, run_log

if TYPE_CHECKING:
    from leadline.sync.store import Store


@contextmanager
def session(
    screen: Screen, config: Path, *, crms: bool = True, shadow: Path | None = None, watched: Watched = UNWATCHED
) -> Iterator[tuple[Config, Setting]]:
    """Open what ``leadline.yml`` names; without ``crms`` no secret is needed. Raises UsageError and BookError.

    ``shadow`` is a candidate book instead of the one that the configuration names. What reaches the CRMs is logged
    as ``watched`` and the configuration say.
    """
    opened = load_config(config, os.environ, crms=crms)
    if shadow is not None:
        opened = replace(opened, shadow_dir=shadow)
    with screen.activity() as say, run_log(opened, watched) if crms else nullcontext(RunLog()) as log:
        teller = Teller(log)

        def tell(event: CycleEvent) -> None:
            say(describe(event))
            teller.happened(event)

        def retried(retry: Retry) -> None:
            say(waiting(retry))
            teller.retried(retry)
            if log.silent:  # a dead CRM is tried for minutes: somebody must be told
                screen.note(waiting(retry))

        teller.begun()
        try:
            with listening(retried), open_setting(opened, wall_clock, tell) as setting:
                yield opened, setting
        except LeadlineError as error:
            teller.failed(error)
            raise


@contextmanager
def open_state(config: Path) -> Iterator[Store]:
    """Open only the state: what was decided can be looked at though the book or the CRMs have changed."""
    from leadline.sync.store import open_store

    with open_store(load_config(config, os.environ, crms=False).state_url) as store:
        yield store


def waiting(retry: Retry) -> str:
    """Return one line about a call that is made again: who, why, and after how long."""
    crm = retry.call.get("crm", "a CRM")
    wait = f"trying again in {retry.wait:.1f} s" if retry.wait else "trying again"
    return f"{crm}: {mask_address(retry.why)}; {wait} (attempt {retry.attempt})"


def describe(event: CycleEvent) -> str:
    """Return one line about an event of a cycle."""
    match event:
        case Pulled():
            return "Joining people"
        case Pulling():
            return f"Reading {event.stream}: {event.rows:,} rows"
        case Evaluating():
            return "Evaluating"
        case Planned():
            return "Planned"
        case Ended():
            return "Ended"
        case Writing():
            return f"Writing to {event.crm}: {event.done:,} of {event.total:,} records"
        case Retrying():
            return f"Trying {event.records:,} records again in {event.crm} (attempt {event.attempt})"
        case ReadingBack():
            return f"Reading back {event.records:,} records from {event.crm}"
