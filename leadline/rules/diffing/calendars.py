"""The difference of two books' calendars: which hours, which days, and whose they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from leadline.common.marks import Mark
from leadline.rules.diffing.spelling import MOST_SHOWN, shortly
from leadline.rules.model import Calendars

_HOUR: Final = 3_600_000_000
_MINUTE: Final = 60_000_000
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def calendar_changes(old: Calendars, new: Calendars) -> Iterator[tuple[str, Mark]]:
    """Yield (sentence, place) for each calendar that is new, gone or different, and for whom another counts."""
    before, after = (json.loads(item.resolved) if item.resolved else {} for item in (old, new))
    for name in (name for name in before if name not in after):
        yield f"calendar {name} is gone", old.mark
    for name, found in after.items():
        if name not in before:
            yield f"calendar {name} is new: {found['zone']}, {_week(found['periods'][0]['week'])}", new.mark
        else:
            yield from ((f"calendar {name}: {text}", new.mark) for text in _changes(before[name], found))
    for value in dict.fromkeys((*old.owners, *new.owners)):
        was, now = (item.owners.get(value) for item in (old, new))
        if was != now:
            yield f"calendar of {value} is {now or 'none'} instead of {was or 'none'}", new.mark
    if old.names != new.names and before.keys() == after.keys():
        yield f"calendars are {shortly(new.names)} instead of {shortly(old.names)}", new.mark


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old["zone"] != new["zone"]:
        yield f"zone is {new['zone']} instead of {old['zone']}"
    elif old["offsets"] != new["offsets"]:
        yield f"the clock of {new['zone']} is known to go otherwise (zone data)"
    one, other = old["periods"][0], new["periods"][0]
    if one["week"] != other["week"]:
        yield f"open {_week(other['week'])} instead of {_week(one['week'])}"
    yield from _days("holidays", one["holidays"], other["holidays"])
    yield from _days("closed", old["closed"], new["closed"])
    special = [{item["day"]: _spans(item["spans"]) for item in found["special"]} for found in (old, new)]
    for day in sorted({*special[0], *special[1]}):
        if special[0].get(day) != special[1].get(day):
            yield f"on {day} {special[1].get(day, 'as usual')} instead of {special[0].get(day, 'as usual')}"
    for key, word in (("first", "opens from"), ("last", "opens until")):
        if old[key] != new[key]:
            yield f"{word} {new[key] or 'ever'} instead of {old[key] or 'ever'}"
    if old["periods"][1:] != new["periods"][1:]:
        yield "changes within the year are others"
    if old.get("away") != new.get("away"):
        yield "hours off are others"
    if old["holiday_years"] != new["holiday_years"]:
        yield "holidays are known for other years"


def _days(what: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    added, removed = ([day for day in one if day not in other] for one, other in ((new, old), (old, new)))
    if added:
        yield f"{what}: adds {_few(added)}"
    if removed:
        yield f"{what}: leaves out {_few(removed)}"


def _few(items: Sequence[str]) -> str:
    more = len(items) - MOST_SHOWN
    return ", ".join(items[:MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _week(week: Sequence[Any]) -> str:
    return "; ".join(f"{day} {_spans(spans)}" for day, spans in zip(_DAYS, week, strict=True) if spans) or "never"


def _spans(spans: Sequence[Mapping[str, int]]) -> str:
    return ", ".join(f"{_time(span['start'])}-{_time(span['end'])}" for span in spans) or "closed"


def _time(time: int) -> str:
    hours, rest = divmod(time, _HOUR)
    return f"{hours % 24 if hours > 24 else hours:02}:{rest // _MINUTE:02}"
