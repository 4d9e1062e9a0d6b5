"""SLAs: a promise with a start, a stop, pauses, a target in business time, a ladder (design 4.5)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from leadline.common.marks import Mark
from leadline.rules.model.actions import Action
from leadline.rules.model.conditions import Condition, SlaStatus

__all__ = ["CalendarChoice", "Calendars", "Rung", "Sla", "SlaStatus", "SlaTarget"]


@dataclass(frozen=True, slots=True)
class Rung:
    """What is done when this share of the target has passed (1 is the due instant), in the target's own unit.

    Its ``move`` stands among the book's transitions, with a condition on this SLA.
    """

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
class CalendarChoice:
    """Whose calendar counts: that of the value of field ``by`` (see ``Calendars.owners``), else ``otherwise``.

    Without a name it is open day and night in the book's zone: time on the clock and calendar days need no more.
    """

    otherwise: str = ""
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Sla:
    """One promise. The first target whose ``when`` is true (or that has none) counts when the timer starts.

    ``starts`` are stages whose entry starts it. It is met when ``until`` becomes true, when one of ``responses``
    (activities) happens after the start, or by a move into one of ``ends`` or past it; without ``ends`` by any move
    forward. It is void when ``void`` becomes true or the person leaves by disqualification. ``owner`` is the field
    whose change is a reassignment. ``on_edit``: what a changed calendar or target does to running timers. ``late``:
    what is done with rungs that fell due while nothing ran. ``on_reassign``, ``on_reentry``: whether it starts anew.
    """

    name: str
    starts: tuple[str, ...]
    targets: tuple[SlaTarget, ...]
    ends: tuple[str, ...] = ()
    until: Condition | None = None
    responses: tuple[str, ...] = ()
    pause: Condition | None = None
    void: Condition | None = None
    calendar: CalendarChoice = dataclasses.field(default_factory=CalendarChoice)
    ladder: tuple[Rung, ...] = ()
    owner: str | None = None
    on_edit: Literal["keep", "recompute"] = "keep"
    late: Literal["do", "skip"] = "do"
    on_reassign: Literal["keep", "restart"] = "keep"
    on_reentry: Literal["restart", "keep"] = "restart"
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Calendars:
    """The book's calendars and whose they are.

    ``resolved`` is the canonical JSON of each, by name (``business_time.calendar_to_json``), with holidays as dates
    and the zone's offsets stored: the book's hash covers it. ``owners`` maps a folded value (an owner, a team, a
    region) to a calendar's name.
    """

    names: tuple[str, ...] = ()
    resolved: str = ""
    owners: Mapping[str, str] = dataclasses.field(default_factory=dict)
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)
