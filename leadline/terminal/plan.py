"""How a plan looks: what it would do by CRM, stage and field, its price, and its first writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from leadline.common.canonical import Streamed, plain
from leadline.common.masking import mask, mask_email
from leadline.rules.deciding.words import stage_title
from leadline.sync.cycle import PlannedResult
from leadline.sync.plan.model import Plan, PlannedEffect
from leadline.sync.plan.packing import Writes
from leadline.sync.plan.write import PlannedWrite
from leadline.sync.results import EvaluationResult
from leadline.terminal.pull import evaluation_data, pull_data, render_pull
from leadline.terminal.slas import edit_lines
from leadline.terminal.tables import percent, table

if TYPE_CHECKING:
    from rich.console import Console

HEAD = 12

_TOLD: Final = frozenset({"subject", "text"})
"""What of an effect is written about the person."""


def planned_data(result: PlannedResult, out: Path | None) -> dict[str, Any]:
    """Return the result of `plan` for machines, every write included."""
    return {
        "ok": not result.stops,
        "pull": pull_data(result.pull),
        "evaluation": evaluation_data(result.evaluation),
        "stock": plain(result.stock),
        "plan": masked_plan(result.plan),
        "stops": [str(stop) for stop in result.stops],
        "kept": result.kept,
        "calls": plain(result.calls),
        "output": str(out) if out else None,
    }


def masked_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan for machines that read a screen: what tasks, notes and notices say stands in the file alone."""
    data: dict[str, Any] = {
        item.name: plain(getattr(plan, item.name)) for item in fields(plan) if item.name != "writes"
    }
    for effect in data.get("effects", ()):
        effect["payload"] = {name: "***" if name in _TOLD else value for name, value in effect["payload"].items()}
    return data | {"writes": Streamed(len(plan.writes), lambda: map(_masked_write, plan.writes))}


def _masked_write(write: PlannedWrite) -> dict[str, Any]:
    data: dict[str, Any] = plain(write)
    return data | {name: mask_email(data[name]) for name in ("old", "new") if isinstance(data[name], str)}


def render_planned(console: Console, result: PlannedResult, out: Path | None, stages: Sequence[str] = ()) -> None:
    """Print what was pulled, the funnel, the plan, and what stands in its way. ``stages``: the book's, in order."""
    render_pull(console, result.pull, result.calls)
    render_funnel(console, result.stock, stages)
    render_moves(console, result.evaluation)
    render_plan(console, result.plan, out)
    for stop in result.stops:
        console.print(f"stopped by {stop}", markup=False)
    if result.stops:
        console.print("Nothing of this plan would be written: `leadline apply` refuses it.")
    if out is not None:
        then = "" if result.plan.empty or result.stops else f" `leadline apply {out}` writes it to the CRMs."
        console.print(f"Saved in {out}.{then}", markup=False)


def render_funnel(console: Console, stock: Mapping[str, int], stages: Sequence[str] = ()) -> None:
    """Print people by stage as the plan has them, in the order of ``stages``; stages unknown there come last."""
    people = sum(stock.values())
    if not people:
        console.print("Nobody has a stage: no person was read, or the book's `scope` leaves everybody out.")
        return
    order = [*(stage for stage in stages if stage in stock), *(stage for stage in stock if stage not in stages)]
    rows = [(stage, stock[stage], percent(stock[stage], people)) for stage in order]
    console.print(table(["stage", "people", "share"], rows, right=(1, 2)))


def render_moves(console: Console, evaluation: EvaluationResult) -> None:
    """Print how often each move was decided just now, and what a changed book does to timers that run."""
    if evaluation.moves:
        rows = [(move.replace("->", " -> "), count) for move, count in evaluation.moves.items()]
        console.print(table(["moves", "people"], rows, right=(1,)))
    for line in edit_lines(evaluation.timers):
        console.print(line, markup=False)


_HELD_BACK = ("hidden", "read-only", "parked")
"""Words of reasons that keep a CRM from agreeing with the decisions; the others are as the book wants it."""


def render_plan(console: Console, plan: Plan, out: Path | None = None, *, head: int = HEAD) -> None:
    """Print a plan's summary, its call forecast and its first ``head`` writes; ``out`` is the file that has all."""
    if plan.empty:
        console.print(f"Plan {plan.hash[:12]}: nothing to write.{_why_empty(plan)}", markup=False)
        render_not_written(console, plan)
        return
    kind = "adoption (first run): " if plan.adoption else ""
    count = len(plan.effects)
    and_effects = f", {count:,} action{'' if count == 1 else 's'}" if count else ""
    records, people = plan.record_count(), plan.counts.people
    console.print(
        f"Plan {plan.hash[:12]}: {kind}{len(plan.writes):,} values on {records:,} records of {people:,} people"
        + and_effects,
        markup=False,
    )
    touched = sorted({*plan.counts.records, *(crm for crm, calls in plan.calls.items() if calls.get("write"))})
    rows = [
        (crm, plan.counts.records.get(crm, 0), *(plan.calls.get(crm, {}).get(what, 0) for what in _PRICED))
        for crm in touched
    ]
    console.print(table(["CRM", "records", "calls to write", "calls to read back"], rows, right=(1, 2, 3)))
    if plan.counts.stages:
        console.print(table(["stage written", "people"], plan.counts.stages.items(), right=(1,)))
    if plan.counts.backward:
        who = "person goes" if plan.counts.backward == 1 else "people go"
        console.print(f"{plan.counts.backward:,} {who} back or off the main path.", markup=False)
    render_not_written(console, plan)
    if plan.writes:
        _writes(console, plan.writes, out, head)
    _effects(console, plan, head)


