"""The lifecycle: stages, the moves between them, and stages set by hand."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from leadline.common.marks import Mark
from leadline.rules.model.conditions import Condition

StageKind = Literal["inventory", "gate", "sla", "detour", "final"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A place in the lifecycle. ``require`` lists fields that must be known before entry.

    ``exit`` must hold before the rules move anybody forward on the main path from here. ``renamed`` are names that
    the stage had in earlier versions of the book.
    """

    name: str
    kind: StageKind
    owner: str | None = None
    start: bool = False
    require: tuple[str, ...] = ()
    enter: Condition | None = None
    stay: Condition | None = None
    reasons: tuple[str, ...] = ()
    exit: Condition | None = None
    renamed: tuple[str, ...] = ()
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Transition:
    """A legal move off the main path's forward direction, tried in file order.

    ``id`` is stable within a book: ``mql->recycled#2`` (from, to, position in ``paths``). Without ``when`` the
    target's entry criterion decides. ``after`` is a cool-down since entering ``source``, lifted by
    ``at_once_when``; ``at_most`` counts over the person's whole life.
    """

    id: str
    source: str
    target: str
    when: Condition | None = None
    reason: str | None = None
    after: timedelta | None = None
    at_once_when: Condition | None = None
    at_most: int | None = None
    new_pass: str | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class ByHand:
    """How long a stage set by a person in a CRM stands: until new activity, and/or a time."""

    new_activity: bool = True
    lasts: timedelta | None = timedelta(days=90)
