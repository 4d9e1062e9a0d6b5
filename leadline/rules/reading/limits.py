"""The section ``guards``: limits that stop a plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from leadline.common.values import CRMS, Crm
from leadline.common.vocabulary import OWNER_FIELDS
from leadline.common.yamltree import MappingNode, Node, Scalar
from leadline.rules.model import Guards, WriteTargets
from leadline.rules.nearest import nearest
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import short

KEYS: Final = ("most", "backward", "to", "actions", "paths", "fields", *CRMS, "per_hour")


def read_guards(reading: Reading, node: Node, write: Mapping[Crm, WriteTargets]) -> Guards:
    """Return the guards; what is not said keeps its default. ``write`` says which fields a limit may name."""
    report = reading.report
    keys = report.keys(node, KEYS, "`guards`") or {}
    default = Guards()
    records, share = default.most_records, default.most_percent
    if "most" in keys:
        records, share = _most(reading, keys["most"].value)
    backward = (
        report.count(keys["backward"].value, "`backward`", lowest=0) if "backward" in keys else default.backward
    )
    inner = report.keys(keys["to"].value, reading.names.stages, "`to`") if "to" in keys else None
    counted = {
        stage: report.count(entry.value, f"the most people to `{stage}`", lowest=0)
        for stage, entry in (inner or {}).items()
    }
    actions = default.most_actions
    if "actions" in keys:
        actions = report.count(keys["actions"].value, "`actions`", lowest=0)
    to_stage = {stage: count for stage, count in counted.items() if count is not None}
    by_crm = {
        crm: report.count(keys[crm].value, f"the most records of {crm}", lowest=0) for crm in CRMS if crm in keys
    }
    return Guards(
        records,
        share,
        backward,
        to_stage,
        actions,
        paths=_paths(reading, keys["paths"].value) if "paths" in keys else {},
        fields=_fields(reading, keys["fields"].value, write) if "fields" in keys else {},
        crms={crm: count for crm, count in by_crm.items() if count is not None},
        per_hour=report.count(keys["per_hour"].value, "`per_hour`") if "per_hour" in keys else None,
    )


RECORDS: Final = re.compile(r"[0-9]{1,9}")
SHARE: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%")


def _paths(reading: Reading, node: Node) -> dict[str, int]:
    """Return the most people by move; each move is written `mql -> recycled`."""
    report, found = reading.report, {}
    if not isinstance(node, MappingNode):
        report.wrong(node, "`paths` is a mapping (`mql -> recycled: 100`)")
        return {}
    for entry in node.entries:
        ends = [end.strip() for end in entry.name.split("->")]
        unknown = [end for end in ends if end not in reading.names.stages]
        if len(ends) != 2:
            report.wrong(entry.key, "a limit under `paths` names one move, such as `mql -> recycled`")
            continue
        for end in unknown:
            hint = nearest(end, reading.names.stages)
            report.add(entry.key.mark, f"stages: there is no `{short(end)}`", hint, "unknown-name")
        count = report.count(entry.value, f"the most people from `{short(entry.name)}`", lowest=0)
        if count is not None and not unknown:
            found[" -> ".join(ends)] = count
    return found


def _fields(reading: Reading, node: Node, write: Mapping[Crm, WriteTargets]) -> dict[Crm, Mapping[str, int]]:
    """Return the most records by CRM and field, of those that `write` names and the owner's."""
    report = reading.report
    found: dict[Crm, Mapping[str, int]] = {}
    inner = report.keys(node, CRMS, "`fields` under `guards`") or {}
    for crm in (crm for crm in CRMS if crm in inner):
        own = (write[crm].all_fields(), write[crm].account_fields()) if crm in write else ()
        named = tuple(dict.fromkeys(field for one in own for field in one))
        keys = report.keys(inner[crm].value, (*named, OWNER_FIELDS[crm]), f"`{crm}` under `fields`") or {}
        counts = {
            name: report.count(entry.value, f"the most records of `{name}`", lowest=0) for name, entry in keys.items()
        }
        found[crm] = {name: count for name, count in counts.items() if count is not None}
    return found


def _most(reading: Reading, node: Node) -> tuple[int | None, Decimal | None]:
    records: int | None = None
    share: Decimal | None = None
    text = node.text if isinstance(node, Scalar) else ""
    for part in re.split(r"\s+or\s+", text.strip()):
        match = SHARE.fullmatch(part)
        if match and share is None and Decimal(match[1]) <= 100:
            share = Decimal(match[1])
        elif RECORDS.fullmatch(part) and records is None:
            records = int(part)
        else:
            reading.report.wrong(node, "`most` is a number of records, a percentage, or both: 2000 or 10%")
            break
    return records, share
