"""The HubSpot connector: the protocol of ``connectors.protocol`` over hubspot-api-client."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from leadline.common.errors import ContractError, UsageError
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
from leadline.connectors.hubspot import writing
from leadline.connectors.hubspot.client import HubSpotClient
from leadline.connectors.hubspot.creating import Creator, task_ref
from leadline.connectors.hubspot.describing import describe
from leadline.connectors.hubspot.engagements import ENGAGEMENTS, EngagementPuller
from leadline.connectors.hubspot.happenings import HappeningPuller
from leadline.connectors.hubspot.memberships import Lists
from leadline.connectors.hubspot.names import kind_of
from leadline.connectors.hubspot.owners import Owners
from leadline.connectors.hubspot.records import RecordPuller
from leadline.connectors.hubspot.searching import ids_of
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
from leadline.connectors.settings import HubSpotSettings
from leadline.connectors.verified import verified


def connect(settings: HubSpotSettings, *, sleep: Callable[[float], None] | None = None) -> HubSpotConnector:
    """Return a connector; it makes no call yet. ``sleep`` (seconds) replaces the waits between retries."""
    return HubSpotConnector(settings, sleep)


class HubSpotConnector:
    """Reads and writes one portal; implements ``WriteConnector``."""

    def __init__(self, settings: HubSpotSettings, sleep: Callable[[float], None] | None = None) -> None:
        self._client = HubSpotClient(settings, sleep)
        self._owners = Owners(self._client)
        self._lists = Lists(self._client)
        self._creator = Creator(self._client, self.server_time)
        self._records = RecordPuller(self._client, self._owners)
        self._engagements = EngagementPuller(self._client)
        self._happenings = HappeningPuller(self._client)
        self._portal = ""

    @property
    def crm(self) -> Crm:
        return "hubspot"

    @understood
    def organisation(self) -> str:
        if not self._portal:
            self._look()
        return self._portal

    @understood
    def server_time(self) -> datetime:
        """Return the Date header of a fresh call, to the second; it also refreshes ``quota``."""
        self._look()
        now = self._client.meter.date
        if now is None:
            raise ContractError("HubSpot sent no Date header, so a pull has no upper bound")
        return now

    @understood
    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        return describe(self._client, objects)

    @understood_pages
    def records(self, request: RecordRequest) -> Iterator[tuple[SourceRecord, ...]]:
        return self._records.pages(request)

    @understood_pages
    def reread(self, request: RecordRequest, ids: Sequence[str]) -> Iterator[tuple[SourceRecord, ...]]:
        return self._records.reread(request, ids)

    @understood_pages
    def ids(self, name: str, after: str = "") -> Iterator[tuple[str, ...]]:
        return ids_of(self._client, kind_of(name), after)

    @understood_pages
    def activities(self, request: ActivityRequest) -> Iterator[tuple[SourceActivity, ...]]:
        """Yield pages; page views, forms and e-mail events come newest first, engagements by (stamp, id)."""
        if request.kind in ENGAGEMENTS:
            return self._engagements.pages(request)
        others = {
            "event": self._happenings.page_views,
            "form": self._happenings.submissions,
            "email": self._happenings.mail_events,
        }
        if request.kind not in others:
            names = ", ".join((*others, *ENGAGEMENTS))
            raise UsageError(f"HubSpot has no activities of kind {request.kind!r}: use one of {names}")
        return others[request.kind](request)

    @understood
    def read_back(self, refs: Sequence[RecordRef], fields: Sequence[str]) -> Mapping[RecordRef, Mapping[str, Raw]]:
        return writing.read_back(self._client, refs, fields)

    @understood_pages
    def write(self, writes: Sequence[RecordWrite]) -> Generator[tuple[WriteResult, ...], None, None]:
        return writing.write(self._client, writes)

    def batches(self, writes: Sequence[RecordWrite]) -> Sequence[tuple[RecordWrite, ...]]:
        return writing.batches(writes)

    def forecast(self, writes: Sequence[RecordWrite]) -> Mapping[str, int]:
        refs = [item.ref for item in writes]
        return {"write": len(writing.batches(writes)), "read_back": writing.read_back_calls(refs)}

    @understood
    def users(self) -> Sequence[User]:
        return self._owners.users

    @understood
    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        return self._lists.groups(names)

    def creation_batches(self, creations: Sequence[Creation]) -> Sequence[tuple[Creation, ...]]:
        return self._creator.batches(creations)

    @understood
    def prepare_creations(self, kinds: Collection[CreationKind]) -> None:
        self._creator.prepare(kinds)

    def forecast_creations(self, creations: Sequence[Creation]) -> Mapping[str, int]:
        return self._creator.forecast(creations)

    @understood_pages
    def create(self, creations: Sequence[Creation]) -> Iterator[tuple[CreateResult, ...]]:
        return self._creator.create(creations)

    @understood
    def find_created(
        self, creations: Sequence[Creation], known: Mapping[str, str] | None = None
    ) -> Mapping[str, Made]:
        return self._creator.find(creations, known or {})

    def settling(self, creations: Sequence[Creation]) -> timedelta:
        """Return zero where keys are unique in this portal, else twice the request timeout."""
        return self._creator.settling(creations)

    @understood_pages
    def close_tasks(self, ids: Sequence[str]) -> Iterator[tuple[WriteResult, ...]]:
        writes = [RecordWrite(task_ref(ident), {"hs_task_status": "COMPLETED"}) for ident in ids]
        return verified(self.write(writes), self.read_back, "hs_task_status", "COMPLETED")

    def heard(self) -> datetime | None:
        return self._client.meter.date

    def quota(self) -> Quota:
        return self._client.meter.quota

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
        found = self._client.account()
        self._portal, self._client.meter.zone = found.portal, found.zone
