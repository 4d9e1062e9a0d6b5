"""How the lifecycle looks in text: stages with their people, moves with their volumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadline.common.canonical import plain
from leadline.sync.reports.flow import Edge, FlowReport
from leadline.terminal.reports.sheets import Sheet, Told, basis_line, for_machines
from leadline.terminal.tables import percent

DEFINITIONS = (
    "A move counts each time it was made since a rule book was first active. What taking over the CRMs or activating"
    " a changed book moved is left out: nothing happened then.",
    "People stand where the last evaluation left them. Moves that the rule book does not list were made by hand.",
)


_KEY = "Blue leads along the main path, brown leaves it, dashed green comes back; the thicker, the more often."


def flow_data(found: FlowReport) -> dict[str, Any]:
    """Return the graph for machines."""
    return {
        "ok": True,
        "frontier": plain(found.basis.frontier),
        "zone": found.basis.zone,
        "people": found.people,
        "main_path": list(found.basis.main_path),
        "stages": for_machines(found.nodes),
        "moves": for_machines(found.edges),
        "definitions": list(DEFINITIONS),
    }


def told_flow(found: FlowReport) -> Told:
    """Return the whole report."""
    made = sum(edge.moves for edge in found.edges)
    title = f"Lifecycle: {found.people:,} people, {made:,} moves"
    return Told(title, basis_line(found.basis), [], list(_sheets(found)), DEFINITIONS)


def _sheets(found: FlowReport) -> Iterator[Sheet]:
    made = [edge for edge in found.edges if edge.moves]
    rows = [(f"{edge.source} -> {edge.target}", edge.moves, edge.people, _why(edge), "yes" if edge.planned else "no")
            for edge in made]  # fmt: skip
    yield Sheet("moves", "Moves", ["move", "times", "people", "why", "in the book"], rows, (1, 2), _KEY)
    never = [(f"{edge.source} -> {edge.target}",) for edge in found.edges if edge.planned and not edge.moves]
    yield Sheet("never", "Moves of the rule book that nobody made", ["move"], never if made else [])
    nodes = [
        (node.stage, node.kind, node.team, node.stock, percent(node.stock, found.people)) for node in found.nodes
    ]
    yield Sheet("stages", "Stages", ["stage", "kind", "team", "people", "share"], nodes, (3, 4))


def _why(edge: Edge) -> str:
    return ", ".join(f"{reason} ({count:,})" for reason, count in edge.reasons.items())
