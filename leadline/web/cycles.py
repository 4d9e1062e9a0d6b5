"""`leadline serve`: thorough cycles that open everything anew, and quick ones that go on with what they opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from leadline.common.bookfiles import read_sources
from leadline.common.canonical import digest
from leadline.common.errors import LeadlineError
from leadline.common.values import Crm, ObjectDescription
from leadline.connectors.protocol import WriteConnector
from leadline.rules.reading import read_book
from leadline.sync.config import Config, load_config
from leadline.sync.cycle import Setting, SyncResult, open_writers, run_sync
from leadline.sync.needs import needs_of, objects_needed
from leadline.sync.pull.hinted import Hinted
from leadline.sync.schedule import wall_clock
from leadline.terminal.screen import Screen
from leadline.terminal.session import session
from leadline.terminal.syncing import render_sync, sync_data
from leadline.terminal.watching import UNWATCHED, leave_word
from leadline.web.allowance import Allowance

if TYPE_CHECKING:
    from leadline.connectors.salesforce.polling import ChangePoll

_ACTIVITY_OBJECTS: Final = {"task": "Task", "event": "Event", "campaign_member": "CampaignMember"}


@dataclass(slots=True)
class _Opened:
    setting: Setting
    writers: Mapping[Crm, WriteConnector]
    files: str
    described: Mapping[Crm, Mapping[str, ObjectDescription]]
    closing: ExitStack


class Cycles:
    """Runs cycles, all of them in one thread. ``allowance`` is told what quick ones take of the CRMs' limits.

    A quick one signs in nowhere, reads no book and asks for no descriptions: the thorough one before it did. Where
    there was none, it failed, or a file of the book or the configuration has changed since, it is a thorough one.
    """

    def __init__(
        self, screen: Screen, config: Path, allowance: Allowance, clock: Callable[[], datetime] = wall_clock
    ) -> None:
        self._clock = clock
        self._screen = screen
        self._config = config
        self._allowance = allowance
        self._opened: _Opened | None = None

    def run(self, hinted: Hinted) -> int:
        """Run one cycle, show it, and return its exit code. Raises what ``run_sync`` raises."""
        opened = self._opened
        if opened is None or hinted.thorough or opened.files != _files(self._config):
            return self._thorough(hinted)
        try:
            done = run_sync(opened.setting, opened.writers, replace(hinted, described=opened.described))
        except LeadlineError:
            self.close()
            raise
        calls = {crm: sum(made.values()) for crm, made in done.calls.items()}
        limits = {crm: writer.quota().limit for crm, writer in opened.writers.items()}
        self._allowance.spend(calls, limits, self._clock())
        return self._show(done)

    def close(self) -> None:
        """Close what is open; call it in the thread of the cycles."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.closing.close()

    def _thorough(self, hinted: Hinted) -> int:
        self.close()
        try:
            with ExitStack() as opening:
                files = _files(self._config)
                config, setting = opening.enter_context(session(self._screen, self._config))
                writers = opening.enter_context(open_writers(config))
                done = run_sync(setting, writers, replace(hinted, thorough=True))
                self._opened = _Opened(setting, writers, files, done.pull.described, opening.pop_all())
        except LeadlineError as error:
            leave_word(self._screen, self._config, UNWATCHED, error.exit_code, error)
            raise
        leave_word(self._screen, self._config, UNWATCHED, done.exit_code)
        return self._show(done)

    def _show(self, done: SyncResult) -> int:
        self._screen.result(sync_data(done), lambda console: render_sync(console, done))
        return done.exit_code


def poll_of(config: Config) -> ChangePoll | None:
    """Return what asks Salesforce for changes of the objects that the book reads; None where it is not configured.

    Raises BookError. Which objects, it knows from the book as it is now.
    """
    if config.salesforce is None:
        return None
    from leadline.connectors.salesforce.polling import ChangePoll

    book = read_book(read_sources(config.rules_dir))
    kinds = (need.kind for need in needs_of(book, "salesforce", {}).activities)
    return ChangePoll(
        config.salesforce, [*objects_needed(book, "salesforce"), *(_ACTIVITY_OBJECTS[kind] for kind in kinds)]
    )


def _files(path: Path) -> str:
    """Return a fingerprint of the configuration and the rule book."""
    config = load_config(path, os.environ, crms=False)
    texts = {name: text.hex() for name, text in sorted(read_sources(config.rules_dir).items())}
    return digest([config.path.read_text(encoding="utf-8"), texts])
