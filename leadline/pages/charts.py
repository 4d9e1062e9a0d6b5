"""Charts as inline SVG: bars, lines, steps, intervals and points. Each belongs beside a table of the same figures.

Series differ by dash or pattern too, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2

from markupsafe import Markup

from leadline.pages.drawing import (
    BOTTOM,
    TOP,
    WIDTH,
    Axis,
    below,
    grid,
    legend,
    legend_height,
    line,
    name,
    nice,
    short,
    sideways,
    small,
    svg,
    upright,
)

ROW = 18


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one set of bars; as many values as the chart has labels, None where there is none.

    ``look`` (0 to 2) chooses colour and dash; by default the place among the series.
    """

    name: str
    values: Sequence[float | None]
    look: int | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """One row of an interval chart: an estimate between its bounds; ``group`` 0 or 1 chooses how it looks."""

    name: str
    low: float
    middle: float
    high: float
    group: int = 0


@dataclass(frozen=True, slots=True)
class Dot:
    """One point; ``strong`` ones are filled, ``chosen`` ones circled."""

    x: float
    y: float
    label: str
    strong: bool = False
    chosen: bool = False


def line_chart(title: str, labels: Sequence[str], series: Sequence[Series], *, steps: bool = False) -> Markup:
    """Return lines over labels (dates, say) from 0 up; with ``steps`` a value holds until the next label."""
    height = 210
    top = nice(max((value for item in series for value in item.values if value is not None), default=0))
    x, y = sideways(max(len(labels) - (0 if steps else 1), 1)), upright(height, top)
    parts = [*grid(top, y), *below(labels, x, height), *legend(_looks(series))]
    for item, (_, look) in zip(series, _looks(series), strict=True):
        drawn: list[str] = []
        for place, value in enumerate(item.values):
            if value is None:
                continue
            drawn.append(f"{x(place):.1f},{y(value):.1f}")
            if steps:
                drawn.append(f"{x(place + 1):.1f},{y(value):.1f}")
        parts.append(Markup('<polyline class="line s{}" points="{}"/>').format(look, " ".join(drawn)))
    return svg(title, height, parts)


