"""Members of lists. Adding somebody who is on a list already changes nothing, so both ways may be repeated.

Only lists of the processing types MANUAL and SNAPSHOT take members:
https://developers.hubspot.com/docs/api-reference/crm-lists-v3/memberships/put-crm-v3-lists-listId-memberships-add
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from leadline.common.errors import ContractError
from leadline.connectors.hubspot.answers import MissingError, RejectedError, rejected_write
from leadline.connectors.hubspot.client import ApiObjects, HubSpotClient, raw, results_of
from leadline.connectors.protocol import CreateResult, Creation, Group, Made

MEMBERS: Final = frozenset({"member", "unmember"})
CONTACTS: Final = "0-1"
_MOST: Final = 1000
"""Members of one request; HubSpot takes many more, but then one lost answer concerns them all."""


class Memberships:
    """Changes memberships with one client."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client

    def batches(self, creations: Sequence[Creation]) -> Sequence[tuple[Creation, ...]]:
        """Return runs that add to, or take from, one list; the order of the two for one person is kept."""
        found: list[list[Creation]] = []
        for item in creations:
            last = found[-1] if found else None
            if last is None or len(last) == _MOST or _list(last[0]) != _list(item) or last[0].kind != item.kind:
                found.append([])
            found[-1].append(item)
        return tuple(tuple(batch) for batch in found)

    def read_calls(self, creations: Sequence[Creation]) -> int:
        """Return the calls of ``found``: one for each contact."""
        return len({item.ref.id for item in creations if item.kind in MEMBERS})

    def change(self, batch: Sequence[Creation]) -> tuple[CreateResult, ...]:
        """Add these to their list or take them off; contacts that are not there are ``gone``."""
        ids = list(dict.fromkeys(item.ref.id for item in batch))
        try:
            answer = self._client.call("write", partial(_change, batch[0].kind, _list(batch[0]), ids))
        except RejectedError as error:
            refused = rejected_write(batch[0].ref, error)
            text = "the list takes no members: it is dynamic, or its membership is managed elsewhere"
            return tuple(CreateResult(item.key, refused.status, "", refused.code, text) for item in batch)
        except MissingError:
            text = "the list is not there any more"
            return tuple(CreateResult(item.key, "permanent", "", "LIST_NOT_FOUND", text) for item in batch)
        missing = {str(ident) for ident in answer.get("recordIdsMissing") or ()}
        return tuple(
            CreateResult(item.key, "gone", "", "OBJECT_NOT_FOUND", "the record was deleted or merged")
            if item.ref.id in missing
            else CreateResult(item.key, "done", f"{_list(item)}/{item.ref.id}")
            for item in batch
        )

    def found(self, creations: Sequence[Creation]) -> dict[str, Made]:
        """Return which memberships are as they should be; one call for each contact."""
        made: dict[str, Made] = {}
        lists: dict[str, set[str] | None] = {}
        for item in creations:
            if item.kind not in MEMBERS:
                continue
            if item.ref.id not in lists:
                lists[item.ref.id] = self._lists_of(item.ref.id)
            on = lists[item.ref.id]
            if on is not None and (_list(item) in on) == (item.kind == "member"):
                made[item.key] = Made(item.key, f"{_list(item)}/{item.ref.id}", about=(item.ref,))
        return made

    def _lists_of(self, contact: str) -> set[str] | None:
        try:
            answer = self._client.call("read_back", lambda apis: apis.members.get_lists(CONTACTS, contact, **raw()))
        except MissingError:
            return None
        return {str(row.get("listId")) for row in results_of(answer, "for lists")}


class Lists:
    """Lists of contacts by name: one call for each name, at its first question."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client
        self._known: dict[str, Group | None] = {}

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """Return the lists of these names; unknown ones are absent."""
        for name in dict.fromkeys(names):
            if name not in self._known:
                self._known[name] = self._look(name)
        return {name: found for name in names if (found := self._known[name]) is not None}

    def _look(self, name: str) -> Group | None:
        try:
            answer = self._client.call("read", lambda apis: apis.lists.get_by_name(name, CONTACTS, **raw()))
        except MissingError:
            return None
        told = answer.get("list")
        if not isinstance(told, Mapping) or "listId" not in told:
            raise ContractError("HubSpot answered a list without an id")
        return Group(str(told["listId"]), name, open=str(told.get("processingType")) != "DYNAMIC")


def _list(item: Creation) -> str:
    return str(item.fields["group"])


def _change(kind: str, ident: str, ids: Sequence[str], apis: ApiObjects) -> Any:
    send = apis.members.add if kind == "member" else apis.members.remove
    return send(ident, list(ids), **raw())
