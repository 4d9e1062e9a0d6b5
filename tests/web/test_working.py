"""When cycles run: soon after a hint, again when they fail, once more when indexes have caught up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadline.common.errors import LeadlineError, UnavailableError, UsageError
from leadline.common.values import RecordRef
from leadline.sync.hints import HintQueue
from leadline.web.working import Worker

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


def test_a_hint_brings_a_cycle_and_one_more(queue: HintQueue) -> None:
    """One cycle at the start, one for the hint, one when indexes have caught up, and then quiet."""
    runs: list[int] = []

    def job() -> int:
        runs.append(queue.waiting().records)
        return 0

    fast = timedelta(milliseconds=5)
    with working(Worker(queue, job, wall, LONG, gather=fast, settle=timedelta(milliseconds=50))) as worker:
        until(lambda: runs == [0])
        queue.take_in([ANN], wall())
        worker.wake()
        until(lambda: runs == [0, 1, 0])
        time.sleep(0.1)
    assert runs == [0, 1, 0]
    assert queue.waiting().records == 0


def test_what_fails_is_tried_again_and_nothing_is_lost(queue: HintQueue) -> None:
    """A CRM that is down is told of, and the hint waits for the run that ends well."""
    told: list[LeadlineError] = []
    runs: list[int] = []

    def job() -> int:
        runs.append(1)
        if len(runs) == 1:
            raise UnavailableError("down")
        return 0

    queue.take_in([ANN], wall())
    with working(Worker(queue, job, wall, LONG, tell=told.append, gather=timedelta(0))) as worker:
        until(lambda: queue.waiting().records == 0)
    assert (len(told), worker.code) == (1, 0)


def test_what_is_told_meanwhile_stays(queue: HintQueue) -> None:
    """A hint that comes while a cycle runs asks for another one."""
    runs: list[int] = []

    def job() -> int:
        runs.append(1)
        if len(runs) == 1:
            queue.take_in([ANN], wall())
        return 0

    with working(Worker(queue, job, wall, LONG, gather=timedelta(0), settle=LONG)):
        until(lambda: len(runs) == 2)
        until(lambda: queue.waiting().records == 0)


def test_a_book_that_cannot_be_read_ends_it(queue: HintQueue) -> None:
    """No later run could succeed."""

    def job() -> int:
        raise UsageError("no book")

    with pytest.raises(UsageError):
        Worker(queue, job, wall, LONG).run()
