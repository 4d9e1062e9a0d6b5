"""SLAs: a promise with a start, a stop, pauses, a target in business time, a ladder (design 4.5)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from leadline.common.marks import Mark
from leadline.rules.model.actions import Action
from leadline.rules.model.conditions import Condition

SlaStatus = Literal["running", "paused", "met", "breached", "void"]
"""``breached`` keeps measuring until the stop comes; then the outcome stays breached."""


@dataclass(frozen=True, slots=True)
class Rung:
    """What is done when this share of the target has passed (1 is the due instant), in business time."""

    share: Decimal
    actions: tuple[Action, ...]
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class SlaTarget:
    """A target text of ``rules.business_time`` (``8 business hours``) for those for whom ``when`` is true."""

    target: str
    when: Condition | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Sla:
    """One promise. The first target whose ``when`` is true (or that has none) counts when the timer starts.

    ``starts`` are stages whose entry starts it (or ``starts_when`` becomes true); it ends *met* when a forward move
    into one of ``ends`` is made, ``until`` becomes true, or the first response comes (``first_response``); *void*
    when ``void`` becomes true or the person leaves by disqualification. ``calendar_by``: ``owner`` takes the owner's
    calendar. ``on_edit``: what a changed calendar or target does to running timers. ``late``: what is done with rungs
    that fell due while nothing ran. ``on_reassign``, ``on_reentry``: whether the timer starts anew.
    """

    name: str
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    targets: tuple[SlaTarget, ...]
    calendar: str | None = None
    calendar_by: str | None = None
    starts_when: Condition | None = None
    until: Condition | None = None
    first_response: str | None = None
    pause: Condition | None = None
    void: Condition | None = None
    ladder: tuple[Rung, ...] = ()
    on_edit: Literal["keep", "recompute"] = "keep"
    late: Literal["do", "skip"] = "do"
    on_reassign: Literal["keep", "restart"] = "keep"
    on_reentry: Literal["restart", "keep"] = "restart"
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Calendars:
    """The book's calendars in the form that ``rules.business_time`` resolves, and whose they are.

    ``resolved`` is the canonical content with holidays expanded, so that the book's hash covers it; ``owners`` maps
    an owner or team to a calendar's name.
    """

    names: tuple[str, ...] = ()
    resolved: str = ""
    owners: Mapping[str, str] = dataclasses.field(default_factory=dict)
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)
