"""Counting the calls a practice CRM answered, so that a forecast can be held against what really happened."""

from __future__ import annotations

import threading
from collections import Counter


class CallCounter:
    """Calls by endpoint label, safe between threads. Calls that a fault spoiled count too: they arrived."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def total(self) -> int:
        """How many calls arrived since the start or the last ``clear``."""
        with self._lock:
            return self._counts.total()

    def count(self, endpoint: str) -> int:
        """Count one call and return how many there have been at this endpoint."""
        with self._lock:
            self._counts[endpoint] += 1
            return self._counts[endpoint]

    def snapshot(self) -> dict[str, int]:
        """Return calls by endpoint label, in order of the labels."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    def clear(self) -> dict[str, int]:
        """Begin again at nothing; returns what had been counted."""
        with self._lock:
            counted = dict(sorted(self._counts.items()))
            self._counts.clear()
            return counted
