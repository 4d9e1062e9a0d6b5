"""How rejections look: reasons by where people were, who had them, where they came from and how good they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from leadline.common.canonical import plain
from leadline.common.masking import mask
from leadline.sync.reports.rejections import RejectedLine, RejectionsReport
from leadline.terminal.reports.sheets import Sheet, Told, basis_line, for_machines, nobody_yet, share_cells
from leadline.terminal.tables import percent

MOST_REASONS: Final = 6
"""Reasons that have a column of their own; the others share one. JSON has them all."""

HEADINGS: Final = {
    "target": "By the stage they went to",
    "stage": "By the stage they left",
    "team": "By the team of the stage they left",
    "owner": "By owner",
    "source": "By source",
    "band": "By grade just before",
}
DEFINITIONS = (
    "A rejection is a move from the main path to a stage off it since a rule book was first active, whether a rule, a"
    " seller's answer or a person decided it: the reason tells, in the words of the rule book.",
    "The owner is who had the person's first record just then, the team is the one that the rule book names for the"
    " stage that was left. Addresses are masked.",
    "The share of a stage is of all stays in it since a rule book was first active, those that go on too. Intervals"
    " are Wilson's, 95 %.",
)  # fmt: skip


def rejections_data(found: RejectionsReport) -> dict[str, Any]:
    """Return the report for machines; owners and sources are masked."""
    return {
        "ok": True,
        "frontier": plain(found.basis.frontier),
        "zone": found.basis.zone,
        "rejections": found.count,
        "people": found.people,
        "reasons": dict(found.reasons),
        "lines": [{**for_machines(line), "key": mask(line.key)} for line in found.lines],
        "definitions": list(DEFINITIONS),
    }


def told_rejections(found: RejectionsReport) -> Told:
    """Return the whole report."""
    if found.basis.frontier is None:
        return nobody_yet("Rejections")
    title = f"Rejections: {found.count:,} times, {found.people:,} people"
    return Told(title, basis_line(found.basis), list(_findings(found)), list(_sheets(found)), DEFINITIONS)


def lines_by(found: RejectionsReport, by: str) -> Sequence[RejectedLine]:
    """Return the lines that count by one thing, most first."""
    return [line for line in found.lines if line.by == by]


def _findings(found: RejectionsReport) -> Iterator[str]:
    if not found.count:
        yield "Nobody left the main path since a rule book was first active."
        return
    reason, most = next(iter(found.reasons.items()))
    yield f"The most frequent reason is {reason}: {most:,} of {found.count:,} ({percent(most, found.count)})."


def _sheets(found: RejectionsReport) -> Iterator[Sheet]:
    if not found.count:
        return
    rows = [(reason, count, percent(count, found.count)) for reason, count in found.reasons.items()]
    yield Sheet("reasons", "Reasons", ["reason", "rejections", "share"], rows, (1, 2))
    shown = list(found.reasons)[:MOST_REASONS]
    more = len(found.reasons) > MOST_REASONS
    for by, heading in HEADINGS.items():
        lines = lines_by(found, by)
        rated = by == "stage"
        columns = [by, "rejections", *(["stays", "share", "95 % interval"] if rated else ["share of all"]),
                   *shown, *(["other reasons"] if more else [])]  # fmt: skip
        cross = [_row(line, found.count, shown, more=more) for line in lines]
        if lines:
            yield Sheet(by, heading, columns, cross, range(1, len(columns)))


def _row(line: RejectedLine, whole: int, shown: Sequence[str], *, more: bool) -> tuple[object, ...]:
    counts = [line.reasons.get(reason, 0) for reason in shown]
    rest = [line.count - sum(counts)] if more else []
    if line.share is not None:
        return (mask(line.key), line.count, line.share.whole, *share_cells(line.share), *counts, *rest)
    return (mask(line.key), line.count, percent(line.count, whole), *counts, *rest)
