"""The plan file: canonical, hashed, and refused when anybody has edited it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from leadline.common.canonical import canonical_json
from leadline.common.errors import RefusedError, UsageError
from leadline.common.files import replace_file
from leadline.sync.plan.content import WRITES, canonical_parts, content_of, file_parts
from leadline.sync.plan.model import FORMAT, Plan
from leadline.sync.plan.packing import Writes
from leadline.sync.plan.parsing import PlanReader
from leadline.sync.plan.rows import Row
from leadline.sync.plan.scanning import Scanner, decoded

LARGEST: Final = 1 << 34
"""A plan of a million records with ten fields each is about 5 GB; more than this is not a plan of ours."""

_READ: Final = 1 << 20
"""Bytes of a plan file that are read at a time."""

_AGAIN: Final = "make the plan again with `leadline plan -o`"


def plan_hash(plan: Plan) -> str:
    """Return the SHA-256 over everything in the plan but its hash."""
    hashed = hashlib.sha256()
    for text in canonical_parts(plan):
        hashed.update(text.encode())
    return hashed.hexdigest()


def head_text(plan: Plan) -> str:
    """Return everything in the plan but its writes, as canonical JSON."""
    return canonical_json({**content_of(plan), "hash": plan.hash})


def save_plan(plan: Plan, path: Path) -> None:
    """Write the plan file at once or not at all; it holds personal data, so its owner alone may read it.

    Raises UsageError when the place cannot be written.
    """
    replace_file(path, file_parts(plan), private=True)


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
        with path.open("rb") as file:
            return _read(decoded(iter(lambda: file.read(_READ), b"")), str(path))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start}: not UTF-8, so not a plan file") from None


def read_kept(body: str, rows: Iterable[Row], name: str) -> Plan:
    """Return the plan of which ``head_text`` is kept, and its packed writes; an older version kept them with it."""
    reader = PlanReader(name)
    top = reader.mapping(Scanner([body]).document({WRITES: reader.packed}), "")
    return _checked(reader, top if WRITES in top else {**top, WRITES: Writes(rows)}, name)


def _read(texts: Iterator[str], name: str) -> Plan:
    """Read a plan of which only a part is in memory at a time: its writes are packed as they come."""
    reader = PlanReader(name)
    try:
        return _checked(reader, _document(reader, texts, name), name)
    except UnicodeEncodeError:
        raise UsageError(f"{name}: half a character (\\ud800 to \\udfff) in a text, so not a plan file") from None


def _document(reader: PlanReader, texts: Iterator[str], name: str) -> Mapping[str, Any]:
    try:
        return reader.mapping(Scanner(texts).document({WRITES: reader.packed}), "")
    except json.JSONDecodeError as error:
        raise UsageError(f"{name}:{error.lineno}:{error.colno}: not JSON: {error.msg}; {_AGAIN}") from None
    except UnicodeError:
        raise
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        raise UsageError(f"{name}: too deep or too large a number to be a plan") from None


def _checked(reader: PlanReader, top: Mapping[str, Any], name: str) -> Plan:
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