def bar_chart(title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """Return horizontal bars, a group for each label: long names stay readable on a small screen."""
    group = ROW + 12 * len(series)
    looks = _looks(series)
    head = legend_height(looks)
    height = head + group * len(labels) + 4
    top = max((value for item in series for value in item.values if value is not None), default=0) or 1
    parts = list(legend(looks))
    for place, label in enumerate(labels):
        base = head + group * place
        parts.append(name(4, base + 12, label))
        for number, (item, (_, look)) in enumerate(zip(series, looks, strict=True)):
            value = item.values[place]
            if value is None:
                continue
            width = (WIDTH - 70) * value / top
            at = base + 16 + 12 * number
            parts.append(
                Markup('<rect class="bar s{}" x="4" y="{}" width="{:.1f}" height="10"/>').format(look, at, width)
            )
            parts.append(small(8 + width, at + 9, short(value)))
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


def spark(told: str, values: Sequence[float], top: float) -> Markup:
    """Return columns as small as a word, for a cell of a table; all of one table share ``top``."""
    wide, height = 5, 22
    parts = [line("grid", 0, height, wide * len(values), height)]
    for place, value in enumerate(values):
        tall = (height - 2) * value / (top or 1)
        if value:
            parts.append(
                Markup('<rect class="bar s1" x="{}" y="{:.1f}" width="{}" height="{:.1f}"/>').format(
                    wide * place, height - tall, wide - 1, tall
                )
            )
    begun = Markup('<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}">')
    return begun.format(wide * len(values), height + 1, told) + Markup("").join(parts) + Markup("</svg>")


def interval_chart(
    title: str, rows: Sequence[Interval], names: Sequence[str] = (), *, unit: str = "", reference: float | None = None
) -> Markup:
    """Return estimates with their intervals, a row each; ``reference`` is a line such as a mean."""
    ends = [row.high for row in rows] + ([reference] if reference is not None else [])
    top = nice(max(ends, default=0))

    def x(value: float) -> float:
        return 8 + (WIDTH - 24) * min(value, top) / top

    ticks = [(top * share, f"{short(top * share)}{unit}") for share in (0, 0.5, 1)]
    return _intervals(title, rows, [(text, look) for look, text in enumerate(names)], x, ticks, reference)


def ratio_chart(title: str, rows: Sequence[Interval]) -> Markup:
    """Return ratios with their intervals on an axis of doublings around 1; what goes beyond ends at its edge."""
    most = max((max(row.middle, 1 / row.middle) for row in rows if row.middle > 0), default=1)
    doublings = min(max(ceil(log2(most)), 2), 6)

    def x(value: float) -> float:
        place = log2(value) / doublings if value > 0 else -1.0
        return 8 + (WIDTH - 24) * (min(max(place, -1.0), 1.0) + 1) / 2

    edge = 2**doublings
    ticks = [(1 / edge, f"1/{edge} x"), (1.0, "1 x"), (float(edge), f"{edge} x")]
    return _intervals(title, rows, [], x, ticks, 1)


def _intervals(
    title: str,
    rows: Sequence[Interval],
    looks: Sequence[tuple[str, int]],
    x: Axis,
    ticks: Sequence[tuple[float, str]],
    reference: float | None,
) -> Markup:
    head = legend_height(looks)
    height = head + 30 * len(rows) + BOTTOM
    parts = list(legend(looks))
    parts += [line("grid", x(value), head, x(value), height - BOTTOM + 4) for value, _ in ticks]
    if reference is not None:
        parts.append(line("mark", x(reference), head, x(reference), height - BOTTOM + 4))
    for place, row in enumerate(rows):
        at = head + 30 * place
        parts.append(name(4, at + 11, row.name))
        parts.append(line(f"whisker s{row.group}", x(row.low), at + 20, x(row.high), at + 20))
        parts.append(
            Markup('<circle class="dot s{}" cx="{:.1f}" cy="{}" r="4"/>').format(row.group, x(row.middle), at + 20)
        )
    anchors = ("start", "middle", "end")
    parts += [
        small(x(value), height - 12, text, anchor) for (value, text), anchor in zip(ticks, anchors, strict=True)
    ]
    return svg(title, height, parts)


def point_chart(title: str, along: str, up: str, dots: Sequence[Dot], *, limit: float | None = None) -> Markup:
    """Return points, each with its label; ``limit`` is an upright line such as a capacity."""
    height = 260
    right = nice(max([*(dot.x for dot in dots), *([limit] if limit is not None else [])], default=0))
    top = nice(max((dot.y for dot in dots), default=0))
    x, y = sideways(right, 30), upright(height, top)
    parts = list(grid(top, y))
    parts.append(small(4, 14, up))
    parts.append(small(WIDTH - 4, height - 4, along, "end"))
    parts += [small(x(right * share), height - 18, short(right * share), "middle") for share in (0, 0.5, 1)]
    if limit is not None:
        parts.append(line("mark", x(limit), TOP, x(limit), height - BOTTOM))
    for dot in dots:
        kind = "dot s1" if dot.strong else "dot faint"
        parts.append(Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(kind, x(dot.x), y(dot.y)))
        if dot.chosen:
            parts.append(Markup('<circle class="ring" cx="{:.1f}" cy="{:.1f}" r="8"/>').format(x(dot.x), y(dot.y)))
        parts.append(small(x(dot.x) + 7, y(dot.y) - 5, dot.label))
    return svg(title, height, parts)


def _looks(series: Sequence[Series]) -> list[tuple[str, int]]:
    first = 1 if len(series) == 1 else 0
    return [(item.name, number + first if item.look is None else item.look) for number, item in enumerate(series)]
