"""The schedule: due at fixed instants, never two runs at once, what was missed is said, and a stop is noticed."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.errors import UnavailableError, UsageError
from leadline.sync.schedule import Event, Failed, Skipped, Stop, Waiting, cron, every, run_schedule, steady_clock

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Time:
    """A clock that moves when somebody waits or works on it."""

    now: datetime = T0
    waits: list[float] = field(default_factory=list)

    def read(self) -> datetime:
        """Return the present."""
        return self.now

    def wait(self, seconds: float) -> bool:
        """Let the seconds pass."""
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)
        return False


def runs(spec: str, lasts: list[float], time: Time) -> tuple[list[datetime], list[Event]]:
    """Run one job for each duration on an `every` schedule; return when each began, and the events."""
    stop, began, events = Stop(), [], []

    def job() -> None:
        began.append(time.now)
        time.now += timedelta(seconds=lasts[len(began) - 1])
        if len(began) == len(lasts):
            stop.request()

    run_schedule(every(spec, T0), job, stop=stop, clock=time.read, wait=time.wait, on_event=events.append)
    return began, events


def test_every_runs_at_once_and_then_at_fixed_distances() -> None:
    """Runs begin at whole periods after the start, however long each takes."""
    began, events = runs("5m", [10, 200, 1], Time())
    assert began == [T0, T0 + timedelta(minutes=5), T0 + timedelta(minutes=10)]
    assert not [event for event in events if isinstance(event, Skipped)]


def test_runs_that_are_missed_are_skipped_and_said() -> None:
    """A run that takes longer than two periods costs two runs, which are not made up."""
    began, events = runs("5m", [11 * 60, 1], Time())
    assert began == [T0, T0 + timedelta(minutes=15)]
    assert Skipped(2, T0 + timedelta(minutes=5)) in events


@given(lasts=st.lists(st.floats(min_value=0, max_value=2000), min_size=1, max_size=8))
def test_runs_never_overlap_and_none_is_lost(lasts: list[float]) -> None:
    """Every due instant is either run or told as skipped, and no run begins before the last one ended."""
    began, events = runs("1m", lasts, Time())
    for n, (first, second) in enumerate(itertools.pairwise(began)):
        assert second >= first + timedelta(seconds=lasts[n])
        assert (second - T0) % timedelta(minutes=1) == timedelta(0)
    skipped = sum(event.runs for event in events if isinstance(event, Skipped))
    end = began[-1] + timedelta(seconds=lasts[-1])
    assert len(began) + skipped == (end - T0) // timedelta(minutes=1) + 1


def test_cron_waits_for_its_first_instant() -> None:
    """A cron schedule does not run at once, and follows the expression in UTC."""
    time, stop, began = Time(), Stop(), []

    def job() -> None:
        began.append(time.now)
        if len(began) == 2:
            stop.request()

    run_schedule(cron("30 6 * * 1-5"), job, stop=stop, clock=time.read, wait=time.wait)
    assert began == [datetime(2026, 3, 2, 6, 30, tzinfo=UTC), datetime(2026, 3, 3, 6, 30, tzinfo=UTC)]


def test_jitter_delays_and_never_hurries() -> None:
    """Jitter is added to the wait, so a run never begins before it is due."""
    time, stop = Time(), Stop()
    run_schedule(every("5m", T0), stop.request, stop=stop, clock=time.read, wait=time.wait, jitter=lambda: 7.0)
    assert time.waits == [7.0]


@pytest.mark.parametrize("spec", ["every", "cron"])
@pytest.mark.parametrize("when", ["waiting", "working"])
def test_a_clock_that_is_set_back_a_day_costs_no_day(spec: str, when: str) -> None:
    """What is due is what the clock then says, also before the schedule's own start."""
    time, stop, began, steps = Time(), Stop(), [], [timedelta(days=1, minutes=7)]

    def wait(seconds: float) -> bool:
        if when == "waiting" and began and steps:
            time.now -= steps.pop()
        return time.wait(seconds)

    def job() -> None:
        began.append(time.now)
        if when == "working" and steps:
            time.now -= steps.pop()
        if len(began) == 2:
            stop.request()

    schedule = every("15m", T0) if spec == "every" else cron("*/15 * * * *")
    run_schedule(schedule, job, stop=stop, clock=time.read, wait=wait)
    set_back = began[0] - timedelta(days=1, minutes=7)
    assert set_back < began[1] <= set_back + timedelta(minutes=16)
    assert began[1].minute % 15 == 0


