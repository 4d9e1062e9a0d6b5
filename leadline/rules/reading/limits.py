"""The section ``guards``: limits that stop a plan."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from leadline.common.yamltree import Node, Scalar
from leadline.rules.model import Guards
from leadline.rules.reading.names import Reading

KEYS: Final = ("most", "backward", "to", "actions")


def read_guards(reading: Reading, node: Node) -> Guards:
    """Return the guards; what is not said keeps its default."""
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
    return Guards(records, share, backward, to_stage, actions)


RECORDS: Final = re.compile(r"[0-9]{1,9}")
SHARE: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%")


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
