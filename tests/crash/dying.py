"""Dying by SIGKILL at a chosen point: before or after any request, before or after any commit.

No request may be made inside a transaction that writes: others would wait for a network, or for who stands still.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect
from urllib3.connectionpool import HTTPConnectionPool


class Points:
    """Counts the points that this process passes, and ends it at number ``last`` (0: never), or sends ``end``."""

    def __init__(self, last: int = 0, end: signal.Signals = signal.SIGKILL) -> None:
        self.passed = 0
        self._last = last
        self._end = end
        self._ended = False
        self._writing: set[int] = set()

    def watch(self) -> None:
        """Count every HTTP request and every commit of this process from now on, once before and once after.

        A commit of a SQLite connection that changed nothing is no point: nothing differs before and after it.
        """
        request: Callable[..., Any] = HTTPConnectionPool.urlopen
        commit: Callable[..., Any] = DefaultDialect.do_commit
        changes: dict[int, int | None] = {}

        def moves(_: object, connection: Any) -> bool:
            total = getattr(connection, "total_changes", None)
            before = changes.get(id(connection))
            changes[id(connection)] = total
            return total is None or total != before

        def asks(*_: object) -> bool:
            if self._writing:
                raise RuntimeError("a request inside a transaction that writes")
            return True

        event.listen(Engine, "begin", self._begun)
        for ended in ("commit", "rollback"):
            event.listen(Engine, ended, lambda connection: self._writing.discard(id(connection)))
        for owner, name, original, counts in (
            (HTTPConnectionPool, "urlopen", request, asks),
            (DefaultDialect, "do_commit", commit, moves),
        ):
            setattr(owner, name, self._around(original, counts))

    def _begun(self, connection: Connection) -> None:
        if connection.get_execution_options().get("leadline_write"):
            self._writing.add(id(connection))

    def _around(self, original: Callable[..., Any], counts: Callable[..., bool]) -> Callable[..., Any]:
        def counted(*given: Any, **more: Any) -> Any:
            if not counts(*given):
                return original(*given, **more)
            self._pass(within=original.__name__ == "do_commit")
            result = original(*given, **more)
            self._pass()
            return result

        return counted

    def _pass(self, *, within: bool = False) -> None:
        """Count a point; ``within`` a transaction nobody stands still, because the database would wait with them."""
        self.passed += 1
        due = self.passed >= self._last > 0 and not self._ended
        if due and not (within and self._end != signal.SIGKILL):
            self._ended = True
            os.kill(os.getpid(), self._end)  # as a power cut would: nothing runs after this
