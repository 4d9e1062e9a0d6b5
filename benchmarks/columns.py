"""Leads from raw activities and with their features given: ours by columns beside its peers."""

from __future__ import annotations

from benchmarks.peers.duckdb_sql import DuckdbSql
from benchmarks.peers.durable_documented import DurableDocumented
from benchmarks.peers.expressions import Datalogic, ZenExpression
from benchmarks.peers.node_engines import NodeEngine
from benchmarks.peers.numpy_kernel import NumpyKernel
from benchmarks.peers.ours import Ours
from benchmarks.peers.peer import Work
from benchmarks.peers.polars_frames import PolarsFrames
from benchmarks.peers.reading import ReadingOnce
from benchmarks.peers.rule_libraries import BusinessRules, RuleEngine
from benchmarks.racing import Entry, least, race
from benchmarks.targets import Target
from benchmarks.workload import features_of, leads, rules

BEYOND = {
    "with bounds and dates of stages": frozenset({"bounds", "entered"}),
    "with reasons": frozenset({"why"}),
    "with next change": frozenset({"next_change"}),
    "with decision ids": frozenset({"decision_id"}),
}
TOLD = 100_000
"""People of the lines that tell what more costs."""


def work_of(people: int, seed: int) -> Work:
    """Return the seeded work of so many people."""
    chosen = rules(seed)
    table, activities = leads(people, seed)
    return Work(chosen, table, activities, features_of(chosen, table, activities))


def run_raw(people: int, seed: int) -> list[Target]:
    """Print the table of leads from raw activities."""
    return race(
        f"leads from raw activities ({people:,} people, seed {seed})",
        work_of(people, seed),
        Ours("ours: NumPy"),
        Ours("ours: with the extra fast", fast=True),
        [
            Entry(NumpyKernel(), 0.8, 3),
            Entry(DuckdbSql(), 3),
            Entry(PolarsFrames()),
            Entry(DurableDocumented(), 300),
            Entry(ReadingOnce()),
        ],
        "from raw activities",
    )


def run_features(people: int, seed: int) -> list[Target]:
    """Print the table of leads whose criteria were asked before."""
    return race(
        f"leads with features given ({people:,} people, seed {seed})",
        work_of(people, seed),
        Ours("ours: NumPy", from_features=True),
        None,
        [
            Entry(NumpyKernel(from_features=True), 0.7),
            Entry(DuckdbSql(from_features=True)),
            Entry(PolarsFrames(from_features=True)),
            Entry(NodeEngine("json-logic-engine", 100_000), 10),
            Entry(Datalogic(), 60),
            Entry(ZenExpression(), 60),
            Entry(RuleEngine(), 1_000),
            Entry(BusinessRules(), 1_000),
            Entry(NodeEngine("json-rules-engine", 10_000), 1_000),
            Entry(DurableDocumented(from_features=True), 1_500),
            Entry(ReadingOnce(from_features=True)),
        ],
        "features given",
    )


def run_more(people: int, seed: int) -> None:
    """Print what bounds, reasons, ids and the next change cost, each apart."""
    count = min(people, TOLD)
    work = work_of(count, seed)
    print(f"what more is told costs more: leads from raw activities ({count:,} people, seed {seed})")
    plain = 0.0
    for name, wanted in ({"scores, grades and stage": frozenset[str]()} | BEYOND).items():
        seconds, _ = least(Ours(name, wanted=wanted).prepare(work))
        plain = plain or seconds
        print(f"  {name:<48}{count:>10,}{count / seconds:>14,.0f}{seconds / plain:>9.2f}x the first line's time")
    print()
