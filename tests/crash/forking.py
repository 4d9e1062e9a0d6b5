"""Many short processes at little cost: one process imports everything once, forks for each job, and buries the dead.

``Forker`` runs this file as a program and talks to it in lines of JSON. Each job is a process of its own, which
SIGKILL ends like any other.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How one job ended: by SIGKILL or by itself, and what it wrote down (``told``) where it came to its end."""

    killed: bool
    status: int
    told: Mapping[str, Any]


class Forker:
    """Starts processes that run ``job`` (``module:function``, given one mapping, returning one)."""

    def __init__(self, job: str, environment: Mapping[str, str]) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.forking", job],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Forker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parent.kill()
        self._parent.communicate()

    def run(self, after: float | None = None, **given: Any) -> Ended:
        """Run one job to its end. ``after`` so many seconds it is killed from outside, if it still runs."""
        assert self._parent.stdin is not None and self._parent.stdout is not None
        self._parent.stdin.write(json.dumps({"after": after, "given": given}) + "\n")
        self._parent.stdin.flush()
        told = json.loads(self._parent.stdout.readline())
        return Ended(told["killed"], told["status"], told["told"])


def serve(job: str) -> None:
    """Fork for each line until the input ends."""
    module, _, name = job.partition(":")
    action = getattr(importlib.import_module(module), name)
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            sys.stdin.close()
            os.write(writing, json.dumps(action(asked["given"])).encode())
            os._exit(0)
        os.close(writing)
        if asked["after"] is not None and not select.select([reading], [], [], asked["after"])[0]:
            os.kill(child, signal.SIGKILL)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        answer = {"killed": killed, "status": os.waitstatus_to_exitcode(status), "told": json.loads(told or b"{}")}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
