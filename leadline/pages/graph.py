"""The lifecycle as a graph: the main path from left to right, what stands beside it below, volumes on the moves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from leadline.pages.drawing import fitting, svg
from leadline.sync.reports.flow import Edge, FlowReport, Node

WIDE: Final = 104
HIGH: Final = 50
GAP: Final = 56
ARC: Final = 28
"""How much higher an arc rises for each stage that it passes."""
BELOW: Final = 170
MARGIN: Final = 8
THICKEST: Final = 8.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a stage's box begins, and whether it is on the main path."""

    x: float
    y: float
    main: bool

    @property
    def middle(self) -> float:
        """The middle of the box, across."""
        return self.x + WIDE / 2


@dataclass(frozen=True, slots=True)
class Way:
    """One move as it is drawn: a curve through four points, as Bezier has them, and how thick."""

    points: tuple[Point, ...]
    edge: Edge
    thick: float
    label: float
    """How far along the curve its number stands, 0 to 1."""

    look: str = "flow"
    """``flow`` along the main path, ``flow off`` away from it, ``flow back`` back to it or along it."""


def lifecycle_graph(found: FlowReport) -> Markup:
    """Return the graph of the main path and of all moves made; it is wide, and scrolls on a small screen."""
    spots = _spots(found)
    steps = set(pairwise(found.basis.main_path))
    made = [edge for edge in found.edges if edge.source in spots and edge.target in spots
            and (edge.moves or (edge.source, edge.target) in steps)]  # fmt: skip
    ways = sorted(_ways(made, spots), key=lambda way: way.thick)
    width = max((spot.x for spot in spots.values()), default=0) + WIDE + MARGIN
    height = max((spot.y for spot in spots.values()), default=0) + HIGH + MARGIN
    boxes = [_box(node, spots[node.stage]) for node in found.nodes]
    title = "stages with their people, moves with how often they were made"
    parts = [*(_line(way) for way in ways), *boxes, *(_number(way) for way in ways if way.edge.moves)]
    return svg(title, height, parts, width, "chart graph")


def _spots(found: FlowReport) -> dict[str, Spot]:
    """Put the main path into a row, and the other stages below, each near where people come from."""
    path = found.basis.main_path
    place = {stage: number for number, stage in enumerate(path)}
    passed = [abs(place[edge.source] - place[edge.target]) for edge in found.edges
              if edge.moves and edge.source in place and edge.target in place]  # fmt: skip
    head = MARGIN + 14 + ARC * (max(passed, default=1) - 1)
    spots = {stage: Spot(MARGIN + number * (WIDE + GAP), head, True) for number, stage in enumerate(path)}
    beside = [node.stage for node in found.nodes if node.stage not in place]
    wanted = {stage: _wanted(stage, found.edges, spots) for stage in beside}
    last = float("-inf")
    right = max((spot.x for spot in spots.values()), default=0.0)
    room = WIDE + GAP / 2
    for left, stage in zip(range(len(beside), 0, -1), sorted(beside, key=lambda stage: wanted[stage]), strict=True):
        latest = max(right - (left - 1) * room, last + room)
        last = min(max(wanted[stage], last + room, float(MARGIN)), latest)
        spots[stage] = Spot(last, head + HIGH + BELOW, False)
    return spots


def _wanted(stage: str, edges: Sequence[Edge], spots: Mapping[str, Spot]) -> float:
    """Return where a stage beside the path would stand: below the middle of those that people come from."""
    near = [(spots[edge.source].x, edge.moves + 1) for edge in edges if edge.target == stage and edge.source in spots]
    return sum(x * weight for x, weight in near) / sum(weight for _, weight in near) if near else float(MARGIN)


def _ways(edges: Sequence[Edge], spots: Mapping[str, Spot]) -> Iterator[Way]:
    most = max((edge.moves for edge in edges), default=0) or 1
    ports = _ports(edges, spots)
    for edge in edges:
        source, target = spots[edge.source], spots[edge.target]
        thick = 1.25 + (THICKEST - 1.25) * math.sqrt(edge.moves / most)
        start, end = ports[edge.source, edge.target]
        yield Way(_curve(source, target, start, end), edge, thick, 0.5 if source.main == target.main else
                  0.3 if source.main else 0.7, _look(source, target))  # fmt: skip


