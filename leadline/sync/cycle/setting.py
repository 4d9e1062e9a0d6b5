"""What every run works with: the state, the book, who is at work, and who wants to hear of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.common.bookfiles import read_sources
from leadline.common.errors import BookError
from leadline.common.values import Crm
from leadline.connectors.protocol import ReadConnector, WriteConnector
from leadline.rules.model import Book
from leadline.sync.apply.effects import Notifier
from leadline.sync.apply.writing import Patience
from leadline.sync.cycle.events import CycleEvent
from leadline.sync.lease import Lease
from leadline.sync.pull.upkeep import Upkeep
from leadline.sync.shadow import Shadow
from leadline.sync.store import Store, open_store

if TYPE_CHECKING:
    from leadline.connectors.settings import CallShare
    from leadline.sync.config import Config


@dataclass(frozen=True, slots=True)
class Setting:
    """The open state, the book with its files, the wall clock for the lease, and a listener.

    ``patience`` is how rows that fail for now are tried again, ``notifier`` delivers notices to channels.
    ``channels`` are their names; None: a plan does not ask whether there is one. ``shadow`` is the candidate book
    that decides beside the live one and writes nothing. ``shares`` are the calls that Leadline may make, ``upkeep``
    what is looked for now and then.
    """

    store: Store
    book: Book
    sources: Mapping[str, bytes]
    now: Callable[[], datetime]
    tell: Callable[[CycleEvent], None] = lambda _: None
    patience: Patience = field(default_factory=Patience)
    notifier: Notifier | None = None
    channels: Collection[str] | None = None
    shadow: Shadow | None = None
    shares: Mapping[Crm, CallShare] = field(default_factory=dict)
    upkeep: Upkeep = field(default_factory=Upkeep)

    def lease(self) -> Lease:
        """Return a lease for one run."""
        return Lease(self.store, self.now)


@contextmanager
def open_setting(
    config: Config, now: Callable[[], datetime], tell: Callable[[CycleEvent], None] = lambda _: None
) -> Iterator[Setting]:
    """Read the book and open the state of a configuration. Raises BookError and UsageError."""
    from leadline.rules.reading import read_book

    sources = read_sources(config.rules_dir)
    book = read_book(sources)
    with open_store(config.state_url) as store, _notifying(config) as notifier:
        channels = frozenset(config.channels)
        shadow = _shadow(config.shadow_dir)
        yield Setting(
            store,
            book,
            sources,
            now,
            tell,
            notifier=notifier,
            channels=channels,
            shadow=shadow,
            shares=config.shares,
            upkeep=config.upkeep,
        )


def _shadow(directory: Path | None) -> Shadow | None:
    """Read the candidate book; what is wrong with it is told, and does not stop the live one."""
    from leadline.rules.reading import read_book

    if directory is None:
        return None
    try:
        sources = read_sources(directory)
        return Shadow(read_book(sources), sources)
    except BookError as error:
        return Shadow(None, {}, str(error))


@contextmanager
def _notifying(config: Config) -> Iterator[Notifier | None]:
    """Connect to the configured channels, if there are any; nothing is sent by that."""
    if not config.channels:
        yield None
        return
    from leadline.connectors.webhooks import Webhooks

    webhooks = Webhooks(config.channels)
    try:
        yield webhooks
    finally:
        webhooks.close()


@contextmanager
def open_readers(config: Config) -> Iterator[Mapping[Crm, ReadConnector]]:
    """Connect to every configured CRM for reading only: what is given here has no method that writes."""
    with open_writers(config) as connectors:
        yield connectors


@contextmanager
def open_writers(config: Config) -> Iterator[Mapping[Crm, WriteConnector]]:
    """Connect to every configured CRM for writing too, and close all of them at the end."""
    from leadline.sync.config import connect_all

    connectors = connect_all(config)
    try:
        yield connectors
    finally:
        for connector in connectors.values():
            connector.close()


class CycleClock:
    """The CRMs' present as far as it is known: the last instant they told, and the time that passed since.

    Journal and ledger stand beside the CRMs' own stamps, so they use the CRMs' time and not this machine's.
    """

    def __init__(self, told: datetime) -> None:
        self.told(told)

    def told(self, at: datetime) -> None:
        """Take a CRM's own present."""
        self._at, self._since = at, time.monotonic()

    def __call__(self) -> datetime:
        """Return the CRMs' present, UTC."""
        return self._at + timedelta(seconds=time.monotonic() - self._since)


class CallMeter:
    """The calls that connectors made, and the seconds that passed, since this was created."""

    def __init__(self, connectors: Mapping[Crm, ReadConnector]) -> None:
        self._connectors = connectors
        self._before = {crm: dict(connector.calls()) for crm, connector in connectors.items()}
        self._since = time.monotonic()

    def calls(self) -> dict[Crm, dict[str, int]]:
        """Return calls by CRM and purpose."""
        return {
            crm: {what: count - self._before[crm].get(what, 0) for what, count in connector.calls().items()}
            for crm, connector in self._connectors.items()
        }

    def counts(self) -> dict[str, Any]:
        """Return what a run keeps: ``calls`` by CRM and purpose, ``quota`` as last said, ``milliseconds``."""
        quotas = {crm: connector.quota() for crm, connector in self._connectors.items()}
        return {
            "calls": self.calls(),
            "quota": {crm: {"used": one.used, "limit": one.limit} for crm, one in quotas.items()},
            "milliseconds": round(1000 * (time.monotonic() - self._since)),
        }
