"""Ctrl-C and SIGTERM that wait while something must not be cut in two.

Python raises KeyboardInterrupt between any two of its own steps: in the middle of a commit it would leave a database
connection with an open transaction, which the cleaning up then waits for. ``Deferred`` makes signals wait.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_AGAIN_AFTER: Final = 0.01
"""Seconds after which a signal is raised again that could not be raised where it came."""

_WHOLE: Final[set[CodeType]] = set()
_WHOLE_PACKAGES: Final[set[str]] = set()
Function = TypeVar("Function", bound=Callable[..., Any])


def uncut(function: Function) -> Function:
    """Let no signal raise anything inside ``function`` or what it calls, but for the ends of its ``Deferred``.

    For ``__enter__`` and ``__exit__``: before their first ``Deferred`` a signal would still leave things half done.
    """
    _WHOLE.add(function.__code__)
    return function


def uncut_package(name: str) -> None:
    """Let no signal raise anything inside a package that takes an interrupted step for a broken connection."""
    _WHOLE_PACKAGES.add(name)


class Terminated(KeyboardInterrupt):
    """SIGTERM: it ends a run as Ctrl-C does, so that leases are given back and the journal is settled."""


class Deferred:
    """A context in which SIGINT and SIGTERM wait; they are raised at its end. For the main thread, nestable.

    Without ``take_interrupts`` the signals are somebody else's and nothing waits.
    """

    _depth = 0
    _waiting: int | None = None

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            Deferred._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        Deferred._depth -= 1
        if Deferred._depth == 0 and Deferred._waiting is not None:
            number, Deferred._waiting = Deferred._waiting, None
            raise _interrupt(number)


def take_interrupts() -> None:
    """Raise KeyboardInterrupt for SIGINT and Terminated for SIGTERM, but never inside ``Deferred``.

    A signal that arrives where Python can only report an exception (a finaliser, a callback of C) is raised again
    a moment later instead of being lost.
    """
    signal.signal(signal.SIGINT, _handle)
    signal.signal(signal.SIGTERM, _handle)
    sys.unraisablehook = _unraisable


def _handle(number: int, frame: FrameType | None) -> None:
    if Deferred._depth:
        Deferred._waiting = number
    elif _is_whole(frame):
        _again(number)
    else:
        raise _interrupt(number)


def _is_whole(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code in _WHOLE or str(frame.f_globals.get("__name__")).partition(".")[0] in _WHOLE_PACKAGES:
            return True
        frame = frame.f_back
    return False


@uncut  # on a busy machine the signal comes again before the timer's start has returned
def _again(number: int) -> None:
    timer = threading.Timer(_AGAIN_AFTER, _thread.interrupt_main, (number,))
    timer.daemon = True
    timer.start()


def _interrupt(number: int) -> KeyboardInterrupt:
    return Terminated() if number == signal.SIGTERM else KeyboardInterrupt()


def _unraisable(told: UnraisableHookArgs) -> None:
    if not isinstance(told.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(told)
        return
    _again(signal.SIGTERM if isinstance(told.exc_value, Terminated) else signal.SIGINT)
