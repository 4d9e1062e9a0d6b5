"""How much a run moved, and the fewest calls that could have moved it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leadline.common.values import Crm
from leadline.connectors.protocol import ReadConnector
from leadline.rules.model import Book
from leadline.sync.bounds import Bound, Work, lower_bounds
from leadline.sync.needs import needs_of
from leadline.sync.plan.model import Plan
from leadline.sync.results import PullResult

_LINKED_ACTIVITIES = frozenset({"call", "meeting", "task", "note", "one_to_one_email"})
"""HubSpot engagements name the people they are about only by association."""


def bounds_of(
    book: Book, readers: Mapping[Crm, ReadConnector], pulled: PullResult, plans: Sequence[Plan]
) -> dict[Crm, Bound]:
    """Return the lower bounds of a run that pulled this and wrote these plans."""
    return {crm: lower_bounds(crm, _work(book, crm, pulled, plans)) for crm in readers}


def _work(book: Book, crm: Crm, pulled: PullResult, plans: Sequence[Plan]) -> Work:
    needs = needs_of(book, crm, pulled.described.get(crm, {}))
    objects = {need.object: pulled.rows.get(f"{crm} {need.object}", 0) for need in needs.objects}
    sources = {need.kind: pulled.rows.get(f"{crm} activity:{need.kind}", 0) for need in needs.activities}
    linked = {f"{need.object} {link}": objects[need.object] for need in needs.objects for link in need.links}
    linked |= {kind: rows for kind, rows in sources.items() if kind in _LINKED_ACTIVITIES}
    forms = sum(len(need.hints.get("form", ())) for need in needs.activities)
    mine = [write for plan in plans for write in plan.writes if write.ref.crm == crm]
    return Work(
        objects=objects,
        sources=sources,
        forms=forms,
        linked=linked,
        written={name: len({w.ref for w in mine if w.ref.object == name}) for name in objects},
        cleared=len({write.ref for write in mine if write.phase == 1}),
    )
