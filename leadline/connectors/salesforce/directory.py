"""Who can own records, and campaigns by name: read once for a connector's life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from leadline.common.chunking import chunks
from leadline.common.errors import ContractError
from leadline.connectors.protocol import Group, User
from leadline.connectors.record_ids import full_id
from leadline.connectors.salesforce import soql
from leadline.connectors.salesforce.client import SalesforceClient

_NAMES_A_QUERY: Final = 100


class Directory:
    """Users and queues by two queries at the first question; campaigns by one for each 100 names."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._groups: dict[str, Group | None] = {}

    @cached_property
    def users(self) -> tuple[User, ...]:
        """Users that people sign in as, and queues, in order of id."""
        asked = ("Id", "Name", "Email", "IsActive", "ManagerId")
        people = self._rows(soql.select(asked, "User", ["UserType = 'Standard'"], []))
        queues = self._rows(soql.select(("Id", "Name", "Email"), "Group", ["Type = 'Queue'"], []))
        found = [
            User(
                full_id(str(row["Id"])),
                _text(row, "Email"),
                _text(row, "Name"),
                bool(row.get("IsActive")),
                manager=full_id(str(row["ManagerId"])) if row.get("ManagerId") else "",
            )
            for row in people
        ]
        found += [
            User(full_id(str(row["Id"])), _text(row, "Email"), _text(row, "Name"), active=True, queue=True)
            for row in queues
        ]
        return tuple(sorted(found, key=lambda user: user.id))

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """Return the campaigns of these names. Raises ContractError where two have the same one."""
        unknown = [name for name in dict.fromkeys(names) if name not in self._groups]
        for some in chunks(unknown, _NAMES_A_QUERY):
            where = [f"Name IN {soql.any_of(some)}", "IsDeleted = false"]
            rows = self._rows(soql.select(("Id", "Name"), "Campaign", where, []))
            for name in some:
                mine = [row for row in rows if _text(row, "Name").casefold() == name.casefold()]
                if len(mine) > 1:
                    raise ContractError(f"Salesforce has {len(mine)} campaigns named {name!r}: rename all but one")
                self._groups[name] = Group(full_id(str(mine[0]["Id"])), name) if mine else None
        return {name: found for name in names if (found := self._groups[name]) is not None}

    def _rows(self, query: str) -> list[Mapping[str, Any]]:
        return [row for page in self._client.query(query) for row in page]


def _text(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name) or "")
