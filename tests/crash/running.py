"""A real ``leadline`` process at the cost of a fork: everything is imported already, and SIGKILL ends it like any."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import tenacity.nap

from leadline.cli import run as run_cli
from leadline.common.interrupts import take_interrupts
from leadline.terminal import session
from tests.crash.dying import Points


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit status (negative: by a signal), what it said, and the points it passed."""

    status: int
    said: str
    points: int
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.status == -signal.SIGKILL

    @property
    def orderly(self) -> bool:
        """Whether it ended with one of Leadline's exit codes and no traceback."""
        return self.status in {0, 1, 3} and "Traceback" not in self.said


class Running:
    """``leadline`` with these arguments, in ``home``; it dies at point ``last`` (0: it lives).

    ``largest``: bytes beyond which no file may grow, as on a full disk. ``hurried``: waits are short. ``stop``: it
    stands still at that point instead. ``ahead``: its wall clock is so far ahead.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        home: Path,
        environment: Mapping[str, str],
        last: int = 0,
        *,
        largest: int = 0,
        hurried: bool = False,
        stop: bool = False,
        ahead: timedelta = timedelta(0),
    ) -> None:
        self._out = home / (f"said{ahead.total_seconds():.0f}" if ahead else "said")
        self._began = time.monotonic()
        self._status: int | None = None
        self._ending, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._ending)
            points = Points(last, signal.SIGSTOP if stop else signal.SIGKILL)
            _become(arguments, self._out, environment, points, largest, hurried=hurried, ahead=ahead)
        os.close(writing)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def stopped(self) -> bool:
        """Wait until it stands still or has ended; return whether it stands still."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            self._status = status
        return os.WIFSTOPPED(status)

    @property
    def over(self) -> bool:
        """Whether it had ended when it was looked whether it stands still."""
        return self._status is not None

    def wait(self, after: float | None = None) -> Ended:
        """Wait for its end; ``after`` so many seconds it is killed, if it still runs."""
        if after is not None and not select.select([self._ending], [], [], after)[0]:
            self.signal(signal.SIGKILL)
        os.close(self._ending)
        status = self._status if self._status is not None else os.waitpid(self.pid, 0)[1]
        seconds = time.monotonic() - self._began
        said = self._out.read_text(encoding="utf-8", errors="replace") if self._out.exists() else ""
        points = self._out.with_suffix(".points")
        passed = int(points.read_text()) if points.exists() else 0
        for path in (self._out, points):
            path.unlink(missing_ok=True)
        return Ended(os.waitstatus_to_exitcode(status), said, passed, seconds)


def run(
    arguments: Sequence[str],
    home: Path,
    environment: Mapping[str, str],
    after: float | None = None,
    last: int = 0,
    *,
    hurried: bool = False,
    ahead: timedelta = timedelta(0),
) -> Ended:
    """Run one process to its end."""
    return Running(arguments, home, environment, last, hurried=hurried, ahead=ahead).wait(after)


def _become(
    arguments: Sequence[str],
    out: Path,
    environment: Mapping[str, str],
    points: Points,
    largest: int,
    *,
    hurried: bool,
    ahead: timedelta,
) -> None:
    """Be that process; never returns."""
    code = 70
    try:
        os.environ.update(environment)
        written = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number in (1, 2):
            os.dup2(written, number)
        for name, number in (("stdout", 1), ("stderr", 2)):
            setattr(sys, name, os.fdopen(number, "w", closefd=False))
        take_interrupts()
        if hurried:
            tenacity.nap.time = SimpleNamespace(sleep=lambda seconds: time.sleep(seconds / 100))
        points.watch()
        if ahead:
            session.wall_clock = lambda: datetime.now(UTC) + ahead  # type: ignore[assignment]
        if largest:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
        code = run_cli([*arguments, "--config", str(out.parent / "leadline.yml")])
        if not largest:
            out.with_suffix(".points").write_text(str(points.passed))
    except BaseException:  # noqa: BLE001 - a traceback is what the test looks for
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)
