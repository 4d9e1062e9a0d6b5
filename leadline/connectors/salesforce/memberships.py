"""Members of campaigns: who is one is asked first, then added, given another status, or taken out, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from leadline.common.errors import ContractError
from leadline.connectors.protocol import CreateResult, Creation, Made
from leadline.connectors.record_ids import full_id
from leadline.connectors.salesforce import soql
from leadline.connectors.salesforce.answers import failed_write
from leadline.connectors.salesforce.client import Row, SalesforceClient, part_fault

MEMBERS_A_BATCH: Final = 200

Member = tuple[str, str]
"""(campaign, person): a campaign has a person once, which is what makes adding repeatable."""


def batches(creations: Sequence[Creation]) -> Sequence[tuple[Creation, ...]]:
    """Return batches of 200 in which no membership comes twice: adding and removing must not be swapped."""
    found: list[list[Creation]] = []
    taken: set[Member] = set()
    for item in creations:
        member = _member(item)
        if not found or len(found[-1]) == MEMBERS_A_BATCH or member in taken:
            found.append([])
            taken = set()
        found[-1].append(item)
        taken.add(member)
    return tuple(tuple(batch) for batch in found)


def change(client: SalesforceClient, batch: Sequence[Creation]) -> tuple[CreateResult, ...]:
    """Make these memberships what they should be; those that are so already need nothing."""
    standing = _standing(client, batch, "write")
    results: dict[str, CreateResult] = {}
    new: list[Creation] = []
    other: list[Creation] = []
    ended: list[Creation] = []
    for item in batch:
        row = standing.get(_member(item))
        if item.kind == "unmember":
            if row is None:
                results[item.key] = CreateResult(item.key, "done")
            else:
                ended.append(item)
        elif row is None:
            new.append(item)
        elif item.fields.get("status") and row.get("Status") != item.fields["status"]:
            other.append(item)
        else:
            results[item.key] = CreateResult(item.key, "done", full_id(str(row["Id"])))
    parts = [_part(client, kind, items, standing) for kind, items in (("POST", new), ("PATCH", other)) if items]
    if ended:
        parts.append(_ending(client, [str(standing[_member(item)]["Id"]) for item in ended]))
    groups = [items for items in (new, other, ended) if items]
    answers = client.composite(parts, "write") if parts else []
    for items, (status, body) in zip(groups, answers, strict=True):
        if not (200 <= status < 300 and isinstance(body, list) and len(body) == len(items)):
            raise part_fault(status, body) or ContractError("Salesforce answered a collection in another form")
        for item, entry in zip(items, body, strict=True):
            results[item.key] = _result(item, entry)
    return tuple(results[item.key] for item in batch)


def found(client: SalesforceClient, creations: Sequence[Creation]) -> Mapping[str, Made]:
    """Return which of these memberships are as they should be, by key."""
    made: dict[str, Made] = {}
    for batch in batches(creations):
        standing = _standing(client, batch, "read_back")
        for item in batch:
            row = standing.get(_member(item))
            if item.kind == "unmember":
                if row is None:
                    made[item.key] = Made(item.key, "", about=(item.ref,))
            elif row is not None and item.fields.get("status") in (None, row.get("Status")):
                made[item.key] = Made(item.key, full_id(str(row["Id"])), about=(item.ref,))
    return made


def _member(item: Creation) -> Member:
    return full_id(str(item.fields["group"])), full_id(item.ref.id)


def _standing(client: SalesforceClient, batch: Sequence[Creation], purpose: Any) -> dict[Member, Row]:
    people = list(dict.fromkeys(_member(item)[1] for item in batch))
    campaigns = list(dict.fromkeys(_member(item)[0] for item in batch))
    where = [
        f"CampaignId IN {soql.any_of(campaigns)}",
        f"LeadOrContactId IN {soql.any_of(people)}",
        "IsDeleted = false",
    ]
    query = soql.select(("Id", "CampaignId", "LeadId", "ContactId", "Status"), "CampaignMember", where, [])
    rows = [row for page in client.query(query, purpose) for row in page]
    return {
        (full_id(str(row["CampaignId"])), full_id(str(row.get("ContactId") or row.get("LeadId")))): row
        for row in rows
    }


def _part(
    client: SalesforceClient, method: str, items: Sequence[Creation], standing: Mapping[Member, Row]
) -> dict[str, Any]:
    records = []
    for item in items:
        record: dict[str, Any] = {"attributes": {"type": "CampaignMember"}}
        if method == "POST":
            campaign, person = _member(item)
            record |= {"CampaignId": campaign, f"{item.ref.object}Id": person}
        else:
            record["id"] = standing[_member(item)]["Id"]
        if item.fields.get("status"):
            record["Status"] = item.fields["status"]
        records.append(record)
    return {
        "method": method,
        "url": f"{client.data_path}/composite/sobjects",
        "referenceId": method.lower(),
        "httpHeaders": client.write_headers,
        "body": {"allOrNone": False, "records": records},
    }


def _ending(client: SalesforceClient, ids: Sequence[str]) -> dict[str, Any]:
    return {
        "method": "DELETE",
        "url": f"{client.data_path}/composite/sobjects?ids={','.join(ids)}&allOrNone=false",
        "referenceId": "delete",
        "httpHeaders": client.write_headers,
    }


def _result(item: Creation, entry: Any) -> CreateResult:
    told: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {}
    if told.get("success") is True:
        return CreateResult(item.key, "done", full_id(str(told.get("id") or "")))
    failed = failed_write(item.ref, (told.get("errors") or [{}])[0])
    if item.kind == "member" and failed.code == "DUPLICATE_VALUE":
        return CreateResult(item.key, "done")  # somebody added them in between
    if item.kind == "unmember" and failed.status == "gone":
        return CreateResult(item.key, "done")
    return CreateResult(item.key, failed.status, "", failed.code, failed.message)
