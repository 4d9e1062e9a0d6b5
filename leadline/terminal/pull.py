"""How a pull looks, and the calls of a run beside the fewest that could have done it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import plain
from leadline.common.values import Crm
from leadline.sync.bounds import Bound
from leadline.sync.cycle import PulledResult
from leadline.sync.cycle.results import Calls
from leadline.sync.results import EvaluationResult, PullResult
from leadline.terminal.tables import cell, table

if TYPE_CHECKING:
    from rich.console import Console

APART = ("login", "describe")
"""Calls that the lower bound leaves out: signing in and describing happen once a session."""


def pull_data(pulled: PullResult) -> dict[str, Any]:
    """Return a pull for machines."""
    return {
        "ok": not pulled.errors,
        "cycle": pulled.cycle,
        "frontier": plain(pulled.frontier),
        "upper": plain(pulled.upper),
        "rows": plain(pulled.rows),
        "news": plain(pulled.news),
        "people": pulled.people,
        "new_people": pulled.new_people,
        "touched": pulled.touched,
        "warnings": list(pulled.warnings),
        "errors": {crm: str(error) for crm, error in pulled.errors.items()},
    }


def pulled_data(result: PulledResult) -> dict[str, Any]:
    """Return the result of `pull` for machines."""
    return {**pull_data(result.pull), "calls": plain(result.calls)}


def evaluation_data(evaluation: EvaluationResult) -> dict[str, Any]:
    """Return an evaluation for machines; persons by id only."""
    return dict(plain(evaluation))


def render_pull(console: Console, pulled: PullResult, calls: Calls) -> None:
    """Print rows by stream, people, warnings and what failed."""
    rows = [
        (*stream.split(" ", 1), count, pulled.news.get(stream, 0)) for stream, count in sorted(pulled.rows.items())
    ]
    console.print(table(["CRM", "stream", "rows read", "new or changed"], rows, right=(2, 3)))
    console.print(
        f"{pulled.people:,} people ({pulled.new_people:,} new), {pulled.touched:,} with news;"
        f" {_frontier(pulled)}. {calls_text(calls)}.",
        markup=False,
    )
    for warning in pulled.warnings:
        console.print(f"warning: {warning}", markup=False)
    for crm, error in pulled.errors.items():
        console.print(f"{crm} could not be read, so time stands still: {error}", markup=False)


def _frontier(pulled: PullResult) -> str:
    if pulled.frontier is None:
        return "nothing can be decided before every CRM was read once"
    return f"the frontier is {cell(pulled.frontier)}"


def calls_text(calls: Calls) -> str:
    """Return calls by CRM in one line."""
    parts = [
        f"{crm} {sum(made.values())}" + (f" ({apart} to sign in and describe)" if (apart := _apart(made)) else "")
        for crm, made in sorted(calls.items())
    ]
    return "Calls: " + ", ".join(parts)


def render_bounds(console: Console, calls: Calls, bounds: Mapping[Crm, Bound]) -> None:
    """Print the calls made beside the lower bound, by CRM and purpose."""
    rows: list[tuple[object, ...]] = []
    for crm, bound in sorted(bounds.items()):
        made = calls.get(crm, {})
        for purpose, fewest in (("read", bound.read), ("write", bound.write), ("read_back", bound.read_back)):
            rows.append(
                (crm, purpose.replace("_", " "), made.get(purpose, 0), fewest, ratio(made.get(purpose, 0), fewest))
            )
        counted = sum(count for purpose, count in made.items() if purpose not in APART)
        rows.append((crm, "all", counted, bound.total, ratio(counted, bound.total)))
    console.print(table(["CRM", "purpose", "calls", "lower bound", "ratio"], rows, right=(2, 3, 4)))


def ratio(made: int, fewest: int) -> str:
    """Write calls made over the fewest possible."""
    return f"{made / fewest:.2f}" if fewest else "-"


def _apart(made: Mapping[str, int]) -> int:
    return sum(made.get(purpose, 0) for purpose in APART)
