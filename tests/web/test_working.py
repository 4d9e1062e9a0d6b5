"""When cycles run: soon after a hint, again when they fail, once more when indexes have caught up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from leadline.common.errors import LeadlineError, UnavailableError, UsageError
from leadline.common.values import RecordRef
from leadline.sync.hints import HintQueue
from leadline.sync.pull.hinted import LOOK_BACK, Hinted
from leadline.web.allowance import Allowance
from leadline.web.polling import Polling
from leadline.web.receiving import Receiving, application
from leadline.web.serving import serve
from leadline.web.working import Worker

THOROUGH = Hinted(thorough=True)
ANN = RecordRef("hubspot", "contact", "17")
LONG = timedelta(hours=1)


def wall() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, five seconds at most."""
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@contextmanager
def working(worker: Worker) -> Iterator[Worker]:
    """Let a worker work in a thread of its own."""
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(5)
        assert not thread.is_alive()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[HintQueue]:
    """Give an empty queue."""
    made = HintQueue(tmp_path / "hints.db")
    yield made
    made.close()


def test_a_hint_brings_a_quick_cycle_and_one_more(queue: HintQueue) -> None:
    """A thorough cycle at the start, a quick one for the hint, one that looks back further, and then quiet."""
    runs: list[Hinted] = []

    def job(hinted: Hinted) -> int:
        runs.append(hinted)
        return 0

    fast, settle = timedelta(milliseconds=5), timedelta(milliseconds=50)
    with working(Worker(queue, job, wall, LONG, gather=fast, settle=settle)) as worker:
        until(lambda: runs == [THOROUGH])
        queue.take_in([ANN], wall())
        worker.wake()
        until(lambda: len(runs) == 3)
        time.sleep(0.1)
    assert runs == [THOROUGH, Hinted(frozenset({ANN})), Hinted(frozenset({ANN}), max(2 * settle, LOOK_BACK))]
    assert queue.waiting().records == 0


async def health(receiving: Receiving) -> dict[str, object]:
    """Ask /health as a load balancer would."""
    transport = httpx.ASGITransport(application(receiving))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        found: dict[str, object] = (await client.get("/health")).json()
    return found


def test_what_fails_is_tried_again_and_nothing_is_lost(queue: HintQueue) -> None:
    """A CRM that is down is told of, also by /health, and the hint waits for the run that ends well."""
    told: list[LeadlineError] = []
    healths: list[dict[str, object]] = []

    def job(_: Hinted) -> int:
        healths.append(asyncio.run(health(receiving)))
        if len(healths) == 1:
            raise UnavailableError("down")
        return 0

    queue.take_in([ANN], wall())
    worker = Worker(queue, job, wall, LONG, tell=told.append, gather=timedelta(0))
    receiving = Receiving(queue, wall, worker.wake, "", failures=lambda: worker.failures)
    with working(worker):
        until(lambda: queue.waiting().records == 0)
    assert (len(told), worker.code, worker.failures) == (1, 0, 0)
    assert [(one["ok"], one["failures"]) for one in healths] == [(True, 0), (False, 1)]


def test_what_is_told_meanwhile_stays(queue: HintQueue) -> None:
    """A hint that comes while a cycle runs asks for another one, and so does one of the moment before it began."""
    runs: list[Hinted] = []

    def job(hinted: Hinted) -> int:
        runs.append(hinted)
        if len(runs) == 1:
            queue.take_in([ANN], wall())
        return 0

    with working(Worker(queue, job, wall, LONG, gather=timedelta(0), settle=LONG)):
        until(lambda: len(runs) == 2)
        until(lambda: queue.waiting().records == 0)
    queue.take_in([ANN], wall())
    late = timedelta(milliseconds=200)
    runs.clear()
    with working(Worker(queue, job, wall, LONG, gather=late, settle=LONG)):
        until(lambda: len(runs) >= 2)
        until(lambda: queue.waiting().records == 0)
    assert runs[:2] == [Hinted(frozenset({ANN}), thorough=True), Hinted(frozenset({ANN}))]


