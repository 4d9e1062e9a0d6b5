"""Who looks at the queue: a cycle soon after a hint, one more when search indexes have caught up, one at times."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from leadline.common.errors import LeadlineError, UsageError
from leadline.sync.hints import HintQueue

GATHER: Final = timedelta(seconds=1)
"""How long a first hint waits for company: CRMs tell of one thing in several events."""
SETTLE: Final = timedelta(seconds=30)
"""When to look once more after hints: HubSpot's search index lags behind its events (facts.md, hazard 2)."""
LONGEST_PAUSE: Final = timedelta(minutes=2)


@dataclass(slots=True)
class Worker:
    """Runs ``job`` (a whole cycle; it returns an exit code) whenever there is something to look at.

    ``every`` is how often it runs without being told. ``tell`` hears of failures; they are tried again after a
    growing pause, and what waits stays in the queue. ``clock`` gives the present, UTC.
    """

    queue: HintQueue
    job: Callable[[], int]
    clock: Callable[[], datetime]
    every: timedelta
    tell: Callable[[LeadlineError], None] = lambda _: None
    gather: timedelta = GATHER
    settle: timedelta = SETTLE
    code: int = 0
    _wake: threading.Event = field(default_factory=threading.Event)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def wake(self) -> None:
        """Say that the queue has something."""
        self._wake.set()

    def stop(self) -> None:
        """Ask it to end after the run that is going."""
        self._stopped.set()
        self._wake.set()

    def run(self) -> None:
        """Work until it is stopped. A UsageError ends it, because no later run can succeed."""
        due = self.clock()
        failures = 0
        while not self._stopped.is_set():
            waits = self.queue.waiting().records > 0
            now = self.clock()
            if not waits and now < due:
                self._wake.wait((due - now).total_seconds())
                self._wake.clear()
                continue
            if waits and not failures:
                self._pause(self.gather)
            if self._stopped.is_set():
                return
            began = self.clock()
            good = self._once()
            failures = 0 if good else failures + 1
            if not good:
                self._pause(min(timedelta(seconds=2**failures), LONGEST_PAUSE))
            elif self.queue.done(began):
                due = self.clock() + min(self.settle, self.every)
            else:
                due = self.clock() + self.every

    def _once(self) -> bool:
        try:
            self.code = self.job()
        except UsageError:
            raise
        except LeadlineError as error:
            self.code = error.exit_code
            self.tell(error)
            return False
        return True

    def _pause(self, span: timedelta) -> None:
        """Wait, unless it is stopped meanwhile; hints alone do not shorten it."""
        until = self.clock() + span
        while not self._stopped.is_set() and (left := (until - self.clock()).total_seconds()) > 0:
            self._wake.wait(left)
            self._wake.clear()
