"""The page of a plan: what it would do by CRM, stage and field, its price, its first writes, what is not written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from leadline.common.canonical import raw_text
from leadline.common.masking import mask
from leadline.pages.charts import Series, bar_chart
from leadline.pages.shell import render_page, write_page
from leadline.sync.guards import GuardStop
from leadline.sync.plan.model import Plan
from leadline.sync.plan.packing import Writes
from leadline.sync.plan.write import PlannedWrite

MOST_SHOWN: Final = 500
MOST_DRAWN: Final = 20
SAMPLES: Final = 3
"""People of each move of whom every write is shown."""


def write_plan_page(path: Path, plan: Plan, stops: Sequence[GuardStop] = (), made: str = "") -> None:
    """Write the plan as one self-contained HTML file. Raises UsageError where it cannot be written."""
    write_page(path, plan_page(plan, stops, made))


def plan_page(plan: Plan, stops: Sequence[GuardStop] = (), made: str = "") -> str:
    """Return the plan as HTML; texts are masked as on a terminal. ``made`` says what it was made for, if anything."""
    fields: Counter[tuple[str, str, str]] = Counter()
    for written, count in plan.writes.fields().items():
        fields[written[:3]] += count
    shown = _first(plan.writes)
    moves = sorted(plan.counts.transitions.items(), key=lambda pair: (-pair[1], pair[0]))
    return render_page(
        "plan.html",
        hash=plan.hash,
        frontier=f"{plan.frontier:%Y-%m-%d %H:%M}Z",
        made=made or plan.only,
        adoption=plan.adoption,
        stops=[str(stop) for stop in stops],
        cards=[
            (f"{plan.record_count():,}", "records"),
            (f"{plan.counts.people:,}", "people"),
            (f"{len(plan.effects):,}", "actions"),
            (f"{plan.counts.backward:,}", "people back or off the main path"),
        ],
        calls=[(crm, calls.get("write", 0), calls.get("read_back", 0)) for crm, calls in sorted(plan.calls.items())],
        moves=[(_arrow(move), f"{people:,}") for move, people in moves],
        moves_chart=bar_chart(
            "people by move, the most frequent ones",
            [_arrow(move) for move, _ in moves[:MOST_DRAWN]],
            [Series("people", [people for _, people in moves[:MOST_DRAWN]])],
        ),
        fields=[(crm, name, field, f"{count:,}") for (crm, name, field), count in sorted(fields.items())],
        groups=list(_groups(plan)),
        writes=[_row(write) for write in shown],
        more=len(plan.writes) - len(shown),
        effects=sorted(plan.counts.effects.items()),
        not_written=[(item.crm, item.object, f"{item.records:,}", item.reason) for item in plan.not_written],
        held=[(item.kind, f"{item.effects:,}", item.reason) for item in plan.held],
    )


def _first(writes: Writes) -> list[PlannedWrite]:
    """Return all writes, or of each object the first ones, so that one does not hide the others."""
    if len(writes) <= MOST_SHOWN:
        return list(writes)
    objects = sorted(writes.records())
    each = MOST_SHOWN // len(objects)
    return [write for crm, name in objects for write in islice(writes.of_object(crm, name), each)]


@dataclass(slots=True)
class _Moving:
    """What is written of the people who make one move, counted, and of some of them every write."""

    people: int = 0
    backward: bool = False
    fields: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: dict[str, list[PlannedWrite]] = field(default_factory=dict)


def _groups(plan: Plan) -> Iterator[dict[str, object]]:
    """Yield the moves that most people make first, each with what is written of them in all and for some of them.

    What is written for people who do not move comes last.
    """
    groups: dict[str, _Moving] = {}
    wanted = {effect.person for effect in plan.effects}
    moves: dict[str, str] = {}
    for move, writes in plan.writes.by_move():
        person, told = writes[0].person, (move.transition if move is not None else None) or ""
        group = groups.setdefault(told, _Moving())
        group.backward |= any(write.backward for write in writes)
        group.fields.update((write.ref.crm, write.field) for write in writes)
        if person in group.samples or len(group.samples) < SAMPLES:
            group.samples.setdefault(person, []).extend(writes)
        if person in wanted:
            moves[person] = told
    for move, people in plan.writes.movers().items():
        groups[(move.transition if move is not None else None) or ""].people += people
    effects: dict[str, Counter[str]] = {}
    for effect in plan.effects:
        effects.setdefault(moves.get(effect.person, ""), Counter())[effect.kind] += 1
    for told in sorted(groups, key=lambda told: (not told, -groups[told].people, told)):
        group = groups[told]
        yield {
            "move": _arrow(told),
            "people": f"{group.people:,}",
            "backward": group.backward,
            "fields": [(crm, name, f"{count:,}") for (crm, name), count in sorted(group.fields.items())],
            "effects": sorted(effects.get(told, Counter()).items()),
            "samples": [_row(write)[:-2] + _row(write)[-1:] for own in group.samples.values() for write in own],
            "shown": len(group.samples),
        }


def _arrow(move: str) -> str:
    return move.replace("->", "→")


def _row(write: PlannedWrite) -> tuple[str, ...]:
    old = raw_text(write.old)
    free = write.kind == "text" and " " in old.strip()
    shown = "(other text)" if free else mask(old)
    new = "(cleared)" if write.new is None else mask(raw_text(write.new))
    return (str(write.ref), write.person, write.field, shown, new, write.transition or "", write.decision)
