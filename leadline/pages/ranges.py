"""Charts of what spreads: ranges over weeks, shares that arrive with time, parts of a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from leadline.common.survival import Curve, thinned
from leadline.pages.charts import Series
from leadline.pages.drawing import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    across,
    below,
    grid,
    legend,
    legend_height,
    line,
    name,
    nice,
    short,
    small,
    svg,
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
    wide = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)

    def x(number: float) -> float:
        return LEFT + wide * (number + 0.5)

    def y(value: float) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * value / top

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

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(value, right) / right

    def y(value: float) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * value / top

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


def stack_chart(title: str, labels: Sequence[str], series: Sequence[Series], *, unit: str = "") -> Markup:
    """Return one bar for each label, cut into the parts that ``series`` give; the sum stands behind it."""
    looks = [(item.name, number if item.look is None else item.look) for number, item in enumerate(series)]
    head = legend_height(looks)
    height = head + 34 * len(labels) + 4
    sums = [sum(item.values[place] or 0 for item in series) for place in range(len(labels))]
    top = max(sums, default=0) or 1
    parts = list(legend(looks))
    for place, label in enumerate(labels):
        base = head + 34 * place
        parts.append(name(4, base + 12, label))
        at = 4.0
        for item, (_, look) in zip(series, looks, strict=True):
            wide = (WIDTH - 80) * (item.values[place] or 0) / top
            if wide:
                parts.append(
                    Markup('<rect class="bar s{}" x="{:.1f}" y="{}" width="{:.1f}" height="11"/>').format(
                        look, at, base + 16, max(wide - 1, 0.5)
                    )
                )
            at += wide
        parts.append(small(at + 4, base + 26, f"{short(sums[place])}{unit}"))
    return svg(title, height, parts)