def _why_empty(plan: Plan) -> str:
    """Return what an empty plan tells of the CRMs: one that takes another back says nothing of the decisions."""
    if plan.undoes:
        return ""
    if any(word in item.reason for item in plan.not_written for word in _HELD_BACK):
        return " But not everything could be written: see below."
    if plan.only:
        return f" What was compared ({plan.only}) agrees with the decisions."
    agree = "Both CRMs agree" if len(plan.organisations) > 1 else "The CRM agrees"
    return f" {agree} with the decisions."


def _writes(console: Console, writes: Writes, out: Path | None, head: int) -> None:
    ours = _own_words(writes)
    rows = [
        (write.person, f"{write.ref.object}/{write.ref.id}", write.field, _old(write, ours), _value(write.new),
         write.decision)
        for write in _varied(writes, head)
    ]  # fmt: skip
    console.print(table(["person", "record", "field", "old", "new", "decision"], rows))
    if len(writes) > len(rows):
        where = f"{out} has" if out is not None else "`leadline plan -o plan.json` saves"
        console.print(f"... and {len(writes) - len(rows):,} more; {where} them all.", markup=False)


def _effects(console: Console, plan: Plan, head: int) -> None:
    """Print effects by kind and the first of them; what is sent may hold personal data, so only the file has it."""
    if not plan.effects:
        return
    console.print(table(["action", "count"], plan.counts.effects.items(), right=(1,)))
    rows = [
        (effect.person, effect.kind, _record(effect), mask(effect.title), effect.cause, _late(plan, effect))
        for effect in plan.effects[:head]
    ]
    console.print(table(["person", "action", "record", "what", "because", "late"], rows))
    if len(plan.effects) > len(rows):
        console.print(f"... and {len(plan.effects) - len(rows):,} more actions.", markup=False)


def _record(effect: PlannedEffect) -> str:
    return f"{effect.ref.object}/{effect.ref.id}" if effect.ref is not None else "-"


def _late(plan: Plan, effect: PlannedEffect) -> str:
    """Say how late an effect is: within an hour of what caused it, it is in time."""
    hours = (plan.frontier - effect.at) // timedelta(hours=1)
    return "" if hours < 1 else f"{hours} h" if hours < _DAYS_FROM else f"{hours // 24} d"


_DAYS_FROM = 48
_PRICED = ("write", "read_back")


def _varied(writes: Writes, head: int) -> list[PlannedWrite]:
    """Choose writes of each (CRM, field), those of stages first: a short head still shows what a plan is about.

    Of each kind the writes of people who move come first, so that the head tells their whole story.
    """
    kinds: dict[tuple[bool, str, str], tuple[list[PlannedWrite], list[PlannedWrite]]] = {}
    for move, group in writes.by_move():
        for write in group:
            moving, others = kinds.setdefault((write.stage is None, write.ref.crm, write.field), ([], []))
            own = others if move is None or move.stage is None else moving
            if len(own) < head:
                own.append(write)
    each = max(1, head // max(1, len(kinds)))
    found = (kinds[kind] for kind in sorted(kinds))
    return [write for moving, others in found for write in (*moving, *others)[:each]][:head]


def _value(value: object) -> str:
    return "(empty)" if value in (None, "") else mask_email(str(value))


def _old(write: PlannedWrite, ours: frozenset[str]) -> str:
    """Show what a field held, but not the free text of a person, which may name anybody; plan.json has it."""
    old = str(write.old or "")
    free = write.kind == "text" and " " in old.strip() and old != write.new and old.partition(":")[0] not in ours
    return "(other text)" if free else mask(_value(write.old)) if write.kind == "text" else _value(write.old)


def _own_words(writes: Writes) -> frozenset[str]:
    """Return how our own reasons begin: with the stage that this plan writes or comes from."""
    stages = {str(move.transition).partition(" ->")[0] for move in writes.moves if move.transition}
    begun = {str(write.new).partition(":")[0] for write in writes if write.kind == "text" and ":" in str(write.new)}
    return frozenset(begun | {stage_title(stage) for stage in stages})


def render_not_written(console: Console, plan: Plan) -> None:
    """Print what is due and held back, and which records are not written though they differ, each with its reason."""
    for held in plan.held:
        times = f"{held.effects:,} x " if held.effects > 1 else ""
        console.print(f"held back: {times}{held.kind}: {held.reason}", markup=False)
    for item in plan.not_written:
        console.print(f"not written: {item.records:,} {item.crm} {item.object}: {item.reason}", markup=False)
