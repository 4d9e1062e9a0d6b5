"""The key ``on_conflict`` under ``write``: whose value stays where somebody changed a value of ours."""

from __future__ import annotations

import re
from typing import Final

from leadline.common.vocabulary import ACCOUNT_OBJECTS, PERSON_OBJECTS
from leadline.common.yamltree import Node, Scalar
from leadline.rules.model import OnConflict, WriteTargets
from leadline.rules.nearest import nearest
from leadline.rules.reading.durations import duration
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import short

WORDS: Final = {
    "leadline wins": OnConflict("leadline"),
    "human wins": OnConflict("human"),
    "newest": OnConflict("newest"),
    "report only": OnConflict("report"),
}
FOR: Final = re.compile(r"human wins for (.+)")


def read_policies(reading: Reading, node: Node, targets: WriteTargets) -> dict[str, OnConflict]:
    """Return the policy of each field named, by ``Field`` or ``Object.Field``; only written fields have one."""
    objects = (*PERSON_OBJECTS[targets.crm], ACCOUNT_OBJECTS[targets.crm])
    qualified = [f"{name}.{field}" for name in objects for field in targets.fields_of(name)]
    known = tuple(dict.fromkeys((*targets.all_fields(), *targets.account_fields(), *qualified)))
    found: dict[str, OnConflict] = {}
    for entry in reading.report.entries(node, "`on_conflict`"):
        policy = _policy(reading, entry.value)
        if entry.name not in known:
            message = f"`on_conflict`: `{short(entry.name)}` is not written to {targets.crm}"
            reading.report.add(entry.key.mark, message, nearest(entry.name, known), "unknown-name")
        elif policy is not None:
            found[entry.name] = policy
    return found


def _policy(reading: Reading, node: Node) -> OnConflict | None:
    text = node.text.strip() if isinstance(node, Scalar) else ""
    match = FOR.fullmatch(text)
    if match is not None and isinstance(node, Scalar):
        stands = duration(reading.report, Scalar(match[1], match[1], node.mark), "`human wins for`")
        return OnConflict("human", stands) if stands is not None else None
    if text in WORDS:
        return WORDS[text]
    reading.report.wrong(node, f"a policy is one of {', '.join(WORDS)}, or human wins for 30d")
    return None
