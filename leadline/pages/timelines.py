"""Scores over time as steps, with what happened: each change of a score is a point with a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from markupsafe import Markup

from leadline.pages.drawing import LEFT, RIGHT, WIDTH, legend, legend_height, line, nice, short, small, svg

HIGH: Final = 190
LANE: Final = 20
APART: Final = 13
"""Units that numbers need so that they do not run into each other; one that is too near is left out."""

Points = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Scores:
    """One score: its steps up to now, and those to come if nothing new does. Each value holds until the next."""

    name: str
    past: Points
    coming: Points = ()


@dataclass(frozen=True, slots=True)
class Point:
    """A change of a score: its number in the table beside, and what is told of it on pointing."""

    at: datetime
    value: float
    number: int
    told: str


def time_chart(  # noqa: PLR0913 - one parameter for each thing that is drawn
    title: str,
    start: datetime,
    now: datetime,
    end: datetime,
    scores: Sequence[Scores],
    *,
    points: Sequence[Point],
    activities: Sequence[datetime],
    moves: Sequence[datetime],
) -> Markup:
    """Return scores as steps from ``start`` to ``end``, dashed after ``now``, over a lane of activities and moves.

    Values may be negative; the axis then begins at the lowest.
    """
    looks = [(item.name, (1, 3, 4, 2)[number % 4]) for number, item in enumerate(scores)]
    head = legend_height(looks) + 18
    values = [value for item in scores for _, value in (*item.past, *item.coming)]
    top = nice(max([*values, 0]))
    floor = -nice(-min(values)) if values and min(values) < 0 else 0.0
    span = max((end - start).total_seconds(), 1)

    def x(at: datetime) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - start).total_seconds() / span

    def y(value: float) -> float:
        return head + HIGH * (top - value) / (top - floor)

    parts = list(legend(looks))
    for value in (floor, (floor + top) / 2, top) if floor < 0 else (0.0, top / 2, top):
        parts.append(line("grid", LEFT, y(value), WIDTH - RIGHT, y(value)))
        parts.append(small(LEFT - 4, y(value) + 4, short(value), "end"))
    foot = head + HIGH + LANE
    parts += [line("mark", x(at), head, x(at), foot) for at in moves]
    parts += [line("tick", x(at), foot - 12, x(at), foot - 2) for at in activities]
    parts.append(line("now", x(now), head - 8, x(now), foot))
    if x(end) - x(now) > 24:
        parts.append(small(x(now) + 4, foot - 3, "now"))
    for item, (_, look) in zip(scores, looks, strict=True):
        parts.append(_steps(f"line s{look}", item.past, now, x, y))
        parts.append(_steps(f"line s{look} coming", item.coming, end, x, y))
    parts += _points(points, x, y)
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        day = start + (end - start) * share
        parts.append(small(x(day), foot + 14, f"{day:%Y-%m-%d}", anchor))
    return svg(title, foot + 20, parts)


def _steps(
    kind: str, points: Points, end: datetime, x: Callable[[datetime], float], y: Callable[[float], float]
) -> Markup:
    ends = [*(at for at, _ in points[1:]), end]
    drawn = []
    for (at, value), until in zip(points, ends, strict=True) if points else ():
        drawn += [f"{x(at):.1f},{y(value):.1f}", f"{x(until):.1f},{y(value):.1f}"]
    return Markup('<polyline class="{}" points="{}"/>').format(kind, " ".join(drawn)) if drawn else Markup("")


def _points(points: Sequence[Point], x: Callable[[datetime], float], y: Callable[[float], float]) -> Iterator[Markup]:
    written: list[tuple[float, float]] = []
    for point in points:
        at, up = x(point.at), y(point.value)
        yield Markup('<circle class="dot s0" cx="{:.1f}" cy="{:.1f}" r="3"><title>{}</title></circle>').format(
            at, up, point.told
        )
        if all(abs(at - left) > APART or abs(up - high) > APART for left, high in written):
            yield Markup('<text class="haloed" text-anchor="middle" x="{:.1f}" y="{:.1f}">{}</text>').format(
                at, up - 7, point.number
            )
            written.append((at, up))
