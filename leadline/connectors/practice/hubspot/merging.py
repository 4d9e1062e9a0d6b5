"""Merging two records into one, as HubSpot does it."""

from __future__ import annotations

from leadline.connectors.practice.hubspot.kinds import Kind
from leadline.connectors.practice.hubspot.portal import Portal
from leadline.connectors.practice.hubspot.records import Row, Source

_MERGED: dict[str, Source] = {"contact": Source("MERGE_CONTACTS"), "company": Source("MERGE_COMPANIES")}
_KEPT = frozenset(
    {"hs_merged_object_ids", "hs_calculated_merged_vids", "hs_additional_emails", "associatedcompanyid"}
)


def merge(portal: Portal, kind: Kind, primary: Row, other: Row, *, new_id: bool) -> Row:
    """Merge ``other`` into ``primary`` and return the survivor; associations of both are kept.

    ``new_id``: the survivor gets a new id and both old ids lead to it (contacts since January 2025); else it keeps
    the primary's. The survivor has the primary's values, the other's where the primary has none, the later
    lifecycle stage is not taken over (the primary's counts), and the other's address becomes an additional one.
    """
    table = portal.tables[kind.singular]
    at, visible = portal.now(), portal.now() + portal.search_lag
    source = _MERGED.get(kind.singular, Source("MERGE_OBJECTS"))
    lost = [primary, other] if new_id else [other]
    survivor = table.add(primary.values, at, source, visible) if new_id else primary
    if new_id:
        survivor.created, survivor.origin = min(primary.created, other.created), primary.origin
        survivor.history = {name: list(changes) for name, changes in primary.history.items()}
    table.disclaim(survivor)
    for row in lost:
        _hand_over(portal, kind, row, survivor)
        table.absorb(survivor, row, visible)
    for name, value in _gained(kind, primary, other, lost, at).items():
        survivor.write(name, value, at, source)
    table.touched(survivor, at, visible)
    if kind.singular == "contact":
        portal.show_company(survivor)
    return survivor


def seeded_merge(survivor: Row, lost: Row, at: int) -> None:
    """Give a survivor that was loaded, not merged by a call, the marks of the merge at ``at``."""
    source = Source("MERGE_CONTACTS")
    for name, value in _gained(None, survivor, lost, [lost], at).items():
        survivor.write(name, value, at, source)
    survivor.updated = max(survivor.updated, at)


def _gained(kind: Kind | None, primary: Row, other: Row, lost: list[Row], at: int) -> dict[str, str]:
    """Return what the survivor takes over."""
    gained = {name: value for name, value in other.values.items() if name not in primary.values and name not in _KEPT}
    former = [row.values.get("hs_merged_object_ids", "") for row in (primary, other)] + [row.id for row in lost]
    gained["hs_merged_object_ids"] = ";".join(dict.fromkeys(one for text in former for one in text.split(";") if one))
    if kind is None or kind.singular == "contact":
        past = [row.values.get("hs_calculated_merged_vids", "") for row in (primary, other)]
        gained["hs_calculated_merged_vids"] = ";".join([*filter(None, past), *(f"{row.id}:{at}" for row in lost)])
        addresses = [other.values.get("email", "") if "email" in primary.values else ""]
        addresses += [row.values.get("hs_additional_emails", "") for row in (primary, other)]
        kept = dict.fromkeys(one for text in addresses for one in text.split(";") if one)
        kept.pop(primary.values.get("email", ""), None)
        gained["hs_additional_emails"] = ";".join(kept)
    return gained


def _hand_over(portal: Portal, kind: Kind, lost: Row, survivor: Row) -> None:
    """Move the associations of a lost record; the survivor's own primary company stays primary."""
    here, there = (kind.singular, survivor.id), (kind.singular, lost.id)
    company = portal.links.primary(there) if portal.links.primary(here) is None else None
    for other in list(portal.links.all_of(there)):
        if other != here:
            portal.links.join(here, other, primary=other == ("company", company))
    portal.links.leave(there)
