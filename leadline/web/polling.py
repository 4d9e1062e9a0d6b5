"""Asking a CRM every few seconds what changed there, where no webhook tells it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leadline.common.errors import LeadlineError, UsageError
from leadline.common.values import RecordRef
from leadline.sync.hints import HintQueue
from leadline.web.working import longer


@dataclass(slots=True)
class Polling:
    """Puts what ``ask`` returns into the queue and calls ``told``, every so often. ``tell`` hears of failures.

    After a failure it pauses longer and longer; what changed meanwhile is found by the next cycle in any case.
    """

    ask: Callable[[], frozenset[RecordRef]]
    queue: HintQueue
    told: Callable[[], None]
    clock: Callable[[], datetime]
    every: timedelta
    tell: Callable[[LeadlineError], None] = lambda _: None
    ended: Callable[[], None] = lambda: None
    pause: Callable[[int], timedelta] = longer
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask until it is stopped, and call ``ended``. A UsageError ends it."""
        try:
            self._ask()
        finally:
            self.ended()

    def stop(self) -> None:
        """Ask it to end after the call that is going."""
        self._stopped.set()

    def _ask(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                found = self.ask()
                failures = 0
            except UsageError:
                raise
            except LeadlineError as error:
                found, failures = frozenset(), failures + 1
                self.tell(error)
            if found:
                self.queue.take_in(found, self.clock())
                self.told()
            self._stopped.wait(max(self.every, self.pause(failures)).total_seconds())
