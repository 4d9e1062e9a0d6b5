"""What a run tells on its way: counts, codes and names of CRMs, objects and stages; never a record's values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadline.sync.apply.report import ApplyEvent
from leadline.sync.guards import GuardStop
from leadline.sync.results import PullResult


@dataclass(frozen=True, slots=True)
class Pulling:
    """So many rows of one stream (``salesforce Lead``, ``hubspot activity:form``) were read so far."""

    stream: str
    rows: int


@dataclass(frozen=True, slots=True)
class Pulled:
    """The CRMs were read, all of them or what could be; from here on the run has a number (``cycle``)."""

    kind: str
    result: PullResult


@dataclass(frozen=True, slots=True)
class Evaluating:
    """The people who changed or are due are being evaluated."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What was decided and would be written, as the run's record counts it; ``stops`` are guards that say no."""

    counts: Mapping[str, Any]
    stops: tuple[GuardStop, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """A run ended and is recorded with this status and these counts."""

    cycle: int
    status: str
    counts: Mapping[str, Any]


CycleEvent = Pulling | Pulled | Evaluating | Planned | Ended | ApplyEvent
