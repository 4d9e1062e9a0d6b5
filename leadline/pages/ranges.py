"""Charts of what spreads: ranges over weeks, shares that arrive with time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from leadline.common.survival import Curve, thinned
from leadline.pages.drawing import (
    across,
    below,
    columns,
    grid,
    line,
    nice,
    sideways,
    small,
    svg,
    upright,
)

DAY: Final = 86_400
HOUR: Final = 3_600


@dataclass(frozen=True, slots=True)
class Range:
    """One place of a range chart: from ``low`` to ``high`` with a ``middle``; ``faint`` where it says little."""

    label: str
    low: float
    middle: float
    high: float
    faint: bool = False


def range_chart(title: str, up: str, ranges: Sequence[Range | None], labels: Sequence[str]) -> Markup:
    """Return upright ranges over labels such as weeks, from 0 up; ``up`` says what is measured in which unit."""
    height = 220
    top = nice(max((one.high for one in ranges if one is not None), default=0))
    x, y = columns(labels), upright(height, top)
    parts = [small(4, 13, up), *grid(top, y), *below(labels, x, height)]
    for place, one in enumerate(ranges):
        if one is None:
            continue
        look = "s0" if one.faint else "s1"
        parts.append(line(f"whisker {look}", x(place), y(one.low), x(place), y(one.high)))
        parts.append(
            Markup('<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="3.5"/>').format(look, x(place), y(one.middle))
        )
    return svg(title, height, parts)


def curve_chart(title: str, curve: Curve, seconds: float) -> Markup:
    """Return the share that has arrived after so many days, as steps from 0 to ``seconds``."""
    height = 200
    unit, size = ("days", DAY) if seconds >= 2 * DAY else ("hours", HOUR)
    right = nice(max(seconds, 1) / size)
    top = nice(100 * max((share for _, share in curve), default=0))
    x, y = sideways(right), upright(height, top)
    drawn = []
    before = 0.0
    for at, share in thinned(tuple(point for point in curve if point[0] <= right * size)):
        drawn += [f"{x(at / size):.1f},{y(100 * before):.1f}", f"{x(at / size):.1f},{y(100 * share):.1f}"]
        before = share
    drawn.append(f"{x(right):.1f},{y(100 * before):.1f}")
    parts = [
        small(4, 13, "arrived, % of all"),
        *grid(top, y),
        *across(right, x, height - 14, f" {unit}"),
        Markup('<polyline class="line s1" points="{}"/>').format(" ".join(drawn)),
    ]
    return svg(title, height, parts)
