"""What applying a plan did, record by record where it did not do what was planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from leadline.common.errors import LeadlineError
from leadline.common.values import Crm, RecordRef
from leadline.sync.store.effects import EffectStatus
from leadline.sync.store.journal import IntentStatus

OUTSIDE: Final[tuple[IntentStatus, ...]] = ("failed", "parked", "ignored", "planned", "claimed", "done")
"""Endings that the outside world caused: the CRM refused, dropped or never got the value. Exit code 3."""

OVERTAKEN: Final[tuple[IntentStatus, ...]] = ("stale", "gone", "released")
"""Endings that mean the plan was overtaken by somebody's change; nothing is wrong but the plan. Exit code 1."""


LEFT: Final[tuple[EffectStatus, ...]] = ("planned", "claimed", "failed", "parked")
"""Endings of effects that the outside world caused: not carried out, or nobody knows yet. Exit code 3."""


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """One record that was not written as planned: the CRM's own code, and what to do about it."""

    ref: RecordRef
    person: str
    status: IntentStatus
    code: str
    message: str
    remedy: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EffectOutcome:
    """One effect that was not carried out as planned, and what to do about it; it holds nothing of the person."""

    key: str
    person: str
    kind: str
    cause: str
    crm: Crm | None
    status: EffectStatus
    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """The result of one apply.

    ``counts`` has records by ending: verified, ignored, failed, parked, stale, gone, planned (not reached), and
    released (refused, and left to the next plan by ``leadline retry``).
    ``calls`` are those really made: {crm: {"write": n, "read_back": n}}. ``errors`` are CRMs that broke off.
    ``resumed`` says that an earlier run of the same plan was continued. ``effects`` has effects by ending: done,
    closed, skipped, withdrawn, failed, parked, planned and claimed (not reached, or without an answer); ``undone``
    are those that were not carried out. ``paused``: a plan was taken back, so writing is paused from here on.
    ``stopped`` says why waves ended before all were reached.
    """

    plan_hash: str
    counts: Mapping[IntentStatus, int]
    records: tuple[RecordOutcome, ...]
    calls: Mapping[Crm, Mapping[str, int]]
    errors: Mapping[Crm, LeadlineError]
    resumed: bool = False
    effects: Mapping[EffectStatus, int] = field(default_factory=dict)
    undone: tuple[EffectOutcome, ...] = ()
    paused: bool = False
    stopped: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything planned was written and read back, and every effect carried out or no longer wanted."""
        unwritten = any(self.counts.get(status, 0) for status in (*OUTSIDE, *OVERTAKEN))
        return not self.errors and not unwritten and not self._left

    @property
    def _left(self) -> bool:
        return any(self.effects.get(status, 0) for status in LEFT)

    @property
    def exit_code(self) -> int:
        """0 when all is verified, 3 when a CRM refused, dropped or missed a value, 1 when the plan was overtaken."""
        if self.errors or self._left or any(self.counts.get(status, 0) for status in OUTSIDE):
            return 3
        return 0 if self.ok else 1


@dataclass(frozen=True, slots=True)
class Writing:
    """``done`` of ``total`` records of one CRM have had their call."""

    crm: Crm
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Retrying:
    """``records`` records failed for now; they are tried again after a pause."""

    crm: Crm
    records: int
    attempt: int


@dataclass(frozen=True, slots=True)
class ReadingBack:
    """The values of so many records are being read back."""

    crm: Crm
    records: int


ApplyEvent = Writing | Retrying | ReadingBack
