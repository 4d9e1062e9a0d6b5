"""What every chart is drawn with: inline SVG of 400 units, so that letters stay readable at 360 px.

Colours and fonts come from the page's style sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from markupsafe import Markup, escape

WIDTH: Final = 400
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 26, 34
LEGEND_ROW: Final = 18
LETTER: Final = 6.6
"""Units that a letter of a name takes on the average; names longer than their room are cut, the table has them."""

Axis = Callable[[float], float]


def svg(title: str, height: float, parts: Sequence[Markup], width: float = WIDTH, kind: str = "chart") -> Markup:
    """Return one picture with its title above it."""
    head = Markup(
        '<figure><figcaption>{}</figcaption><svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">'
    )
    begun = head.format(title[:1].upper() + title[1:], kind, int(width), int(height), title)
    return begun + Markup("").join(parts) + Markup("</svg></figure>")


def upright(height: float, top: float) -> Axis:
    """Return where values from 0 to ``top`` stand in a picture of this height."""
    return lambda value: height - BOTTOM - (height - TOP - BOTTOM) * value / top


def sideways(right: float, margin: float = 0) -> Axis:
    """Return where values from 0 to ``right`` stand from the left; what lies beyond stands at the edge."""
    return lambda value: LEFT + (WIDTH - LEFT - RIGHT - margin) * min(value, right) / right


def columns(labels: Sequence[str]) -> Axis:
    """Return where the middle of a column for each label stands, by the label's place."""
    wide = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    return lambda number: LEFT + wide * (number + 0.5)


def grid(top: float, y: Axis) -> Iterator[Markup]:
    """Draw three lines across, at 0, half of ``top`` and ``top``, with their numbers."""
    for share in (0, 0.5, 1):
        at = y(top * share)
        yield line("grid", LEFT, at, WIDTH - RIGHT, at)
        yield small(LEFT - 4, at + 4, short(top * share), "end")


def below(labels: Sequence[str], x: Axis, height: int) -> Iterator[Markup]:
    """Write at most five labels below the axis: more would run into each other, and so would one that is too near."""
    step = max(-(-len(labels) // 5), 1)
    free = 0.0
    for place in range(0, len(labels), step):
        # As wide as its letters, so that no label runs into the next one or off the paper.
        wide = 7 * len(labels[place])
        at = min(x(place), WIDTH - wide)
        if at >= free:
            yield small(at, height - 14, labels[place])
            free = at + wide + 4


def across(top: float, x: Axis, at: float, unit: str) -> Iterator[Markup]:
    """Write three numbers below an axis that begins at 0, the last one with its unit."""
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        yield small(x(top * share), at, f"{short(top * share)}{unit}", anchor)


def legend(looks: Sequence[tuple[str, int]]) -> Iterator[Markup]:
    """Draw a box and a name for each series, row by row; one series needs no legend."""
    for name, look, at, row in _legend(looks):
        yield Markup('<rect class="bar s{}" x="{:.1f}" y="{}" width="12" height="10"/>').format(
            look, at, 4 + LEGEND_ROW * row
        )
        yield small(at + 16, 13 + LEGEND_ROW * row, name)


def legend_height(looks: Sequence[tuple[str, int]]) -> int:
    """Return how much room the legend takes, with the margin below it."""
    rows = max((row for *_, row in _legend(looks)), default=-1)
    return TOP + LEGEND_ROW * rows


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    """Draw a straight line; ``kind`` is its class."""
    drawn = Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
    return drawn.format(kind, x1, y1, x2, y2)


def small(x: float, y: float, text: str, anchor: str = "start") -> Markup:
    """Write small letters; ``anchor`` is start, middle or end."""
    return Markup('<text class="small" text-anchor="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(anchor, x, y, text)


def name(x: float, y: float, text: str, room: float = WIDTH - 8) -> Markup:
    """Write the name of a row, cut where there is no room for all of it."""
    return Markup('<text x="{:.1f}" y="{:.1f}">{}</text>').format(x, y, fitting(text, room))


def fitting(text: str, room: float) -> str:
    """Return a text that takes at most ``room`` units."""
    letters = max(int(room / LETTER), 2)
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def nice(most: float) -> float:
    """Return a round number at or above ``most`` for the end of an axis."""
    if most <= 0:
        return 1
    size = 1.0
    while size * 10 <= most:
        size *= 10
    while size > most:
        size /= 10
    return next(size * step for step in (1, 2, 2.5, 4, 5, 6, 8, 10) if size * step >= most * (1 - 1e-9))


def short(value: float) -> Markup:
    """Write a number for an axis: whole where it is, else with the digits that tell it apart."""
    text = f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.3g}"
    return escape(text)


def _legend(looks: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int, float, int]]:
    if len(looks) < 2:
        return
    at, row = 6.0, 0
    for text, look in looks:
        wide = 34 + 6.2 * len(text)
        if at > 6 and at + wide > WIDTH:
            at, row = 6.0, row + 1
        yield text, look, at, row
        at += wide
