"""The plan file: canonical, hashed, and refused when anybody has edited it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from leadline.common.canonical import digest, instant_text
from leadline.common.errors import RefusedError, UsageError
from leadline.sync.plan.model import FORMAT, Plan, PlannedEffect, PlannedWrite
from leadline.sync.plan.parsing import PlanReader, raw_to_json

LARGEST: Final = 1 << 30
"""A plan of a million records is about 500 MB; more than this is not a plan of ours."""


_AGAIN: Final = "make the plan again with `leadline plan -o`"


def plan_hash(plan: Plan) -> str:
    """Return the SHA-256 over everything in the plan but its hash."""
    return digest(_content(plan))


def plan_text(plan: Plan) -> str:
    """Return the plan file's text: sorted keys, one line a value, so that two plans can be compared by line."""
    return json.dumps({**_content(plan), "hash": plan.hash}, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def save_plan(plan: Plan, path: Path) -> None:
    """Write the plan file at once or not at all. Raises UsageError when the place cannot be written."""
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_text(plan_text(plan), encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UsageError(f"{path}: the plan cannot be written there: {error.strerror}") from None


def require_place(path: Path) -> None:
    """Raise UsageError where ``save_plan`` could not write, so that nobody waits for a pull first."""
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no directory {path.parent}; make it, or write the plan elsewhere")
    if not os.access(path.absolute().parent, os.W_OK):
        raise UsageError(f"{path}: the plan cannot be written there: this user may not write to {path.parent}")


def load_plan(path: Path) -> Plan:
    """Read a plan file. Raises UsageError where it is not one, RefusedError where its content was edited."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path}: larger than any plan; is this the file that `leadline plan -o` wrote?")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start}: not UTF-8, so not a plan file") from None
    return parse_plan(text, str(path))


def parse_plan(text: str, name: str = "plan") -> Plan:
    """Turn a plan file's text into the plan; ``name`` is said in errors."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{name}:{error.lineno}:{error.colno}: not JSON: {error.msg}; {_AGAIN}") from None
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        raise UsageError(f"{name}: too deep or too large a number to be a plan") from None
    reader = PlanReader(name)
    top = reader.mapping(content, "")
    if type(top.get("format")) is not int or top["format"] != FORMAT:
        raise UsageError(
            f"{name}: format: {top.get('format')!r} is not a plan format that this version reads ({FORMAT}); {_AGAIN}"
        )
    plan = reader.plan(top)
    if plan_hash(plan) != plan.hash:
        raise RefusedError(
            f"{name}: the content does not match its hash, so the file was edited or cut short; "
            f"nothing was written; {_AGAIN}"
        )
    return plan


def _content(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON; what only books with actions have is left out of the plans of others."""
    content = _writes(plan)
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


def _writes(plan: Plan) -> dict[str, Any]:
    return {
        "format": plan.format,
        "cycle": plan.cycle,
        "frontier": instant_text(plan.frontier),
        "book_hash": plan.book_hash,
        "organisations": dict(plan.organisations),
        "adoption": plan.adoption,
        "writes": [_write(write) for write in plan.writes],
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


def _write(write: PlannedWrite) -> dict[str, Any]:
    told = {"effect": write.effect, "account": write.account}
    return _field_write(write) | {name: value for name, value in told.items() if value is not None}


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
