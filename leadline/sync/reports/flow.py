"""The lifecycle as a graph: every stage with its people, every move with how often it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from leadline.rules.model import Book
from leadline.sync.reports.lives import Basis, Life, lives
from leadline.sync.reports.recycle import told_reason
from leadline.sync.store import Store


@dataclass(frozen=True, slots=True)
class Node:
    """One stage: its kind (of the book; empty for one that the book no longer has), team, and people in it now."""

    stage: str
    kind: str
    team: str | None
    stock: int


@dataclass(frozen=True, slots=True)
class Edge:
    """Moves from one stage to another: how often, by how many people, and why, most first.

    ``planned`` says that the book knows this move, along the main path or by name; others are made by hand.
    """

    source: str
    target: str
    moves: int
    people: int
    reasons: Mapping[str, int]
    planned: bool


@dataclass(frozen=True, slots=True)
class FlowReport:
    """The book's lifecycle with the volumes since a book was first active; moves that nobody made are there, too."""

    basis: Basis
    people: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def flow(store: Store, book: Book) -> FlowReport:
    """Return the graph as of the last evaluation; a new state gives zeros."""
    with lives(store, book) as (basis, everybody):
        return flow_of(basis, book, everybody)


def flow_of(basis: Basis, book: Book, everybody: Iterable[Life]) -> FlowReport:
    """Return the graph over lives, which are gone through once."""
    stock: Counter[str] = Counter()
    people: Counter[tuple[str, str]] = Counter()
    reasons: dict[tuple[str, str], Counter[str]] = {}
    for life in everybody:
        stock[life.stage] += 1
        for turn in life.turns:
            reasons.setdefault((turn.source, turn.target), Counter())[told_reason(turn)] += 1
        people.update({(turn.source, turn.target) for turn in life.turns})
    planned = [*pairwise(basis.main_path), *((way.source, way.target) for way in book.transitions)]
    path = basis.main_path

    def forward(pair: tuple[str, str]) -> bool:
        return all(stage in path for stage in pair) and path.index(pair[0]) < path.index(pair[1])

    order = {stage: place for place, stage in enumerate(basis.stages)}
    every = sorted({*planned, *reasons}, key=lambda pair: [order.get(stage, len(order)) for stage in pair])
    return FlowReport(
        basis,
        stock.total(),
        tuple(
            Node(stage, found.kind if (found := book.stages.get(stage)) else "", found.owner if found else None,
                 stock[stage])
            for stage in basis.stages
        ),
        tuple(
            Edge(*pair, (why := reasons.get(pair, Counter())).total(), people[pair], dict(why.most_common()),
                 pair in planned or forward(pair))
            for pair in every
        ),
    )  # fmt: skip
