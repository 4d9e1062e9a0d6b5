"""Dying by SIGKILL at a chosen point: before or after any request, before or after any commit."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine.default import DefaultDialect
from urllib3.connectionpool import HTTPConnectionPool


class Points:
    """Counts the points that this process passes, and ends it at number ``last`` (0: never)."""

    def __init__(self, last: int = 0) -> None:
        self.passed = 0
        self._last = last

    def watch(self) -> None:
        """Count every HTTP request and every commit of this process from now on, once before and once after.

        A commit of a SQLite connection that changed nothing is no point: nothing differs before and after it.
        """
        request: Callable[..., Any] = HTTPConnectionPool.urlopen
        commit: Callable[..., Any] = DefaultDialect.do_commit
        changes: dict[int, int] = {}

        def moves(_: object, connection: Any) -> bool:
            total = getattr(connection, "total_changes", None)
            before = changes.get(id(connection))
            changes[id(connection)] = total
            return total is None or total != before

        for owner, name, original, counts in (
            (HTTPConnectionPool, "urlopen", request, lambda *_: True),
            (DefaultDialect, "do_commit", commit, moves),
        ):
            setattr(owner, name, self._around(original, counts))

    def _around(self, original: Callable[..., Any], counts: Callable[..., bool]) -> Callable[..., Any]:
        def counted(*given: Any, **more: Any) -> Any:
            if not counts(*given):
                return original(*given, **more)
            self._pass()
            result = original(*given, **more)
            self._pass()
            return result

        return counted

    def _pass(self) -> None:
        self.passed += 1
        if self.passed == self._last:
            os.kill(os.getpid(), signal.SIGKILL)  # as a power cut would: nothing runs after this
