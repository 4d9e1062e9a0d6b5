"""Scores: sums of criteria with limits, grades, the grid of two scores, temperatures."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from leadline.common.marks import Mark
from leadline.rules.model.conditions import Condition


@dataclass(frozen=True, slots=True)
class Band:
    """Points for lowest <= value <= highest; None is open. Integers and decimals.

    ``over 10`` and ``under 50`` on a decimal field leave the end itself out: ``above`` makes it lowest < value,
    ``below`` makes it value < highest (on an integer field reading turns them into closed ends).
    """

    lowest: Decimal | None
    highest: Decimal | None
    points: Decimal
    label: str = ""
    above: bool = False
    below: bool = False
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Bands:
    """Points by a number field's band; outside every band 0, unknown when the field is empty."""

    field: str
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Decay:
    """After each full ``every`` since the activity: points x (1 - by)^k, rounded half-even once."""

    by: Decimal
    every: timedelta


Match = Literal["each", "first", "latest", "count", "distinct_days"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a score.

    Exactly one form: attribute (``when`` with ``points``), ``bands``, activity (``activity`` with
    ``match``), or ``disqualify`` (``when`` with a reason). ``at_most`` keeps the latest n matches;
    ``up_to`` caps the magnitude of the criterion's points. With ``match`` ``count`` or ``distinct_days`` the number
    of matches (of days in the book's zone) chooses one of the bands ``counted``; distinct days without bands give
    ``points`` each, ``at_most`` n days.
    """

    name: str
    points: Decimal = Decimal(0)
    when: Condition | None = None
    bands: Bands | None = None
    activity: str | None = None
    match: Match | None = None
    within: timedelta | None = None
    at_most: int | None = None
    up_to: Decimal | None = None
    decay: Decay | None = None
    group: str | None = None
    disqualify: str | None = None
    counted: tuple[Band, ...] = ()
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Score:
    """A sum of criteria with group caps, then floor and cap. ``grades`` go from the best threshold down."""

    name: str
    criteria: tuple[Criterion, ...]
    floor: Decimal | None = None
    cap: Decimal | None = None
    groups: Mapping[str, Decimal] = dataclasses.field(default_factory=dict)
    grades: tuple[tuple[str, Decimal], ...] = ()
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Grid:
    """Row grade and column grade make the cell: fit A and interest 1 make A1."""

    rows: str
    columns: str


@dataclass(frozen=True, slots=True)
class Temperatures:
    """Cells by temperature in file order; ``otherwise`` is the rest."""

    cells: tuple[tuple[str, tuple[str, ...]], ...]
    otherwise: str | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)
