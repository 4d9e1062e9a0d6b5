"""How recycling looks: who left, who came back, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadline.common.canonical import plain
from leadline.sync.reports.funnel import FEWEST
from leadline.sync.reports.recycle import AwayLine, RecycleReport
from leadline.terminal.reports.sheets import Sheet, Told, basis_line, for_machines, nobody_yet, share_cells

DEFINITIONS = (
    "Away is every stay in a stage off the main path that began while a rule book was active. Who came back entered a"
    " stage of the main path from there; who went elsewhere entered another stage off it.",
    "A share is of all who went away, those who may come back yet too. Its interval is Wilson's, 95 %. Times are of"
    " those who come back, and those who are still away count for so long (Aalen and Johansen's estimate).",
    "What became of them is the furthest stage from the return on, until they left the main path again.",
    f"* marks fewer than {FEWEST} that went away: they say little.",
)
COLUMNS = ("went away", "came back", "went elsewhere", "still away", "share back", "95 % interval",
           "a quarter within", "median", "three quarters within")  # fmt: skip


def recycle_data(found: RecycleReport) -> dict[str, Any]:
    """Return the report for machines; times are whole seconds."""
    return {
        "ok": True,
        "frontier": plain(found.basis.frontier),
        "zone": found.basis.zone,
        "stages": [_machine(line) for line in found.stages],
        "reasons": [_machine(line) for line in found.reasons],
        "returned": for_machines(found.returned),
        "times": for_machines(found.times),
        "before": found.before,
        "definitions": list(DEFINITIONS),
    }


def told_recycle(found: RecycleReport) -> Told:
    """Return the whole report."""
    if found.basis.frontier is None:
        return nobody_yet("Recycling")
    went = sum(line.arrival.count for line in found.stages)
    back = sum(line.arrival.arrived for line in found.stages)
    findings = [f"{went:,} times somebody left the main path, {back:,} times somebody came back."]
    if found.before:
        findings.append(f"{found.before:,} were away before a rule book was active; they are left out.")
    basis = basis_line(found.basis)
    return Told(f"Recycling: {back:,} of {went:,} came back", basis, findings, list(_sheets(found)), DEFINITIONS)


def away_name(line: AwayLine) -> str:
    """Return what a line is called; few are marked."""
    name = line.stage if line.reason is None else f"{line.stage}: {line.reason}"
    return name + (" *" if line.arrival.count < FEWEST else "")


def _sheets(found: RecycleReport) -> Iterator[Sheet]:
    numbers = range(1, len(COLUMNS) + 1)
    rows = [_row(line) for line in found.stages]
    yield Sheet("stages", "Who came back, by stage", ["stage", *COLUMNS], rows, numbers)
    rows = [_row(line) for line in found.reasons]
    yield Sheet("reasons", "Who came back, by reason", ["stage and reason", *COLUMNS], rows, numbers)
    if found.returned:
        path = [stage for stage in found.basis.main_path if any(stage in line.furthest for line in found.returned)]
        lines = [(line.stage, line.returns, *(line.furthest.get(stage, 0) for stage in path), line.away)
                 for line in found.returned]  # fmt: skip
        columns = ["back from", "returns", *(f"up to {stage}" for stage in path), "left again"]
        yield Sheet("became", "What became of them", columns, lines, range(1, len(path) + 3))
        times = list(found.times.items())
        yield Sheet("times", "How often the same person came back", ["times", "people"], times, (0, 1))


def _row(line: AwayLine) -> tuple[object, ...]:
    found = line.arrival
    return (away_name(line), found.count, found.arrived, found.otherwise, found.open, *share_cells(line.share),
            found.lower, found.median, found.upper)  # fmt: skip


def _machine(line: AwayLine) -> dict[str, Any]:
    return {**for_machines(line), "share": for_machines(line.share)}