def _curve(source: Spot, target: Spot, start: Point, end: Point) -> tuple[Point, ...]:
    """Return the four points of a move: straight to the next stage, above the path, down from it, or below it."""
    if _beside(source, target):
        return (start, start, end, end)
    if source.main and target.main:
        turn = start[1] - ARC * (abs(source.x - target.x) / (WIDE + GAP) - 1) * 4 / 3 - 18
    elif source.main != target.main:
        turn = (start[1] + end[1]) / 2
    else:
        turn = start[1] - 34
    return (start, (start[0], turn), (end[0], turn), end)


def _look(source: Spot, target: Spot) -> str:
    if source.main and not target.main:
        return "flow off"
    return "flow" if source.main and source.x < target.x else "flow back"


def _beside(source: Spot, target: Spot) -> bool:
    """Tell whether two stages of the main path stand next to each other, in this order."""
    return source.main and target.main and 0 < target.x - source.x < 2 * WIDE + GAP


def _ports(edges: Sequence[Edge], spots: Mapping[str, Spot]) -> dict[tuple[str, str], tuple[Point, Point]]:
    """Return where each move begins and ends: spread along the sides of the boxes, so that they cross little."""
    sides: dict[tuple[str, str], list[tuple[float, bool, int]]] = {}
    found: list[list[Point]] = []
    for number, edge in enumerate(edges):
        source, target = spots[edge.source], spots[edge.target]
        found.append([(source.x + WIDE, source.y + HIGH / 2), (target.x, target.y + HIGH / 2)])
        if not _beside(source, target):
            level = source.main == target.main
            for stage, leaves, other in ((edge.source, True, target), (edge.target, False, source)):
                side = "top" if level or not spots[stage].main else "bottom"
                sides.setdefault((stage, side), []).append((other.middle, leaves, number))
    for (stage, side), ends in sides.items():
        spot = spots[stage]
        # Who goes leaves to the left of who comes back, above as below: the two do not cross.
        for place, (_, leaves, number) in enumerate(sorted(ends, key=lambda end: (end[0], end[1] != spot.main)), 1):
            x = spot.x + WIDE * place / (len(ends) + 1)
            found[number][0 if leaves else 1] = (x, spot.y + (HIGH if side == "bottom" else 0))
    return {(edge.source, edge.target): (ends[0], ends[1]) for edge, ends in zip(edges, found, strict=True)}


def _line(way: Way) -> Markup:
    """Draw a move with its arrow head; the line ends where the head begins."""
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = way.points
    across, down = (x4 - x3, y4 - y3) if (x3, y3) != (x4, y4) else (x4 - x1, y4 - y1)
    length = math.hypot(across, down) or 1.0
    across, down = across / length, down / length
    head = 5 + way.thick * 0.7
    ex, ey = x4 - across * head, y4 - down * head
    drawn = Markup(
        '<path class="{}" stroke-width="{:.1f}" d="M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}"/>'
    ).format(way.look, way.thick, x1, y1, x2, y2, x3, y3, ex, ey)
    side = head * 0.7
    return drawn + Markup('<path class="{} head" d="M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}Z"/>').format(
        way.look, x4, y4, ex - down * side, ey + across * side, ex + down * side, ey - across * side
    )


def _number(way: Way) -> Markup:
    x, y = _along(way.points, way.label)
    lift = -way.thick / 2 - 4 if way.points[0][1] == way.points[1][1] == way.points[3][1] else 4
    text = f"{way.edge.moves:,}"
    return Markup('<text class="count" text-anchor="middle" x="{:.1f}" y="{:.1f}">{}</text>').format(
        x, y + lift, text
    )


def _along(points: Sequence[Point], t: float) -> Point:
    """Return the point of a Bezier curve at ``t``, 0 to 1."""
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    return (
        sum(weight * x for weight, (x, _) in zip(weights, points, strict=True)),
        sum(weight * y for weight, (_, y) in zip(weights, points, strict=True)),
    )


def _box(node: Node, spot: Spot) -> Markup:
    drawn = Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="6"/>').format(
        "stage" if spot.main else "stage side", spot.x, spot.y, WIDE, HIGH
    )
    named = Markup('<text text-anchor="middle" x="{:.1f}" y="{:.1f}">{}</text>').format(
        spot.middle, spot.y + 20, fitting(node.stage, WIDE - 6)
    )
    return (
        drawn
        + named
        + Markup('<text class="stock" text-anchor="middle" x="{:.1f}" y="{:.1f}">{:,}</text>').format(
            spot.middle, spot.y + 40, node.stock
        )
    )
