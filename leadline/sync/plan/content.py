"""What stands in a plan file, as canonical text and as lines, part by part: the writes come last and are many."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from leadline.common.canonical import canonical_json, instant_text
from leadline.sync.plan.model import Plan, PlannedEffect
from leadline.sync.plan.parsing import raw_to_json
from leadline.sync.plan.write import PlannedWrite

WRITES: Final = "writes"
"""The member that sorts last, after everything that ``content_of`` returns."""


def canonical_parts(plan: Plan) -> Iterator[str]:
    """Yield the canonical JSON of everything in the plan but its hash."""
    yield canonical_json(content_of(plan))[:-1] + f',"{WRITES}":['
    between = ""
    for write in plan.writes:
        yield between + _CANONICAL(write_data(write))
        between = ","
    yield "]}"


def file_parts(plan: Plan) -> Iterator[str]:
    """Yield the plan file's text: sorted keys, one line a value, so that two plans can be compared by line."""
    head = json.dumps({**content_of(plan), "hash": plan.hash}, sort_keys=True, indent=1, ensure_ascii=False)
    yield f'{head[:-2]},\n "{WRITES}": ['
    between = "\n"
    for write in plan.writes:
        text = _BY_LINE(write_data(write))
        yield f"{between}  {{\n   {text[1:-1]}\n  }}"
        between = ",\n"
    yield "\n ]\n}\n" if plan.writes else "]\n}\n"


_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_BY_LINE: Final = json.JSONEncoder(sort_keys=True, separators=(",\n   ", ": "), ensure_ascii=False).encode


def content_of(plan: Plan) -> dict[str, Any]:
    """Return the plan but its hash and its writes as JSON; what only books with actions have others do without."""
    content = _head(plan)
    if plan.effects:
        content["effects"] = [_effect(effect) for effect in plan.effects]
        content["counts"]["effects"] = dict(plan.counts.effects)
    if plan.undoes:
        content["undoes"] = plan.undoes
    if plan.only:
        content["only"] = plan.only
    if plan.held:
        content["held"] = [{"kind": item.kind, "reason": item.reason, "effects": item.effects} for item in plan.held]
    return content


def _head(plan: Plan) -> dict[str, Any]:
    return {
        "format": plan.format,
        "cycle": plan.cycle,
        "frontier": instant_text(plan.frontier),
        "book_hash": plan.book_hash,
        "organisations": dict(plan.organisations),
        "adoption": plan.adoption,
        "calls": {crm: dict(calls) for crm, calls in plan.calls.items()},
        "counts": {
            "records": dict(plan.counts.records),
            "stages": dict(plan.counts.stages),
            "transitions": dict(plan.counts.transitions),
            "backward": plan.counts.backward,
            "people": plan.counts.people,
        },
        "not_written": [
            {"crm": item.crm, "object": item.object, "reason": item.reason, "records": item.records}
            for item in plan.not_written
        ],
    }


def _effect(effect: PlannedEffect) -> dict[str, Any]:
    ref = effect.ref
    return {
        "key": effect.key,
        "person": effect.person,
        "kind": effect.kind,
        "at": instant_text(effect.at),
        "cause": effect.cause,
        "number": effect.number,
        "decision": effect.decision,
        "record": {"crm": ref.crm, "object": ref.object, "id": ref.id} if ref is not None else None,
        "payload": {name: raw_to_json(value) for name, value in effect.payload.items()},
        "title": effect.title,
    }


def write_data(write: PlannedWrite) -> dict[str, Any]:
    """Return one write as JSON."""
    made = _field_write(write)
    if write.effect is not None:
        made["effect"] = write.effect
    if write.account is not None:
        made["account"] = write.account
    return made


def _field_write(write: PlannedWrite) -> dict[str, Any]:
    return {
        "crm": write.ref.crm,
        "object": write.ref.object,
        "id": write.ref.id,
        "person": write.person,
        "field": write.field,
        "kind": write.kind,
        "old": raw_to_json(write.old),
        "new": raw_to_json(write.new),
        "decision": write.decision,
        "phase": write.phase,
        "stage": write.stage,
        "transition": write.transition,
        "backward": write.backward,
        "basis": write.basis,
    }
