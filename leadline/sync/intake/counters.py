"""Activities that a CRM's tier does not supply one by one: rises of a counter property stand for them.

A rise from 3 to 5 is two activities at the instant of the record's change, which may be later than they were. The
first value ever seen is no rise. Once the CRM supplies the activities themselves, those are withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection

from leadline.common.values import Crm, Raw
from leadline.rules.convert import to_value
from leadline.rules.model import Activity, Book, Field
from leadline.rules.state import Fact, Unreadable
from leadline.sync.intake.rows import Observation
from leadline.sync.store.cycles import get_meta, set_meta

MOST_AT_ONCE: Final = 100
"""A rise by more stands for so many: no book counts further, and a wrong property must not flood a history."""


@dataclass(frozen=True, slots=True)
class Supply:
    """Since which cycle a CRM supplies a kind of activity, and how far it was read then."""

    cycle: int
    seen: datetime


def remember_supply(connection: Connection, crm: Crm, kind: str, cycle: int, seen: datetime) -> None:
    """Remember the first time that a CRM gave a kind of activities; nothing happens the next times."""
    key = f"supplied:{crm}:{kind}"
    if get_meta(connection, key) is None:
        set_meta(connection, key, f"{cycle} {seen.isoformat()}")


def supplies(connection: Connection, book: Book, cycle: int) -> dict[str, Supply]:
    """Return, for each activity with a counter, from when on its own source speaks, as known at ``cycle``."""
    found: dict[str, Supply] = {}
    for activity in book.activities.values():
        if activity.otherwise is None:
            continue
        kinds = sorted({source.kind for source in activity.sources if source.crm == activity.otherwise.crm})
        known = [_supply(get_meta(connection, f"supplied:{activity.otherwise.crm}:{kind}")) for kind in kinds]
        if known and None not in known:
            latest = max((item for item in known if item is not None), key=lambda item: item.cycle)
            if latest.cycle <= cycle:
                found[activity.name] = latest
    return found


def counter_facts(
    activity: Activity, history: Sequence[Observation], supply: Supply | None
) -> Iterator[tuple[int, Fact]]:
    """Yield (cycle learnt, fact) for each activity that a rise stands for, and its withdrawal."""
    assert activity.otherwise is not None
    before: Decimal | None = None
    total = 0
    for observation in history:
        if observation.deleted or activity.otherwise.field not in observation.changed:
            continue
        value = _number(observation.changed[activity.otherwise.field])
        if value is None:
            continue
        rise = 0 if before is None else min(int(value - before), MOST_AT_ONCE)
        before = value
        for number in range(total, total + max(rise, 0)):
            if supply is not None and observation.cycle >= supply.cycle:
                break
            yield observation.cycle, _fact(activity, observation, number, True, observation.seen)
            if supply is not None:
                yield supply.cycle, _fact(activity, observation, number, False, _later(supply.seen, observation.seen))
        total += max(rise, 0)


def counted(book: Book) -> Mapping[tuple[str, str], tuple[Activity, ...]]:
    """Return the activities with a counter, by the CRM and the object on which it stands."""
    found: dict[tuple[str, str], list[Activity]] = {}
    for activity in book.activities.values():
        if activity.otherwise is not None:
            found.setdefault((activity.otherwise.crm, activity.otherwise.object), []).append(activity)
    return {place: tuple(items) for place, items in found.items()}


_COUNTER: Final = Field("counter", "decimal", ())


def _number(raw: Raw | Unreadable) -> Decimal | None:
    value = None if isinstance(raw, Unreadable) else to_value(_COUNTER, raw)
    return value if isinstance(value, Decimal) else None


def _fact(activity: Activity, observation: Observation, number: int, counts: bool, seen: datetime) -> Fact:
    assert activity.otherwise is not None
    record = f"{activity.otherwise.field}/{observation.ref}/{number}"
    return Fact("activity", activity.name, counts, observation.at, observation.ref.crm, record, seen)


def _later(seen: datetime, than: datetime) -> datetime:
    return max(seen, than + datetime.resolution)


def _supply(text: str | None) -> Supply | None:
    if text is None:
        return None
    cycle, _, seen = text.partition(" ")
    return Supply(int(cycle), datetime.fromisoformat(seen))
