"""Who looks at the queue: a quick cycle soon after a hint, one more a little later, a thorough one at times."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from leadline.common.errors import LeadlineError, UsageError
from leadline.common.values import RecordRef
from leadline.sync.hints import HintQueue
from leadline.sync.pull.hinted import LOOK_BACK, MOST, Hinted

GATHER: Final = timedelta(seconds=1)
"""How long a first hint waits for company, for CRMs tell of one thing in several events.

Not shorter: a cycle's upper bound is a Date header, in whole seconds, and must not lie before what was told of.
"""
SETTLE: Final = timedelta(seconds=30)
"""When to look once more after hints: HubSpot's search index lags behind its events (facts.md, hazard 2)."""
LONGEST_PAUSE: Final = timedelta(minutes=2)


def longer(failures: int) -> timedelta:
    """Return the pause after so many failures, one after the other: 2, 4, 8 seconds, two minutes at most."""
    return min(timedelta(seconds=2 ** min(failures, 10)), LONGEST_PAUSE) if failures else timedelta(0)


@dataclass(slots=True)
class Worker:
    """Runs ``job`` whenever there is something to look at; it returns an exit code.

    It is given what was told of, for a quick cycle, or for a thorough one every so often (``every``).
    ``tell`` hears of failures; they are tried again after a growing pause, and what waits stays in the queue.
    ``failures`` is how many cycles failed, one after the other, the last one included.
    ``clock`` gives the present, UTC; ``rest`` how long quick cycles must wait for the CRMs' limits; ``ended`` is
    called in the worker's thread at the end.
    """

    queue: HintQueue
    job: Callable[[Hinted], int]
    clock: Callable[[], datetime]
    every: timedelta
    tell: Callable[[LeadlineError], None] = lambda _: None
    rest: Callable[[], timedelta] = lambda: timedelta(0)
    ended: Callable[[], None] = lambda: None
    gather: timedelta = GATHER
    settle: timedelta = SETTLE
    code: int = 0
    failures: int = 0
    _recent: frozenset[RecordRef] = frozenset()
    _settles: datetime | None = None
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
        try:
            self._work()
        finally:
            self.ended()

    def _work(self) -> None:
        due = self.clock()
        while not self._stopped.is_set():
            thorough = self.clock() >= due
            if not thorough and not self._something(due):
                continue
            began = self.clock()
            hinted = self._hinted(began, thorough=thorough)
            if self._once(hinted):
                self.failures = 0
                self._note_done(began, hinted)
                due = self.clock() + self.every if thorough else due
            else:
                self.failures += 1
                self._pause(longer(self.failures))

    def _something(self, due: datetime) -> bool:
        """Wait for what is next; say whether a quick cycle has something to do now."""
        waits = self.queue.waiting()
        if waits.since is not None:
            now = self.clock()
            self._pause(min(max(waits.since + self.gather - now, self.rest()), due - now))
            return not self._stopped.is_set() and self.clock() < due
        following = due if self._settles is None else min(due, self._settles)
        left = (following - self.clock()).total_seconds()
        if left > 0:
            self._wake.wait(left)
            self._wake.clear()
            return False
        return self._settles is not None and following == self._settles

    def _hinted(self, now: datetime, *, thorough: bool) -> Hinted:
        waiting = self.queue.oldest(MOST)
        if thorough:
            return Hinted(frozenset(waiting), thorough=True)
        if self._settles is not None and now >= self._settles:
            return Hinted(frozenset(waiting) | self._recent, max(2 * self.settle, LOOK_BACK))
        return Hinted(frozenset(waiting))

    def _note_done(self, began: datetime, hinted: Hinted) -> None:
        """Take out what a cycle has seen; look once more later where anything was told of."""
        fresh = hinted.refs - self._recent
        if not hinted.thorough and self._settles is not None and began >= self._settles:
            self._settles, self._recent = None, frozenset()
        # What was told of within the last moment may have changed behind the cycle's upper bound: it stays.
        if self.queue.done(began - self.gather) or fresh:
            self._settles = self.clock() + self.settle
            self._recent = frozenset(sorted(self._recent | fresh)[:MOST])

    def _once(self, hinted: Hinted) -> bool:
        try:
            self.code = self.job(hinted)
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
