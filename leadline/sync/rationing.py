"""How many calls a run may make: a share of the account's own day, a number for one run; what a plan takes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection

from leadline.common.errors import RefusedError
from leadline.common.values import Crm
from leadline.connectors.protocol import ReadConnector
from leadline.sync.plan.model import Plan
from leadline.sync.store import Store
from leadline.sync.store.cycles import get_meta, set_meta

if TYPE_CHECKING:
    from leadline.connectors.settings import CallShare


@dataclass(frozen=True, slots=True)
class _Spent:
    """Calls made on one day (ISO) of the account."""

    day: str
    calls: int


def ration(
    store: Store,
    connectors: Mapping[Crm, ReadConnector],
    shares: Mapping[Crm, CallShare],
    upper: Mapping[Crm, datetime],
) -> None:
    """Tell every connector how many calls this run may make. ``upper`` is each CRM's own present, UTC.

    A day begins at midnight in the account's time zone; so many calls were made on it as earlier runs have noted.
    """
    for connector in connectors.values():
        connector.spend_at_most(None)
    for crm, at in upper.items():
        connector, share = connectors[crm], shares.get(crm)
        here = at.astimezone(_zone(connector))
        with store.write() as connection:
            spent = _spent(connection, crm)
            if spent.day != here.date().isoformat():
                spent = _Spent(here.date().isoformat(), 0)
                _save(connection, crm, spent)
        limit = connector.quota().limit
        most: list[tuple[int, str]] = []
        if share is not None and share.per_cycle is not None:
            most.append(
                (share.per_cycle, f"`quota.per_cycle` allows one run {share.per_cycle:,} calls; the next goes on")
            )
        if share is not None and share.per_day is not None and limit:
            own = int(share.per_day * limit)
            text = f"`quota.per_day` allows {own:,} calls a day ({share.per_day:.0%} of {limit:,}); {_rest(here)}"
            most.append((own - spent.calls, text))
        connector.spend_at_most(*min(most, default=(None, "")))


@contextmanager
def noted(store: Store, connectors: Mapping[Crm, ReadConnector]) -> Iterator[None]:
    """Note the calls made inside as spent on the account's day, however it ends."""
    before = {crm: sum(connector.calls().values()) for crm, connector in connectors.items()}
    try:
        yield
    finally:
        with store.write() as connection:
            for crm, connector in connectors.items():
                made = sum(connector.calls().values()) - before[crm]
                spent = _spent(connection, crm)
                if made:
                    _save(connection, crm, _Spent(spent.day, spent.calls + made))


def require_calls(plan: Plan, connectors: Mapping[Crm, ReadConnector]) -> None:
    """Raise RefusedError when a plan takes more calls than are left: a person may wait, or apply a part of it."""
    said = []
    for crm, forecast in sorted(plan.calls.items()):
        needed = sum(forecast.values())
        left = connectors[crm].left() if crm in connectors else None
        if left is not None and needed > left:
            said.append(f"this plan takes {needed:,} calls of {crm}, {left:,} are left for now")
    if said:
        raise RefusedError(
            f"{'; '.join(said)}. Apply it when the day is over, raise `quota` or `quota_share` in leadline.yml, or "
            "make a smaller plan; `leadline sync` writes as much as it may and goes on in its next run"
        )


def _rest(here: datetime) -> str:
    """Say when the account's day ends."""
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    minutes = int((midnight.timestamp() - here.timestamp()) // 60)
    return f"the day ends at midnight in {here.tzinfo}, in {minutes // 60} h {minutes % 60} min"


def _zone(connector: ReadConnector) -> ZoneInfo:
    try:
        return ZoneInfo(connector.time_zone())
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _spent(connection: Connection, crm: Crm) -> _Spent:
    told = json.loads(get_meta(connection, f"spent:{crm}") or "{}")
    return _Spent(told.get("day", ""), told.get("calls", 0))


def _save(connection: Connection, crm: Crm, spent: _Spent) -> None:
    set_meta(connection, f"spent:{crm}", json.dumps({"day": spent.day, "calls": spent.calls}))
