"""The Salesforce connector: the protocol of ``connectors.protocol`` over simple-salesforce."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from leadline.common.errors import ContractError
from leadline.common.values import (
    Crm,
    ObjectDescription,
    Quota,
    Raw,
    RecordRef,
    RecordWrite,
    SourceActivity,
    SourceRecord,
    WriteResult,
)
from leadline.connectors.contract import understood, understood_pages
from leadline.connectors.protocol import (
    ActivityRequest,
    CreateResult,
    Creation,
    CreationKind,
    Group,
    Made,
    RecordRequest,
    User,
)
from leadline.connectors.salesforce import creating, writing
from leadline.connectors.salesforce.activities import ActivityPuller
from leadline.connectors.salesforce.bulk import BulkReader
from leadline.connectors.salesforce.client import SalesforceClient
from leadline.connectors.salesforce.describing import Descriptions
from leadline.connectors.salesforce.directory import Directory
from leadline.connectors.salesforce.records import RecordPuller, ids_of
from leadline.connectors.settings import SalesforceSettings
from leadline.connectors.verified import verified


def connect(settings: SalesforceSettings, *, sleep: Callable[[float], None] | None = None) -> SalesforceConnector:
    """Return a connector; it signs in at its first call. ``sleep`` (seconds) replaces the waits between retries."""
    return SalesforceConnector(settings, sleep)


class SalesforceConnector:
    """Reads and writes one organisation; implements ``WriteConnector``."""

    def __init__(self, settings: SalesforceSettings, sleep: Callable[[float], None] | None = None) -> None:
        self._client = SalesforceClient(settings, sleep)
        self._described = Descriptions(self._client)
        bulk = BulkReader(self._client, self._described)
        self._records = RecordPuller(self._client, self._described, bulk)
        self._activities = ActivityPuller(self._client, self._described, bulk)
        self._directory = Directory(self._client)
        self._organisation = ""

    @property
    def crm(self) -> Crm:
        return "salesforce"

    @understood
    def organisation(self) -> str:
        if not self._organisation:
            self._look()
        return self._organisation

    @understood
    def server_time(self) -> datetime:
        """Return the Date header of a fresh call, to the second; it also refreshes ``quota``."""
        self._look()
        now = self._client.date()
        if now is None:
            raise ContractError("Salesforce sent no Date header, so a pull has no upper bound")
        return now

    @understood
    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        return self._described.fetch(objects)

    @understood_pages
    def records(self, request: RecordRequest) -> Iterator[tuple[SourceRecord, ...]]:
        return self._records.pages(request)

    @understood_pages
    def reread(self, request: RecordRequest, ids: Sequence[str]) -> Iterator[tuple[SourceRecord, ...]]:
        return self._records.reread(request, ids)

    @understood_pages
    def ids(self, name: str, after: str = "") -> Iterator[tuple[str, ...]]:
        return ids_of(self._client, name, after)

    @understood_pages
    def activities(self, request: ActivityRequest) -> Iterator[tuple[SourceActivity, ...]]:
        return self._activities.pages(request)

    @understood
    def read_back(self, refs: Sequence[RecordRef], fields: Sequence[str]) -> Mapping[RecordRef, Mapping[str, Raw]]:
        return writing.read_back(self._client, refs, fields)

    @understood_pages
    def write(self, writes: Sequence[RecordWrite]) -> Generator[tuple[WriteResult, ...], None, None]:
        return writing.write(self._client, writes)

    def batches(self, writes: Sequence[RecordWrite]) -> Sequence[tuple[RecordWrite, ...]]:
        return writing.batches(writes, loads=self._client.loads)

    def forecast(self, writes: Sequence[RecordWrite]) -> Mapping[str, int]:
        refs = [item.ref for item in writes]
        return {"write": writing.calls_of(self.batches(writes)), "read_back": writing.read_back_calls(refs)}

    @understood
    def users(self) -> Sequence[User]:
        return self._directory.users

    @understood
    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        return self._directory.groups(names)

    def creation_batches(self, creations: Sequence[Creation]) -> Sequence[tuple[Creation, ...]]:
        return creating.creation_batches(creations)

    @understood
    def prepare_creations(self, kinds: Collection[CreationKind]) -> None:
        """Nothing: an upsert by our key is the same in every organisation."""

    def forecast_creations(self, creations: Sequence[Creation]) -> Mapping[str, int]:
        return creating.forecast(creations)

    @understood_pages
    def create(self, creations: Sequence[Creation]) -> Iterator[tuple[CreateResult, ...]]:
        return creating.create(self._client, creations)

    @understood
    def find_created(
        self, creations: Sequence[Creation], known: Mapping[str, str] | None = None
    ) -> Mapping[str, Made]:
        return creating.find_created(self._client, creations, known)

    def settling(self, creations: Sequence[Creation]) -> timedelta:  # noqa: ARG002 - HubSpot's answer depends on it
        """Return zero: keys are external ids, and a campaign has a person once."""
        return timedelta(0)

    @understood_pages
    def close_tasks(self, ids: Sequence[str]) -> Iterator[tuple[WriteResult, ...]]:
        writes = [RecordWrite(RecordRef("salesforce", "Task", ident), {"Status": "Completed"}) for ident in ids]
        return verified(self.write(writes), self.read_back, "Status", "Completed")

    def heard(self) -> datetime | None:
        return self._client.date()

    def quota(self) -> Quota:
        return self._client.quota()

    def spend_at_most(self, calls: int | None, why: str = "") -> None:
        self._client.meter.spend_at_most(calls, why)

    def left(self) -> int | None:
        return self._client.meter.left()

    def time_zone(self) -> str:
        return self._client.meter.zone

    def calls(self) -> Mapping[str, int]:
        return self._client.meter.counts()

    def close(self) -> None:
        self._client.close()

    def _look(self) -> None:
        found = self._client.organisation()
        self._organisation, self._client.meter.zone = found.id, found.zone
