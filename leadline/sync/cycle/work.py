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
    # A stream without a count was not asked: refreshing people before an apply leaves activities alone.
    counts = (pulled.rows, pulled.listed, pulled.confirmed, pulled.past)
    rows, listed, confirmed, past = (_of(crm, told) for told in counts)
    objects = {need.object: rows[need.object] for need in needs.objects if need.object in rows}
    asked = [need for need in needs.activities if f"activity:{need.kind}" in rows]
    sources = {need.kind: rows[f"activity:{need.kind}"] for need in asked}
    linked = {
        f"{n.object} {link}": objects[n.object] for n in needs.objects if n.object in objects for link in n.links
    }
    linked |= {kind: count for kind, count in sources.items() if kind in _LINKED_ACTIVITIES}
    engaged = [f"activity:{kind}" for kind in sources if kind in _LINKED_ACTIVITIES]
    forms = sum(len(need.hints.get("form", ())) for need in asked)
    return Work(
        objects=objects,
        sources=sources,
        forms=forms,
        linked=linked,
        archives=len({f"{crm} {name}" for name in (*objects, *engaged)} & pulled.incremental)
        if crm == "hubspot"
        else 0,
        past={name: objects[name] if crm == "hubspot" else told for name, told in past.items() if name in objects},
        listed=listed,
        confirmed=confirmed,
        written={name: sum(plan.writes.records().get((crm, name), 0) for plan in plans) for name in objects},
        cleared=sum(plan.writes.cleared(crm) for plan in plans),
    )


def _of(crm: Crm, told: Mapping[str, int]) -> dict[str, int]:
    """Return one CRM's counts, without its name."""
    return {name.removeprefix(f"{crm} "): count for name, count in told.items() if name.startswith(f"{crm} ")}
