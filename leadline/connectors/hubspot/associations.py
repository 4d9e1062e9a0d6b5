"""Which records belong to which, by the v4 batch read: 1,000 records a call for each pair of object types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from leadline.common.chunking import chunks
from leadline.common.values import RecordRef
from leadline.connectors.http_meter import Purpose
from leadline.connectors.hubspot.client import HubSpotClient, raw, results_of
from leadline.connectors.hubspot.names import kind_of

RECORDS_A_CALL: Final = 1000
"""https://developers.hubspot.com/docs/guides/api/crm/associations/associations-v4#retrieve-associated-records"""

_PRIMARY: Final = frozenset({1, 2, 5, 6})
"""HubSpot's own type ids for primary: contact-company, company-contact, deal-company, company-deal."""


def read_associations(
    client: HubSpotClient, source: str, target: str, ids: Sequence[str], purpose: Purpose = "read"
) -> Mapping[str, tuple[RecordRef, ...]]:
    """Return the ``target`` records of each ``source`` record, primary first, then by id; others are absent."""
    found: dict[str, dict[str, bool]] = {}
    waiting: list[dict[str, str]] = [{"id": ident} for ident in ids]
    while waiting:
        following: list[dict[str, str]] = []
        for inputs in chunks(waiting, RECORDS_A_CALL):
            following += _read(client, (source, target), inputs, found, purpose)
        waiting = following
    return {
        ident: tuple(RecordRef("hubspot", target, other) for other in sorted(others, key=_by_rank(others)))
        for ident, others in found.items()
    }


def _read(
    client: HubSpotClient,
    ends: tuple[str, str],
    inputs: Sequence[Mapping[str, str]],
    found: dict[str, dict[str, bool]],
    purpose: Purpose,
) -> list[dict[str, str]]:
    """Read one batch into ``found`` and return the inputs of records that have more."""
    body = {"inputs": list(inputs)}
    pair = (kind_of(ends[0]).path, kind_of(ends[1]).path)
    answer = client.call(purpose, lambda apis: apis.associations.get_page(*pair, body, **raw()))
    following = []
    for result in results_of(answer, "associations"):
        ident = str(result["from"]["id"])
        known = found.setdefault(ident, {})
        for other in result.get("to") or ():
            name = str(other["toObjectId"])
            known[name] = known.get(name, False) or _is_primary(other)
        paging = result.get("paging") or {}
        after = (paging.get("next") or {}).get("after")
        if after is not None:
            following.append({"id": ident, "after": str(after)})
    return following


def _is_primary(other: Mapping[str, Any]) -> bool:
    return any(
        kind.get("category") == "HUBSPOT_DEFINED" and kind.get("typeId") in _PRIMARY
        for kind in other.get("associationTypes") or ()
    )


def _by_rank(others: Mapping[str, bool]) -> Any:
    return lambda ident: (not others[ident], int(ident))