def test_a_steady_clock_does_not_follow_one_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for hints and counts calls by the minute would stand still for as long as a clock is set back."""
    monkeypatch.setattr("leadline.sync.schedule.wall_clock", lambda: T0)
    clock = steady_clock()
    monkeypatch.setattr("leadline.sync.schedule.wall_clock", lambda: T0 - timedelta(days=1))
    first, second = clock(), clock()
    assert T0 <= first <= second < T0 + timedelta(minutes=1)


def test_a_machine_that_slept_runs_what_fell_due_at_once() -> None:
    """A wait is no sleep to the end: the clock may have gone on without it."""
    time, stop, began = Time(), Stop(), []

    def wait(seconds: float) -> bool:
        time.now += timedelta(hours=5) if not time.waits else timedelta(0)
        return time.wait(seconds)

    def job() -> None:
        began.append(time.now)
        stop.request()

    run_schedule(cron("0 15 * * *"), job, stop=stop, clock=time.read, wait=wait)
    assert began == [T0 + timedelta(hours=5, minutes=1)]


def test_an_expected_failure_is_said_and_the_next_run_comes() -> None:
    """A CRM that is down costs one run; the exit code is that of the last run."""
    time, stop, events = Time(), Stop(), []
    answers = [UnavailableError("down"), None]

    def job() -> None:
        answer = answers.pop(0)
        if not answers:
            stop.request()
        if answer is not None:
            raise answer

    code = run_schedule(every("1m", T0), job, stop=stop, clock=time.read, wait=time.wait, on_event=events.append)
    assert code == 0
    assert [str(event.error) for event in events if isinstance(event, Failed)] == ["down"]


def test_the_last_runs_failure_is_the_exit_code() -> None:
    """A schedule that is stopped after a failed run ends with that failure's code."""
    time, stop = Time(), Stop()

    def job() -> None:
        stop.request()
        raise UnavailableError("down")

    assert run_schedule(every("1m", T0), job, stop=stop, clock=time.read, wait=time.wait) == 3


def test_a_usage_error_ends_the_schedule() -> None:
    """A wrong configuration cannot get better by waiting."""

    def job() -> None:
        raise UsageError("wrong")

    time = Time()
    with pytest.raises(UsageError):
        run_schedule(every("1m", T0), job, stop=Stop(), clock=time.read, wait=time.wait)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_waiting_schedule_gracefully(number: signal.Signals) -> None:
    """SIGINT and SIGTERM wake the loop out of its wait, and the handlers are put back."""
    stop, events = Stop(), []
    before = signal.getsignal(number)
    timer = threading.Timer(0.05, os.kill, (os.getpid(), number))
    with stop.on_signals():
        timer.start()
        code = run_schedule(cron("0 0 1 1 *"), lambda: None, stop=stop, clock=lambda: T0, on_event=events.append)
    timer.join()
    assert code == 0
    assert [type(event) for event in events] == [Waiting]
    assert signal.getsignal(number) is before


def test_a_second_signal_is_not_swallowed() -> None:
    """Asking twice interrupts a run that does not end."""
    stop = Stop()
    # A shell that starts the tests in the background lets them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), stop.on_signals():
            os.kill(os.getpid(), signal.SIGINT)
            # Two signals in one breath may be one to Python: the second waits for the first to be heard.
            assert stop.wait(5)
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(5)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("text", ["", "5", "m", "0m", "-5m", "5 weeks", "1e3s", "9s", "99999999d"])
def test_wrong_periods_are_told(text: str) -> None:
    """What is no period, or too short for a CRM, is a usage error that shows how to write one."""
    with pytest.raises(UsageError, match="--every"):
        every(text, T0)


@pytest.mark.parametrize("text", ["", "* * * *", "61 * * * *", "0 0 30 2 *", "nonsense", "@daily now"])
def test_wrong_cron_expressions_are_told(text: str) -> None:
    """What is no cron expression, or never comes, is a usage error."""
    with pytest.raises(UsageError, match="--cron"):
        cron(text)


@given(after=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_next_due_instant_is_later(after: datetime) -> None:
    """Both schedules always move forward, and `every` by at most one period."""
    assert cron("*/7 3 * * *").next_after(after) > after
    due = every("90s", T0).next_after(after)
    assert timedelta(0) < due - after <= timedelta(seconds=90)


def test_a_run_that_goes_on_after_sigterm_is_interrupted() -> None:
    """Once its patience is over, before whoever sent the signal kills; a run that ended in time is left alone."""

    class Interrupted(BaseException):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        stop = Stop()
        with stop.on_signals(0.02):
            signal.raise_signal(signal.SIGTERM)
        assert stop.requested
        with pytest.raises(Interrupted), stop.on_signals(0.02):
            signal.raise_signal(signal.SIGTERM)
            threading.Event().wait(10)
        assert signal.getsignal(signal.SIGTERM) is interrupt
    finally:
        signal.signal(signal.SIGTERM, before)
