"""The sections ``grid`` and ``temperature``: two scores' grades make a cell, cells make hot, warm and cold."""

from __future__ import annotations

from typing import Final

from leadline.common.yamltree import Node, Scalar
from leadline.rules.model import Grid, Temperatures
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import short

KEYS: Final = ("rows", "columns")
OTHERWISE: Final = "otherwise"


def read_grid(reading: Reading, node: Node) -> Grid | None:
    """Return the grid; both of its scores need grades."""
    report, scores = reading.report, reading.names.scores
    keys = report.keys(node, KEYS, "`grid`")
    if keys is None:
        return None
    named: list[str] = []
    for side in KEYS:
        value = report.required(keys, side, node.mark, "`grid`")
        score = report.choice(value, scores, f"`{side}`: scores") if value is not None else None
        if value is not None and score is not None and score in scores and not scores[score]:
            report.add(value.mark, f"the score `{score}` has no grades", "add `grades`", "grid")
        named += [score] if score is not None else []
    if len(named) == 2 and named[0] == named[1]:
        report.add(node.mark, "rows and columns are the same score", "name two scores", "grid")
    if len(set(reading.names.cells)) < len(reading.names.cells):
        report.add(node.mark, "two cells of the grid have the same name", "rename a grade", "grid")
    return Grid(named[0], named[1]) if len(named) == 2 else None


def read_temperatures(reading: Reading, node: Node) -> Temperatures:
    """Return the temperatures in file order; one of them may be ``otherwise``."""
    report, known = reading.report, reading.names.cells
    cells: list[tuple[str, tuple[str, ...]]] = []
    otherwise: str | None = None
    taken: dict[str, str] = {}
    if not known:
        report.add(node.mark, "`temperature` needs a `grid` of two scores with grades", code="grid")
    for entry in report.entries(node, "`temperature`"):
        if isinstance(entry.value, Scalar) and entry.value.text == OTHERWISE:
            if otherwise is not None:
                report.add(entry.value.mark, f"`{otherwise}` is `otherwise` already", code="grid")
            otherwise = entry.name
            continue
        names = (
            report.choices(entry.value, known, f"cells of `{short(entry.name)}`", "unknown-grade") if known else ()
        )
        for name in names:
            if taken.setdefault(name, entry.name) != entry.name:
                report.add(
                    entry.value.mark, f"cell {name} is `{taken[name]}` already", "a cell has one temperature", "grid"
                )
        cells.append((entry.name, names))
    return Temperatures(tuple(cells), otherwise, node.mark)
