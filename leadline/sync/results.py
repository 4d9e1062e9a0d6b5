"""What pull and evaluate hand to the rest of a cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from leadline.common.errors import LeadlineError
from leadline.common.values import Crm, ObjectDescription
from leadline.sync.slas.editing import TimerEdits


@dataclass(frozen=True, slots=True)
class PullResult:
    """What one pull stored.

    ``frontier`` is the smallest upper bound, or the one before when a CRM could not be read (time stands still);
    None when nothing was ever read completely. ``upper`` has the bound of each CRM that was read. ``rows`` counts
    what the CRMs sent by stream (``salesforce Lead``, ``hubspot activity:form``), ``news`` what of it was new.
    ``errors`` are CRMs that failed; the others' data is kept. ``described`` is what each CRM showed of its objects.
    ``incremental`` are the streams that were read from a cursor on. ``past`` counts changes from
    the CRMs' own histories by stream, where they were asked for. ``listed`` are ids that were compared, by stream,
    ``confirmed`` the missing ones that were looked for once more.
    """

    cycle: int
    frontier: datetime | None
    upper: Mapping[Crm, datetime]
    rows: Mapping[str, int]
    news: Mapping[str, int]
    people: int
    new_people: int
    touched: int
    warnings: tuple[str, ...] = ()
    errors: Mapping[Crm, LeadlineError] = field(default_factory=dict)
    described: Mapping[Crm, Mapping[str, ObjectDescription]] = field(default_factory=dict)
    incremental: frozenset[str] = frozenset()
    past: Mapping[str, int] = field(default_factory=dict)
    listed: Mapping[str, int] = field(default_factory=dict)
    confirmed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """What one evaluation decided.

    ``adopted`` persons were evaluated for the first time, ``activated`` under a new book; ``changed`` are the ids
    of persons whose outcome differs now. ``moves`` counts stage changes (``mql->sal``).
    ``out_of_scope`` are persons looked at whom the book leaves out, or whose records are all gone.
    ``timers`` are the SLAs with open timers that another book would keep, move, breach or end.
    """

    cycle: int
    frontier: datetime
    evaluated: int
    adopted: int
    activated: int
    changed: tuple[str, ...]
    decisions: int
    moves: Mapping[str, int] = field(default_factory=dict)
    out_of_scope: int = 0
    timers: Mapping[str, TimerEdits] = field(default_factory=dict)
