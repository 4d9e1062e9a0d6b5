"""Counting one connector's HTTP calls by purpose, remembering what the CRM said of its limits, and pacing."""

from __future__ import annotations

import math
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from leadline.common.errors import QuotaError
from leadline.common.values import Quota
from leadline.connectors.http_answer import Answer

Purpose = Literal["login", "describe", "read", "write", "read_back"]
PURPOSES: Final[tuple[Purpose, ...]] = ("login", "describe", "read", "write", "read_back")

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z_-]{0,40}|v\d{1,3}(\.\d)?")

_SPENDING: Final = frozenset({"read", "write", "read_back"})


class Meter:
    """What one connector called and what it was told. ``read_quota`` finds used and allowed calls in headers."""

    def __init__(
        self, crm: str, share: float, read_quota: Callable[[Mapping[str, str]], tuple[int, int] | None]
    ) -> None:
        self._crm = crm
        self._share = share
        self._read_quota = read_quota
        self._counts: Counter[str] = Counter()
        self._purpose: Purpose = "login"
        self.quota = Quota(None, None)
        self.date: datetime | None = None
        self.zone = "UTC"
        self._most: tuple[int, str] | None = None
        self._last: Mapping[str, str] = {"crm": crm.lower()}

    @contextmanager
    def purpose(self, purpose: Purpose) -> Iterator[None]:
        """Count the calls made inside under ``purpose``. Never held over a ``yield`` of a page."""
        before, self._purpose = self._purpose, purpose
        try:
            yield
        finally:
            self._purpose = before

    def before_call(self, method: str, url: str) -> None:
        """Note the next call; raise QuotaError when this connector's share of the day's calls is used up.

        Signing in and asking for the time stay allowed: they are how a later cycle learns of a new day.
        """
        self._last = {"crm": self._crm.lower(), "purpose": self._purpose, "call": call_name(method, url)}
        if self._purpose not in _SPENDING:
            return
        used, limit = self.quota.used, self.quota.limit
        if used is not None and limit and used >= self._share * limit:
            raise QuotaError(
                f"{self._crm} says that {used} of the day's {limit} calls are used; `quota_share` stops at "
                f"{self._share:.0%}. Wait for the new day, or raise quota_share"
            )
        if self._most is not None and self._counts.total() >= self._most[0]:
            raise QuotaError(f"{self._crm}: {self._most[1]}")

    def spend_at_most(self, calls: int | None, why: str = "") -> None:
        """Allow so many more calls (None: any); ``why`` is what the QuotaError behind the last one says."""
        self._most = None if calls is None else (self._counts.total() + max(0, calls), why)

    def left(self) -> int | None:
        """Return how many calls may still be made before a QuotaError; None where nothing limits them."""
        found: list[int] = []
        used, limit = self.quota.used, self.quota.limit
        if used is not None and limit:
            found.append(max(0, math.ceil(self._share * limit) - used))
        if self._most is not None:
            found.append(max(0, self._most[0] - self._counts.total()))
        return min(found, default=None)

    def sent(self) -> None:
        """Count one call that reached the server."""
        self._counts[self._purpose] += 1

    def heard(self, answer: Answer) -> None:
        """Remember what an answer's headers say."""
        self.date = answer.date or self.date
        found = self._read_quota(answer.headers)
        if found is not None:
            self.quota = Quota(*found)

    def last_call(self) -> Mapping[str, str]:
        """Return the last call for a log: ``crm``, ``purpose`` and ``call``, without ids and values."""
        return self._last

    def counts(self) -> dict[str, int]:
        """Return calls by purpose."""
        return {purpose: self._counts[purpose] for purpose in PURPOSES}


def call_name(method: str, url: str) -> str:
    """Return method and path; what is no plain word (ids, keys, addresses) becomes ``*``, a query goes."""
    path = urlsplit(url).path
    return f"{method.upper()} " + "/".join(
        step if not step or _WORD.fullmatch(step) else "*" for step in path.split("/")
    )


class Pace:
    """At most ``most`` calls in any ``seconds``, for limits so low that running into them costs calls."""

    def __init__(self, most: int, seconds: float, sleep: Callable[[float], None]) -> None:
        self._seconds = seconds
        self._sleep = sleep
        self._recent: deque[float] = deque(maxlen=most)

    def wait(self) -> None:
        """Wait until one more call fits."""
        if len(self._recent) == self._recent.maxlen:
            rest = self._seconds - (time.monotonic() - self._recent[0])
            if rest > 0:
                self._sleep(rest)
        self._recent.append(time.monotonic())
