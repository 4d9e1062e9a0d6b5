"""Faults on demand: what goes wrong at a CRM, seeded and repeatable, from a file or the control endpoint."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from leadline.common.values import Crm
from leadline.connectors.practice.fault_kinds import KINDS, Fault, fault_specs, load_faults, read_fault

__all__ = ["KINDS", "Fault", "FaultBox", "fault_specs", "load_faults", "read_fault"]


class FaultBox:
    """The faults in force at one practice CRM.

    Whether a fault strikes depends on (seed, fault, key, how often that key was drawn), so a run repeats itself
    and, where handlers give record ids as keys, does so whatever the order of concurrent calls.
    """

    def __init__(self, seed: int = 0, crm: Crm | None = None) -> None:
        self._seed = seed
        self._crm = crm
        self._faults: tuple[Fault, ...] = ()
        self._drawn: Counter[tuple[str, str]] = Counter()
        self._matched: Counter[str] = Counter()
        self._struck: Counter[str] = Counter()
        self._added = 0
        self._lock = threading.Lock()

    @property
    def any(self) -> bool:
        """Whether any fault is in force; the quick way past this box."""
        return bool(self._faults)

    def add(self, specs: Sequence[Mapping[str, Any]]) -> tuple[Fault, ...]:
        """Put faults in force; those for the other CRM are left out. Raises UsageError, and then adds none."""
        read = [read_fault(spec, position) for position, spec in enumerate(specs, start=1)]
        with self._lock:
            mine = [fault for fault in read if self._crm is None or fault.crm in {None, self._crm}]
            numbered = tuple(replace(fault, id=f"f{self._added + n}") for n, fault in enumerate(mine, start=1))
            self._added += len(numbered)
            self._faults += numbered
        return numbered

    def clear(self) -> None:
        """Take every fault away and forget all counts, so that the same faults strike the same way again."""
        with self._lock:
            self._faults, self._added = (), 0
            for counter in (self._drawn, self._matched, self._struck):
                counter.clear()

    def draw(self, kind: str, *, endpoint: str = "", key: str = "", request: str = "") -> Fault | None:
        """Return the fault of ``kind`` that strikes this call (or the record ``key`` in it), if one does.

        ``endpoint`` is the label that the call is counted by, ``request`` its method and literal path.
        """
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if fault.kind == kind and fault.hits(endpoint, key, request) and self._strikes(fault, key):
                    self._struck[fault.id] += 1
                    return fault
        return None

    def plain(self) -> list[dict[str, Any]]:
        """Return the faults in force with how many calls each has seen (``matched``) and spoiled (``struck``)."""
        with self._lock:
            counts = [{"matched": self._matched[f.id], "struck": self._struck[f.id]} for f in self._faults]
            return [fault.plain() | count for fault, count in zip(self._faults, counts, strict=True)]

    def _strikes(self, fault: Fault, key: str) -> bool:
        self._matched[fault.id] += 1
        self._drawn[fault.id, key] += 1
        if self._matched[fault.id] <= fault.after:
            return False
        if fault.times is not None and self._struck[fault.id] >= fault.times:
            return False
        if fault.rate >= 1:
            return True
        name = f"{self._seed}|{fault.id}|{fault.kind}|{key}|{self._drawn[fault.id, key]}"
        drawn = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())
        return drawn < fault.rate * 2.0**64
