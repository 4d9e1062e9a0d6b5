"""Signals that wait: nothing is cut in two, and no signal is lost."""

from __future__ import annotations

import _thread
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leadline.common.interrupts import Deferred, Terminated, take_interrupts, uncut
from leadline.sync.store import open_store
from leadline.sync.store.cycles import set_meta


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    hook = sys.unraisablehook
    take_interrupts()
    yield
    sys.unraisablehook = hook
    for number, handler in before.items():
        signal.signal(number, handler)


def until_interrupted(step: Callable[[], object]) -> None:
    """Go on until a signal stops it; a second without one is a failure."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        step()
    raise AssertionError("no signal came")


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_waits_for_the_end(number: int, kind: type[BaseException]) -> None:
    """Inside, and inside twice, all is done; at the outer end the signal is raised."""
    done = []
    with pytest.raises(kind), Deferred():
        with Deferred():
            signal.raise_signal(number)
            done.append("inner")
        done.append("outer")
    assert done == ["inner", "outer"]
    with Deferred():
        done.append("again")


def test_without_deferring_it_is_raised_at_once() -> None:
    """Outside, a signal is what it always was."""
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_another_thread_does_not_hold_signals_up() -> None:
    """Only the main thread hears signals, so only its contexts count."""
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with Deferred():
            inside.set()
            leave.wait(5)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(5)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    leave.set()
    thread.join()


def test_an_uncut_function_is_left_first() -> None:
    """A signal in the middle of it comes right after it."""
    steps = []

    @uncut
    def whole() -> None:
        signal.raise_signal(signal.SIGTERM)
        steps.append("done")

    whole()
    assert steps == ["done"]
    with pytest.raises(Terminated):
        until_interrupted(lambda: time.sleep(0.001))


def test_a_signal_that_a_finaliser_swallows_comes_again() -> None:
    """Python reports an exception of ``__del__`` and goes on: the signal is raised a moment later."""

    class Swallows:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    swallows = Swallows()
    del swallows
    with pytest.raises(KeyboardInterrupt):
        until_interrupted(lambda: time.sleep(0.001))


def test_other_faults_of_finalisers_are_still_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """Only signals are taken aside."""

    class Faulty:
        def __del__(self) -> None:
            raise ValueError("a fault of its own")

    faulty = Faulty()
    del faulty
    assert "a fault of its own" in capsys.readouterr().err


def test_a_store_outlives_ctrl_c_at_any_step(tmp_path: Path) -> None:
    """Wherever a transaction is interrupted, the next one does not wait for a lock that nobody holds any more."""
    chance = random.Random(7)
    interrupted = 0
    with open_store(f"sqlite:///{tmp_path}/state.db") as store:
        for turn in range(80):
            timer = threading.Timer(chance.uniform(0, 0.02), _thread.interrupt_main, (signal.SIGINT,))
            with pytest.raises(KeyboardInterrupt):
                timer.start()
                while True:
                    with store.write() as connection:
                        for name in "abcdefgh":
                            set_meta(connection, name, str(turn))
            interrupted += 1
            began = time.monotonic()
            with store.write() as connection:
                set_meta(connection, "after", str(turn))
            assert time.monotonic() - began < 5
    assert interrupted == 80
