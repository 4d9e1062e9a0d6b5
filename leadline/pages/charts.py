"""Charts as inline SVG: bars, lines, steps, intervals and points. Each belongs beside a table of the same figures.

Drawn 400 units wide, so that letters stay readable at 360 px; colours and fonts come from the page's style sheet.
Series differ by dash or pattern too, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

WIDTH = 400
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 26, 34
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
    top = _nice(max((value for item in series for value in item.values if value is not None), default=0))
    count = max(len(labels) - (0 if steps else 1), 1)

    def x(number: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * number / count

    def y(value: float) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * value / top

    parts = [*_grid(top, y), *_below(labels, x, height), *_legend(_looks(series))]
    for item, (_, look) in zip(series, _looks(series), strict=True):
        drawn: list[str] = []
        for place, value in enumerate(item.values):
            if value is None:
                continue
            drawn.append(f"{x(place):.1f},{y(value):.1f}")
            if steps:
                drawn.append(f"{x(place + 1):.1f},{y(value):.1f}")
        parts.append(Markup('<polyline class="line s{}" points="{}"/>').format(look, " ".join(drawn)))
    return _svg(title, height, parts)


def time_chart(
    title: str,
    start: datetime,
    end: datetime,
    lines: Sequence[tuple[str, Sequence[tuple[datetime, float]]]],
    marks: Sequence[tuple[datetime, bool]] = (),
) -> Markup:
    """Return step lines over time: each value holds until the next; ``marks`` are ticks below, strong or not.

    Values may be negative; the axis then begins at the lowest.
    """
    height = 240
    values = [value for _, points in lines for _, value in points]
    top = _nice(max([*values, 0]))
    floor = -_nice(-min(values)) if values and min(values) < 0 else 0.0
    span = max((end - start).total_seconds(), 1)

    def x(at: datetime) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - start).total_seconds() / span

    def y(value: float) -> float:
        return height - BOTTOM - 16 - (height - TOP - BOTTOM - 16) * (value - floor) / (top - floor)

    parts = [*_grid(top, y), *_legend([(name, number) for number, (name, _) in enumerate(lines)])]
    if floor < 0:
        parts.append(_line("grid", LEFT, y(floor), WIDTH - RIGHT, y(floor)))
        parts.append(
            Markup('<text class="small" text-anchor="end" x="{}" y="{:.1f}">{}</text>').format(
                LEFT - 4, y(floor) + 4, _short(floor)
            )
        )
    for number, (_, points) in enumerate(lines):
        drawn: list[str] = []
        for (at, value), (until, _) in zip(points, [*points[1:], (end, 0.0)], strict=True):
            drawn += [f"{x(at):.1f},{y(value):.1f}", f"{x(until):.1f},{y(value):.1f}"]
        parts.append(Markup('<polyline class="line s{}" points="{}"/>').format(number % 3, " ".join(drawn)))
    for at, strong in marks:
        parts.append(_line("mark" if strong else "tick", x(at), height - BOTTOM - 8, x(at), height - BOTTOM))
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        day = start + (end - start) * share
        parts.append(
            Markup('<text class="small" text-anchor="{}" x="{:.1f}" y="{}">{}</text>').format(
                anchor, x(day), height - 14, f"{day:%Y-%m-%d}"
            )
        )
    return _svg(title, height, parts)


def bar_chart(title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """Return horizontal bars, a group for each label: long names stay readable on a small screen."""
    group = ROW + 12 * len(series)
    height = TOP + group * len(labels) + 8
    top = max((value for item in series for value in item.values if value is not None), default=0) or 1
    parts = list(_legend(_looks(series)))
    for place, label in enumerate(labels):
        base = TOP + group * place
        parts.append(Markup('<text x="4" y="{}">{}</text>').format(base + 12, label))
        for number, (item, (_, look)) in enumerate(zip(series, _looks(series), strict=True)):
            value = item.values[place]
            if value is None:
                continue
            width = (WIDTH - 70) * value / top
            at = base + 16 + 12 * number
            parts.append(
                Markup('<rect class="bar s{}" x="4" y="{}" width="{:.1f}" height="10"/>').format(look, at, width)
            )
            parts.append(
                Markup('<text class="small" x="{:.1f}" y="{}">{}</text>').format(8 + width, at + 9, _short(value))
            )
    return _svg(title, height, parts)


def column_chart(title: str, labels: Sequence[str], values: Sequence[float]) -> Markup:
    """Return columns over labels, such as the hours of a day."""
    height = 180
    top = _nice(max(values, default=0))
    wide = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)

    def x(number: float) -> float:
        return LEFT + wide * (number + 0.5)

    def y(value: float) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * value / top

    parts = [*_grid(top, y), *_below(labels, x, height)]
    for place, value in enumerate(values):
        parts.append(
            Markup('<rect class="bar s1" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                LEFT + wide * place + 1, y(value), max(wide - 2, 1), y(0) - y(value)
            )
        )
    return _svg(title, height, parts)


def interval_chart(
    title: str, rows: Sequence[Interval], names: Sequence[str] = (), *, unit: str = "", reference: float | None = None
) -> Markup:
    """Return estimates with their intervals, a row each; ``reference`` is a line such as 1 for ratios."""
    height = TOP + 30 * len(rows) + BOTTOM
    ends = [row.high for row in rows] + ([reference] if reference is not None else [])
    top = _nice(max(ends, default=0))

    def x(value: float) -> float:
        return 8 + (WIDTH - 24) * min(value, top) / top

    parts = list(_legend([(name, look) for look, name in enumerate(names)]))
    if reference is not None:
        parts.append(_line("mark", x(reference), TOP, x(reference), height - BOTTOM + 4))
    for place, row in enumerate(rows):
        at = TOP + 30 * place
        parts.append(Markup('<text x="4" y="{}">{}</text>').format(at + 11, row.name))
        parts.append(_line(f"whisker s{row.group}", x(row.low), at + 20, x(row.high), at + 20))
        parts.append(
            Markup('<circle class="dot s{}" cx="{:.1f}" cy="{}" r="4"/>').format(row.group, x(row.middle), at + 20)
        )
    for share in (0, 0.5, 1):
        anchor = ("start", "middle", "end")[int(share * 2)]
        parts.append(
            Markup('<text class="small" text-anchor="{}" x="{:.1f}" y="{}">{}{}</text>').format(
                anchor, x(top * share), height - 12, _short(top * share), unit
            )
        )
    return _svg(title, height, parts)


def point_chart(title: str, across: str, up: str, dots: Sequence[Dot], *, limit: float | None = None) -> Markup:
    """Return points, each with its label; ``limit`` is an upright line such as a capacity."""
    height = 260
    right = _nice(max([*(dot.x for dot in dots), *([limit] if limit is not None else [])], default=0))
    top = _nice(max((dot.y for dot in dots), default=0))

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT - 30) * value / right

    def y(value: float) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * value / top

    parts = list(_grid(top, y))
    parts.append(Markup('<text class="small" x="{}" y="{}">{}</text>').format(4, 14, up))
    parts.append(
        Markup('<text class="small" text-anchor="end" x="{}" y="{}">{}</text>').format(WIDTH - 4, height - 4, across)
    )
    parts += [
        Markup('<text class="small" text-anchor="middle" x="{:.1f}" y="{}">{}</text>').format(
            x(right * share), height - 18, _short(right * share)
        )
        for share in (0, 0.5, 1)
    ]
    if limit is not None:
        parts.append(_line("mark", x(limit), TOP, x(limit), height - BOTTOM))
    for dot in dots:
        kind = "dot s1" if dot.strong else "dot faint"
        parts.append(Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(kind, x(dot.x), y(dot.y)))
        if dot.chosen:
            parts.append(Markup('<circle class="ring" cx="{:.1f}" cy="{:.1f}" r="8"/>').format(x(dot.x), y(dot.y)))
        parts.append(
            Markup('<text class="small" x="{:.1f}" y="{:.1f}">{}</text>').format(
                x(dot.x) + 7, y(dot.y) - 5, dot.label
            )
        )
    return _svg(title, height, parts)


def _svg(title: str, height: float, parts: Sequence[Markup]) -> Markup:
    head = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        WIDTH, int(height), title
    )
    return head + Markup("").join(parts) + Markup("</svg>")


def _grid(top: float, y: object) -> Iterator[Markup]:
    assert callable(y)
    for share in (0, 0.5, 1):
        at = y(top * share)
        yield _line("grid", LEFT, at, WIDTH - RIGHT, at)
        yield Markup('<text class="small" text-anchor="end" x="{}" y="{:.1f}">{}</text>').format(
            LEFT - 4, at + 4, _short(top * share)
        )


def _below(labels: Sequence[str], x: object, height: int) -> Iterator[Markup]:
    """Write at most five labels below the axis: more would run into each other."""
    assert callable(x)
    step = max(-(-len(labels) // 5), 1)
    for place in range(0, len(labels), step):
        # As wide as its letters, so that no label runs into the next one or off the paper.
        anchor = "start" if x(place) + 6.5 * len(labels[place]) < WIDTH else "end"
        yield Markup('<text class="small" text-anchor="{}" x="{:.1f}" y="{}">{}</text>').format(
            anchor, x(place), height - 14, labels[place]
        )


def _looks(series: Sequence[Series]) -> list[tuple[str, int]]:
    return [(item.name, number if item.look is None else item.look) for number, item in enumerate(series)]


def _legend(looks: Sequence[tuple[str, int]]) -> Iterator[Markup]:
    if len(looks) < 2:
        return
    at = 6
    for name, look in looks:
        yield Markup('<rect class="bar s{}" x="{}" y="4" width="12" height="10"/>').format(look, at)
        yield Markup('<text class="small" x="{}" y="13">{}</text>').format(at + 16, name)
        at += 34 + 7 * len(name)


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    drawn = Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
    return drawn.format(kind, x1, y1, x2, y2)


def _nice(most: float) -> float:
    """Return a round number at or above ``most`` for the end of an axis."""
    if most <= 0:
        return 1
    size = 1.0
    while size * 10 <= most:
        size *= 10
    while size > most:
        size /= 10
    return next(size * step for step in (1, 2, 2.5, 5, 10) if size * step >= most * (1 - 1e-9))


def _short(value: float) -> Markup:
    """Write a number for an axis: whole where it is, else with the digits that tell it apart."""
    text = f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.3g}"
    return escape(text)
