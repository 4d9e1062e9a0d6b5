"""The ladder of an SLA: what is done when a share of its target has passed, before and after it is due."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from leadline.common.marks import Mark
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar, SequenceNode
from leadline.rules.model import Rung, SlaTarget
from leadline.rules.reading.actions import read_actions
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import short

KEYS: Final = ("at", "do")
MOVE: Final = "move"
MOVE_KEYS: Final = ("to", "reason")
MOST_SHARE: Final = 100
"""Ten thousand percent of the target: far later than anybody would still be told."""
MOST_RUNGS: Final = 20
AT: Final = "`at` is a share of the target, such as 50%, or a time such as `2 business hours before`"


@dataclass(frozen=True, slots=True)
class Consequence:
    """A move that a rung makes."""

    share: Decimal
    to: str
    reason: str | None
    mark: Mark


def read_ladder(
    reading: Reading, node: Node, targets: tuple[SlaTarget, ...]
) -> tuple[tuple[Rung, ...], tuple[Consequence, ...]]:
    """Return the rungs in order of time, and the moves among what they do."""
    report = reading.report
    items = report.items(node)
    if not 0 < len(items) <= MOST_RUNGS:
        report.add(node.mark, f"`ladder` is a list of one to {MOST_RUNGS} rungs", "leave it out, or name some", "sla")
        return (), ()
    rungs: list[Rung] = []
    moves: list[Consequence] = []
    for item in items:
        keys = report.keys(item, KEYS, "a rung")
        if keys is None:
            continue
        at = report.required(keys, "at", item.mark, "a rung")
        do = report.required(keys, "do", item.mark, "a rung")
        share = _share(reading, at, targets) if at is not None else None
        if share is None or do is None:
            continue
        plain = [entry for part in report.items(do) for entry in _moves_in(part)]
        moves += [move for entry in plain if (move := _move(reading, entry, share)) is not None]
        rest = tuple(part for part in report.items(do) if not _moves_in(part))
        actions = read_actions(reading, SequenceNode(rest, do.mark), "`do`") if rest or not plain else ()
        rungs.append(Rung(share, actions, item.mark))
    for earlier, later in pairwise(rungs):
        if later.share <= earlier.share:
            report.add(later.mark, "this rung comes before the one above it", "put rungs in order of time", "sla")
    return tuple(rungs), tuple(moves)


def _moves_in(node: Node) -> tuple[Entry, ...]:
    """Return the entry ``move`` of an action, if it is one."""
    if isinstance(node, MappingNode) and len(node.entries) == 1 and node.entries[0].name == MOVE:
        return node.entries
    return ()


def _move(reading: Reading, entry: Entry, share: Decimal) -> Consequence | None:
    report = reading.report
    if isinstance(entry.value, Scalar):
        to = report.choice(entry.value, reading.names.stages, "`move`: stages")
        return Consequence(share, to, None, entry.key.mark) if to in reading.names.stages else None
    keys = report.keys(entry.value, MOVE_KEYS, "`move`")
    node = report.required(keys, "to", entry.value.mark, "`move`") if keys is not None else None
    to = report.choice(node, reading.names.stages, "`to`: stages") if node is not None else None
    reason = report.text(keys["reason"].value, "`reason`") if keys is not None and "reason" in keys else None
    return Consequence(share, to, reason, entry.key.mark) if to in reading.names.stages and to else None


def _share(reading: Reading, node: Node, targets: tuple[SlaTarget, ...]) -> Decimal | None:
    """Read ``50%``, or a time before or after the due instant as a share of the only target there is."""
    text = node.text.strip() if isinstance(node, Scalar) else ""
    percent = _PERCENT.fullmatch(text)
    if percent:
        share = Decimal(percent[1]) / 100
    else:
        beside = _BESIDE.fullmatch(text)
        found = _beside(reading, node, beside[1], beside[2] == "after", targets) if beside else None
        if found is None:
            if not beside:
                reading.report.wrong(node, AT)
            return None
        share = found
    if 0 < share <= MOST_SHARE:
        return share
    message = f"`{short(text)}` lies before the start" if share <= 0 else "a rung is at most 10000% of the target"
    reading.report.add(node.mark, message, AT, "out-of-range")
    return None


def _beside(reading: Reading, node: Node, text: str, after: bool, targets: tuple[SlaTarget, ...]) -> Decimal | None:
    from leadline.rules.business_time.targets import parse_target

    hint = "write a share, such as 50%"
    try:
        apart = parse_target(text)
        whole = parse_target(targets[0].target) if targets else apart
    except ValueError as error:
        reading.report.add(node.mark, str(error), hint, "sla")
        return None
    if len(targets) > 1 or apart.unit is not whole.unit or not whole.amount:
        message = "a time before or after needs one target, in the same unit"
        reading.report.add(node.mark, message, hint, "sla")
        return None
    share = Decimal(whole.amount + (apart.amount if after else -apart.amount)) / whole.amount
    return share.quantize(_EXACT).normalize()


_EXACT: Final = Decimal("1e-15")
_PERCENT: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) ?%")
_BESIDE: Final = re.compile(r"(\S.*) (before|after)")