def test_quick_cycles_wait_for_the_crms_limits_and_thorough_ones_do_not(queue: HintQueue) -> None:
    """As long as nothing may be spent on hints, they wait; the thorough cycle comes when it is due."""
    runs: list[Hinted] = []

    def job(hinted: Hinted) -> int:
        runs.append(hinted)
        queue.take_in([ANN], wall())
        return 0

    every = timedelta(milliseconds=100)
    with working(Worker(queue, job, wall, every, rest=lambda: LONG, gather=timedelta(0))) as worker:
        until(lambda: len(runs) >= 3)
    assert [one.thorough for one in runs] == [True] * len(runs)
    assert worker.code == 0


def test_a_book_that_cannot_be_read_ends_it(queue: HintQueue) -> None:
    """No later run could succeed; what is open is closed."""
    closed: list[int] = []

    def job(_: Hinted) -> int:
        raise UsageError("no book")

    with pytest.raises(UsageError):
        Worker(queue, job, wall, LONG, ended=lambda: closed.append(1)).run()
    assert closed == [1]


class _Impatient:
    """Ends everything when nothing else has."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def run(self) -> None:
        if not self._stopped.wait(5):
            raise UsageError("nobody ended it")

    def stop(self) -> None:
        self._stopped.set()


def test_whatever_ends_the_cycles_ends_the_process(queue: HintQueue) -> None:
    """Nobody goes on taking hints that are never looked at: a mistake of ours is raised, too."""

    def job(_: Hinted) -> int:
        raise ZeroDivisionError

    worker = Worker(queue, job, wall, LONG)
    app = application(Receiving(queue, wall, worker.wake, ""))
    with pytest.raises(ZeroDivisionError):
        serve(app, worker, "127.0.0.1", 0, lambda _: None, [_Impatient()])


def test_a_burst_is_quick_and_a_steady_stream_keeps_to_its_share() -> None:
    """Half of 24,000 calls a day are 500 an hour: ten cycles of 50 at once, then each waits for what it took."""
    allowance = Allowance(0.5)
    now = start = wall()
    for _ in range(10):
        assert allowance.pause(now) == timedelta(0)
        allowance.spend({"hubspot": 50, "salesforce": 10}, {"hubspot": 24_000, "salesforce": None}, now)
    assert allowance.pause(now) == timedelta(0)
    allowance.spend({"hubspot": 50}, {"hubspot": 24_000}, now)
    assert allowance.pause(now) == pytest.approx(timedelta(minutes=6), abs=timedelta(seconds=1))
    cycles = 0
    while now < start + timedelta(days=1):
        now += allowance.pause(now)
        allowance.spend({"hubspot": 50}, {"hubspot": 24_000}, now)
        cycles += 1
    assert 12_000 <= cycles * 50 + 550 <= 12_000 + 700


def test_what_is_asked_for_is_queued_and_failures_are_told(queue: HintQueue) -> None:
    """A CRM that is down is asked again later; a change wakes the worker; a wrong configuration ends it."""
    answers: list[LeadlineError | frozenset[RecordRef]] = [frozenset(), frozenset({ANN}), UnavailableError("down")]
    woken: list[int] = []
    told: list[LeadlineError] = []

    def ask() -> frozenset[RecordRef]:
        found = answers.pop(0) if answers else UsageError("no key")
        if isinstance(found, LeadlineError):
            raise found
        return found

    polling = Polling(ask, queue, lambda: woken.append(1), wall, timedelta(milliseconds=5), tell=told.append)
    polling.pause = lambda _: timedelta(0)
    with pytest.raises(UsageError):
        polling.run()
    assert (woken, queue.waiting().records, [type(one) for one in told]) == ([1], 1, [UnavailableError])
