"""The sections ``capacity`` and ``rotas``: how many may enter a stage a day, and who takes turns."""

from __future__ import annotations

import re
from typing import Final

from leadline.common.folding import fold
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar
from leadline.rules.model import Capacity, Rota
from leadline.rules.model.accounts import OWNER_TEAM
from leadline.rules.model.actions import OTHERWISE
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import Report, short

CAPACITY_KEYS: Final = ("most", "per", "best")
MOST: Final = re.compile(r"([0-9]{1,6}) a day")


def read_capacity(reading: Reading, node: Node) -> dict[str, Capacity]:
    """Return the capacities that could be read, by stage."""
    keys = reading.report.keys(node, reading.names.stages, "`capacity`") or {}
    read = (_capacity(reading, entry) for entry in keys.values())
    return {one.stage: one for one in read if one is not None}


def read_rotas(report: Report, node: Node) -> dict[str, Rota]:
    """Return the rotas by name: a list of members, or lists by part with ``otherwise``."""
    return {entry.name: _rota(report, entry) for entry in report.entries(node, "`rotas`")}


def _capacity(reading: Reading, entry: Entry) -> Capacity | None:
    report, what = reading.report, f"the capacity of `{short(entry.name)}`"
    keys = report.keys(entry.value, CAPACITY_KEYS, what)
    if keys is None:
        return None
    node = report.required(keys, "most", entry.key.mark, what)
    most = _most(report, node) if node is not None else None
    per = report.choice(keys["per"].value, (OWNER_TEAM, *reading.names.fields), "`per`") if "per" in keys else None
    best = report.choice(keys["best"].value, reading.names.scores, "`best`: scores") if "best" in keys else None
    return None if most is None else Capacity(entry.name, most, per, best, entry.key.mark)


def _most(report: Report, node: Node) -> int | None:
    found = MOST.fullmatch(" ".join(node.text.split())) if isinstance(node, Scalar) else None
    if found is None:
        report.wrong(node, "`most` is a number a day", "such as `15 a day`")
        return None
    return int(found[1])


def _rota(report: Report, entry: Entry) -> Rota:
    what = f"the rota `{short(entry.name)}`"
    if not isinstance(entry.value, MappingNode):
        return Rota(entry.name, {OTHERWISE: _members(report, entry.value, what)}, entry.key.mark)
    members: dict[str, tuple[str, ...]] = {}
    folded: dict[str, str] = {}
    for part in report.entries(entry.value, what):
        name = OTHERWISE if fold(part.name) == OTHERWISE else part.name
        if folded.setdefault(fold(name), name) != name:
            message = f"{what} has the parts `{short(folded[fold(name)])}` and `{short(name)}`"
            report.add(part.key.mark, message, "upper and lower case are the same", "twice")
        members[name] = _members(report, part.value, f"`{short(part.name)}` of {what}")
    if not members:
        report.add(entry.value.mark, f"{what} has no members", "name at least one", "empty-list")
    return Rota(entry.name, members, entry.key.mark)


def _members(report: Report, node: Node, what: str) -> tuple[str, ...]:
    names = report.texts(node, what)
    seen: set[str] = set()
    for name in names:
        if fold(name) in seen:
            report.add(
                node.mark, f"{what} names `{short(name)}` twice", "a member takes one turn in a round", "twice"
            )
        seen.add(fold(name))
    return names
