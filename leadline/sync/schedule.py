"""Running cycles again and again: every so often or by cron, never two at once, until told to stop.

This is one of the two places that read the wall clock; clock, waiting and jitter are values, so tests own time.
"""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Final, Protocol

from leadline.common.errors import LeadlineError, UsageError

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}

LOOK: Final = timedelta(minutes=1)
"""How often a wait looks at the clock: a machine may have slept, or its clock been set. A clock that is set back by
less is only waited for.
"""


class Schedule(Protocol):
    """When to run."""

    @property
    def at_once(self) -> bool:
        """Whether the first run is due at once."""
        ...

    def next_after(self, after: datetime) -> datetime:
        """Return the first due instant after ``after``, UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """Due at fixed distances from ``start``, whatever the runs take."""

    period: timedelta
    start: datetime
    at_once: bool = True

    def next_after(self, after: datetime) -> datetime:
        """Return the first instant after ``after`` that lies whole periods from the start, before it too."""
        return self.start + ((after - self.start) // self.period + 1) * self.period


@dataclass(frozen=True, slots=True)
class Cron:
    """Due when a five-field cron expression says so, in UTC."""

    expression: str
    at_once: bool = False

    def next_after(self, after: datetime) -> datetime:
        """Return the next match after ``after``."""
        from cronsim import CronSim

        found: datetime = next(CronSim(self.expression, after.astimezone(UTC)))
        return found


def every(text: str, start: datetime) -> Every:
    """Read ``5m``, ``90s``, ``1h`` or ``1d``; UsageError for anything else and for less than 10 seconds."""
    found = period(text, "--every")
    if found < timedelta(seconds=10):
        raise UsageError(f"--every {text}: at least 10s, so that the CRMs' limits are kept")
    return Every(found, start)


def period(text: str, option: str) -> timedelta:
    """Read ``5m``, ``90s``, ``1h`` or ``1d``; UsageError, which names the option, for anything else."""
    match = re.fullmatch(r"([1-9][0-9]{0,6})\s*([smhd])", text.strip())
    if match is None:
        raise UsageError(f"{option} {text}: write a number and s, m, h or d, such as 5m")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def cron(text: str) -> Cron:
    """Read a five-field cron expression, meant in UTC; UsageError where it is not one or never comes."""
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(text, datetime(2026, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise UsageError(f'--cron "{text}": {error}') from None
    except StopIteration:
        raise UsageError(f'--cron "{text}": this never comes') from None
    return Cron(text)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next run starts at ``due``."""

    due: datetime


@dataclass(frozen=True, slots=True)
class Skipped:
    """``runs`` due runs, the first at ``first``, passed during another run; they are not made up."""

    runs: int
    first: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """A run ended with an expected failure; the next one comes at its time."""

    error: LeadlineError


Event = Waiting | Skipped | Failed


class Stop:
    """A request to stop that a waiting loop notices at once."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def request(self) -> None:
        """Ask the loop to end after the run that is going."""
        self._event.set()

    @property
    def requested(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait so long or until asked to stop; return whether asked."""
        return self._event.wait(seconds)

    @contextmanager
    def on_signals(self, patience: float | None = None) -> Iterator[None]:
        """Make SIGINT and SIGTERM ask; a second one interrupts as usual. Only in the main thread.

        With ``patience`` a run that still goes on so many seconds after SIGTERM is interrupted as by a second one:
        what sent it will kill the process soon, and a run that is interrupted gives its lease back.
        """
        before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        later: list[threading.Timer] = []

        def ask(number: int, _: FrameType | None) -> None:
            signal.signal(number, before[number])
            self.request()
            if patience is not None and number == signal.SIGTERM:
                # To the thread itself, which may stand in a call that nothing but a signal ends.
                timer = threading.Timer(patience, signal.pthread_kill, (threading.get_ident(), number))
                timer.daemon = True
                later.append(timer)
                timer.start()

        for number in before:
            signal.signal(number, ask)
        try:
            yield
        finally:
            for timer in later:
                timer.cancel()
            for number, handler in before.items():
                signal.signal(number, handler)


def run_schedule(
    schedule: Schedule,
    job: Callable[[], None],
    *,
    stop: Stop,
    clock: Callable[[], datetime],
    wait: Callable[[float], bool] | None = None,
    jitter: Callable[[], float] = lambda: 0.0,
    on_event: Callable[[Event], None] = lambda _: None,
) -> int:
    """Run ``job`` at every due instant until ``stop``; return the exit code of the last run.

    ``clock`` gives the present, UTC, and may be set at any time: what is due is what it then says. ``jitter`` gives
    seconds to add to each wait, so that many installations do not ask a CRM in the same second. Runs never overlap:
    what falls due during a run is skipped and said.
    A UsageError ends the loop, because no later run can succeed; other expected failures are said and the loop
    goes on.
    """
    pause = wait or stop.wait
    code = 0
    due = clock() if schedule.at_once else schedule.next_after(clock())
    while not stop.requested:
        on_event(Waiting(due))
        reached = _wait(schedule, due, clock, pause, timedelta(seconds=jitter()), on_event)
        if reached is None:
            break
        due = reached
        code = _once(job, on_event)
        finished = clock()
        if finished < due - LOOK:
            due = schedule.next_after(finished)
            continue
        skipped = _skipped(schedule, due, finished)
        if skipped is not None:
            on_event(skipped)
        due = schedule.next_after(max(due, finished))
    return code


def wall_clock() -> datetime:
    """Return the wall clock's present, UTC."""
    return datetime.now(UTC)


def steady_clock() -> Callable[[], datetime]:
    """Return a clock that begins at the wall clock's present, UTC, and goes with time: nobody sets it back."""
    began, since = wall_clock(), time.monotonic()
    return lambda: began + timedelta(seconds=time.monotonic() - since)


def _wait(
    schedule: Schedule,
    due: datetime,
    clock: Callable[[], datetime],
    pause: Callable[[float], bool],
    more: timedelta,
    on_event: Callable[[Event], None],
) -> datetime | None:
    """Wait until ``due`` and ``more``, and return it; None when asked to stop.

    When the clock is set back meanwhile, that is what falls due next by it.
    """
    seen = clock()
    while (left := due + more - seen) > timedelta(0):
        if pause(min(left, LOOK).total_seconds()):
            return None
        now = clock()
        if now < seen - LOOK:
            due = schedule.next_after(now)
            on_event(Waiting(due))
        seen = now
    return due


def _once(job: Callable[[], None], on_event: Callable[[Event], None]) -> int:
    try:
        job()
    except UsageError:
        raise
    except LeadlineError as error:
        on_event(Failed(error))
        return error.exit_code
    return 0


def _skipped(schedule: Schedule, due: datetime, finished: datetime) -> Skipped | None:
    first = missed = schedule.next_after(due)
    runs = 0
    # A machine that slept for months must not count for minutes.
    while missed <= finished and runs < 10_000:
        runs += 1
        missed = schedule.next_after(missed)
    return Skipped(runs, first) if runs else None
