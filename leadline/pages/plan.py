"""The page of a plan: what it would do by CRM, stage and field, its price, its first writes, what is not written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from leadline.common.masking import mask
from leadline.pages.charts import Series, bar_chart
from leadline.pages.shell import render_page, write_page
from leadline.sync.guards import GuardStop
from leadline.sync.plan.model import Plan, PlannedWrite
from leadline.sync.plan.normal import text_of

MOST_SHOWN: Final = 500
MOST_DRAWN: Final = 20
SAMPLES: Final = 3
"""People of each move of whom every write is shown."""


def write_plan_page(path: Path, plan: Plan, stops: Sequence[GuardStop] = (), made: str = "") -> None:
    """Write the plan as one self-contained HTML file. Raises UsageError where it cannot be written."""
    write_page(path, plan_page(plan, stops, made))


def plan_page(plan: Plan, stops: Sequence[GuardStop] = (), made: str = "") -> str:
    """Return the plan as HTML; texts are masked as on a terminal. ``made`` says what it was made for, if anything."""
    fields = Counter((write.ref.crm, write.ref.object, write.field) for write in plan.writes)
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
        writes=[_row(write) for write in plan.writes[:MOST_SHOWN]],
        more=max(0, len(plan.writes) - MOST_SHOWN),
        effects=sorted(plan.counts.effects.items()),
        not_written=[(item.crm, item.object, f"{item.records:,}", item.reason) for item in plan.not_written],
        held=[(item.kind, f"{item.effects:,}", item.reason) for item in plan.held],
    )


def _groups(plan: Plan) -> Iterator[dict[str, object]]:
    """Yield the moves that most people make first, each with what is written of them in all and for some of them.

    What is written for people who do not move comes last.
    """
    moves = {write.person: write.transition for write in plan.writes if write.transition is not None}
    groups: dict[str, dict[str, list[PlannedWrite]]] = {}
    for write in plan.writes:
        group = groups.setdefault(moves.get(write.person) or "", {})
        group.setdefault(write.person, []).append(write)
    effects: dict[str, Counter[str]] = {}
    for effect in plan.effects:
        effects.setdefault(moves.get(effect.person) or "", Counter())[effect.kind] += 1
    for move in sorted(groups, key=lambda move: (not move, -len(groups[move]), move)):
        people = groups[move]
        fields = Counter((write.ref.crm, write.field) for writes in people.values() for write in writes)
        chosen = list(people)[:SAMPLES]
        yield {
            "move": _arrow(move),
            "people": f"{len(people):,}",
            "backward": any(write.backward for writes in people.values() for write in writes),
            "fields": [(crm, field, f"{count:,}") for (crm, field), count in sorted(fields.items())],
            "effects": sorted(effects.get(move, Counter()).items()),
            "samples": [_row(write)[:-2] + _row(write)[-1:] for person in chosen for write in people[person]],
            "shown": len(chosen),
        }


def _arrow(move: str) -> str:
    return move.replace("->", "→")


def _row(write: PlannedWrite) -> tuple[str, ...]:
    old = text_of(write.old)
    free = write.kind == "text" and " " in old.strip()
    shown = "(other text)" if free else mask(old)
    new = "(cleared)" if write.new is None else mask(text_of(write.new))
    return (str(write.ref), write.person, write.field, shown, new, write.transition or "", write.decision)
