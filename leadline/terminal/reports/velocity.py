"""How velocity looks: quartiles from stage to stage, and week by week."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadline.common.canonical import plain
from leadline.common.survival import Arrival
from leadline.sync.reports.funnel import FEWEST
from leadline.sync.reports.velocity import StepLine, VelocityReport
from leadline.terminal.reports.sheets import Sheet, Told, basis_line, for_machines, nobody_yet
from leadline.terminal.tables import cell

WEEKS_SHOWN = 26
"""Weeks of each step that a page shows, the latest ones; JSON has them all."""
WEEKS_PRINTED = 12
"""Weeks of the table of medians."""

DEFINITIONS = (
    "Times run from entering the first stage to entering the second, both in person. A quarter, half and three"
    " quarters are of those who arrive.",
    "Who is still on the way counts for as long as they have been, and who left the main path or began a new pass"
    " counts as left (Aalen and Johansen's estimate): without that, recent weeks would look quicker than they are.",
    "Dates that the CRMs had when a rule book took over are believed; who was put into a stage by the taking over has"
    " no date for it, and is left out.",
    f"A week is that of entering the first stage. * marks fewer than {FEWEST} that entered: they say little.",
)
COLUMNS = ("entered", "arrived", "left", "on the way", "a quarter within", "median", "three quarters within")


def velocity_data(found: VelocityReport) -> dict[str, Any]:
    """Return the report for machines; times are whole seconds."""
    return {
        "ok": True,
        "frontier": plain(found.basis.frontier),
        "zone": found.basis.zone,
        "people": found.people,
        "steps": for_machines(found.steps),
        "whole": for_machines(found.whole),
        "definitions": list(DEFINITIONS),
    }


def told_velocity(found: VelocityReport) -> Told:
    """Return the whole report."""
    if found.basis.frontier is None:
        return nobody_yet("Velocity")
    return Told(
        f"Velocity: {found.people:,} people",
        basis_line(found.basis),
        list(_findings(found)),
        list(_sheets(found)),
        DEFINITIONS,
    )


def lines_of(found: VelocityReport) -> list[StepLine]:
    """Return every step, the whole path last."""
    return [*found.steps, *([found.whole] if found.whole is not None else [])]


def step_name(step: StepLine) -> str:
    """Return what a step is called."""
    return f"{step.source} -> {step.target}"


def _sheets(found: VelocityReport) -> Iterator[Sheet]:
    lines = lines_of(found)
    rows = [(step_name(step) + _few(step.arrival), *_cells(step.arrival)) for step in lines]
    numbers = range(1, len(COLUMNS) + 1)
    yield Sheet("steps", "From stage to stage", ["step", *COLUMNS], rows, numbers)
    latest = sorted({week.week for step in found.steps for week in step.weeks})[-WEEKS_PRINTED:]
    by_week = [{week.week: week.arrival for week in step.weeks} for step in found.steps]
    medians = [(f"{week:%Y-%m-%d}", *(_short(weeks.get(week)) for weeks in by_week)) for week in latest]
    columns = ["week of", *(step_name(step) for step in found.steps)]
    said = "The median, and in brackets how many entered the step's first stage in that week."
    yield Sheet("weeks", "Median by week", columns, medians, range(1, len(columns)), said)
    for step in lines:
        weeks = [week for week in step.weeks if week.arrival.count][-WEEKS_SHOWN:]
        if step.arrival.arrived:
            rows = [(f"{week.week:%Y-%m-%d}{_few(week.arrival)}", *_cells(week.arrival)) for week in weeks]
            said = f"The last {WEEKS_SHOWN} weeks in which anybody entered {step.source}."
            yield Sheet(
                step_name(step), f"{step_name(step)}, by week", ["week of", *COLUMNS], rows, numbers, said, deep=True
            )


def _findings(found: VelocityReport) -> Iterator[str]:
    for step in found.steps:
        if step.arrival.count >= FEWEST and step.arrival.median is not None:
            break
    else:
        yield f"Fewer than {FEWEST} passes entered each stage in person: too few to say how long anything takes."


def _cells(arrival: Arrival) -> tuple[object, ...]:
    return (arrival.count, arrival.arrived, arrival.otherwise, arrival.open, arrival.lower, arrival.median,
            arrival.upper)  # fmt: skip


def _short(arrival: Arrival | None) -> str | None:
    return None if arrival is None else f"{cell(arrival.median)} ({arrival.count:,}){_few(arrival)}"


def _few(arrival: Arrival) -> str:
    return " *" if arrival.count < FEWEST else ""
