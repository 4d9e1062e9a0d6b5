"""Asking Salesforce what changed, often and cheaply: five objects in one call, ids and stamps only.

Not the ``updated`` resource: it leaves the seconds of its window out (REST API, "sObject Get Updated"), so a change
would be told up to a minute late.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from leadline.common.chunking import chunks
from leadline.common.errors import ContractError, PermissionMissingError
from leadline.common.values import Crm, RecordRef
from leadline.connectors.contract import understood
from leadline.connectors.instants import read_instant
from leadline.connectors.record_ids import full_id
from leadline.connectors.salesforce import soql
from leadline.connectors.salesforce.answers import CRM
from leadline.connectors.salesforce.client import SalesforceClient, part_fault
from leadline.connectors.settings import SalesforceSettings

QUERIES_A_CALL: Final = 5
"""Of the 25 parts of a composite call, five may be queries: Salesforce's REST API, "Composite"."""
OVERLAP: Final = timedelta(seconds=30)
"""How far each look goes behind the one before: transactions commit late, and Date headers are whole seconds."""
ROWS: Final = 200
"""Rows of one object in one look, the oldest first. What is beyond is found by a cycle, by its stamp."""


class ChangePoll:
    """Looks at ``objects`` of one organisation; each change is told once. Calls: one for each five objects."""

    def __init__(
        self, settings: SalesforceSettings, objects: Sequence[str], sleep: Callable[[float], None] | None = None
    ) -> None:
        self._client = SalesforceClient(settings, sleep)
        self._objects = tuple(dict.fromkeys(objects))
        self._since: datetime | None = None
        self._told: dict[RecordRef, datetime] = {}

    @property
    def crm(self) -> Crm:
        return "salesforce"

    @understood
    def changed(self) -> frozenset[RecordRef]:
        """Return what changed since the last look; the first one, with one call more, only notes what stands.

        An object that is hidden is left out. Raises what reads raise.
        """
        first = self._since is None
        if first:
            list(self._client.query("SELECT Id FROM Organization", "read"))
        found: dict[RecordRef, datetime] = {}
        since = (self._since or self._now()) - OVERLAP
        for group in chunks(self._objects, QUERIES_A_CALL):
            found |= self._look(group, since)
        fresh = frozenset(ref for ref, stamp in found.items() if self._told.get(ref) != stamp)
        self._told = {ref: stamp for ref, stamp in {**self._told, **found}.items() if stamp >= since}
        self._since = self._now()
        return frozenset() if first else fresh

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _look(self, names: Sequence[str], since: datetime) -> dict[RecordRef, datetime]:
        parts = [
            {
                "method": "GET",
                "url": f"{self._client.data_path}/query?q={quote(_query(name, since))}",
                "referenceId": f"q{place}",
            }
            for place, name in enumerate(names)
        ]
        found: dict[RecordRef, datetime] = {}
        for name, (status, body) in zip(names, self._client.composite(parts, "read"), strict=True):
            fault = part_fault(status, body)
            if isinstance(fault, PermissionMissingError):
                continue
            if fault is not None:
                raise fault
            for row in _rows(body):
                ref = RecordRef("salesforce", name, full_id(str(row["Id"])))
                found[ref] = read_instant(row["SystemModstamp"], CRM)
        return found

    def _now(self) -> datetime:
        now = self._client.date()
        if now is None:
            raise ContractError("Salesforce sent no Date header, so nobody can say since when to look")
        return now


def _query(name: str, since: datetime) -> str:
    wanted = soql.select(
        ("Id", "SystemModstamp"), name, [f"SystemModstamp >= {soql.instant(since)}"], ["SystemModstamp"]
    )
    return f"{wanted} LIMIT {ROWS}"


def _rows(body: Any) -> Sequence[Mapping[str, Any]]:
    rows = body.get("records") if isinstance(body, Mapping) else None
    if not isinstance(rows, list):
        raise ContractError("Salesforce answered a query without records")
    return rows
