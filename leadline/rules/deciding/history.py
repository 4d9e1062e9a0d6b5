"""One person's facts, indexed once per fold so that every question about an instant is a binary search.

All instants are aware UTC datetimes. A question about instant ``t`` looks at facts with ``at <= t`` only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from operator import attrgetter, eq, lt

from leadline.common.canonical import decimal_text
from leadline.common.values import Value
from leadline.rules.deciding.fields import Known, Supposed, Timeline, field_timelines
from leadline.rules.deciding.localdays import day_of
from leadline.rules.model import DEAL_PREFIX, DEAL_STATE, Deals, Field
from leadline.rules.model.accounts import SOURCE
from leadline.rules.state import UNREADABLE, Fact, Unreadable

LAST_INSTANT = datetime(9000, 1, 1, tzinfo=UTC)
"""Facts from later than this are kept but never happen: after dates such as 9999-12-31 no window could end."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Occurrences:
    """When one activity happened, in order of time, each with the fact that tells it.

    An activity that was corrected (the same source and record seen again with another ``at``) counts once: at
    ``t`` by the version seen last among those with ``at <= t``. A version whose value is False withdraws it.
    """

    __slots__ = ("ats", "ends", "facts")

    def __init__(self, facts: Sequence[Fact]) -> None:
        """Take facts in order (``ordered``)."""
        self.ends: list[datetime | None] | None = None
        if len(facts) == 1 and facts[0].value is not False:
            self.facts = facts
            self.ats = [facts[0].at]
            return
        if _told_once(facts):
            self.facts = facts
        else:
            entries = _versions(facts)
            entries.sort(key=lambda entry: fact_key(entry[0]))
            self.facts = [fact for fact, _ in entries]
            ends = [end for _, end in entries]
            self.ends = ends if any(end is not None for end in ends) else None
        self.ats = [fact.at for fact in self.facts]

    def between(self, after: datetime | None, t: datetime) -> Sequence[int]:
        """Return the positions of the occurrences in (after, t], oldest first; None is the beginning of time."""
        first = 0 if after is None else bisect_right(self.ats, after)
        found = range(first, bisect_right(self.ats, t))
        if self.ends is None:
            return found
        return [i for i in found if (end := self.ends[i]) is None or t < end]

    def number(self, after: datetime | None, t: datetime) -> int:
        """Return how many occurrences are in (after, t]."""
        if self.ends is not None:
            return len(self.between(after, t))
        return bisect_right(self.ats, t) - (0 if after is None else bisect_right(self.ats, after))

    def leaves(self, within: timedelta, t: datetime) -> datetime | None:
        """Return when the first of the occurrences in (t - within, t] leaves that window; None without any."""
        if self.ends is None:
            position = bisect_right(self.ats, t - within)
            return self.ats[position] + within if position < len(self.ats) and self.ats[position] <= t else None
        found = self.between(t - within, t)
        return self.ats[found[0]] + within if found else None

    def days(self, positions: Sequence[int], zone: str) -> dict[date, int]:
        """Return the days in ``zone`` of these occurrences, in order, each with the first position of the day.

        What is known to the day only counts on that day, whatever the zone.
        """
        found: dict[date, int] = {}
        for position in positions:
            fact = self.facts[position]
            found.setdefault(day_of(fact.at, "UTC" if fact.precision == "day" else zone), position)
        return found

    def last(self, t: datetime) -> datetime | None:
        """Return the instant of the latest occurrence at or before ``t``."""
        if self.ends is None:
            position = bisect_right(self.ats, t)
            return self.ats[position - 1] if position else None
        found = self.between(None, t)
        return self.ats[found[-1]] if found else None


class History:
    """Everything known of one person, ready to be asked about any instant; ``facts`` are in order (``ordered``).

    With the book's ``deals``, ``deal.<name>`` among ``fields`` stands for a field of all the person's deals (see
    ``DealField``), and ``deals`` are these one by one.
    """

    __slots__ = (
        "_all",
        "_deals",
        "_happened",
        "_instants",
        "_one_by_one",
        "_places",
        "_told",
        "activities",
        "facts",
        "fields",
        "humans",
        "unreadable",
    )

    def __init__(self, facts: Sequence[Fact], book_fields: Mapping[str, Field], deals: Deals | None = None) -> None:
        self.facts = facts
        if facts and facts[-1].at > LAST_INSTANT:
            facts = [fact for fact in facts if fact.at <= LAST_INSTANT]
        self._happened = facts
        self._instants: list[datetime] | None = None
        self.unreadable = False
        by_field: dict[str, list[Fact]] = {}
        by_activity: dict[str, list[Fact]] = {}
        by_deal: dict[tuple[str, str], list[Fact]] = {}
        self.humans: list[Fact] = []
        self._places: set[tuple[str, datetime]] = set()
        for fact in facts:
            kind, name = fact.kind, fact.name
            if kind == "field":
                if isinstance(fact.value, Unreadable):
                    self.unreadable = True
                if name in by_field:
                    by_field[name].append(fact)
                else:
                    by_field[name] = [fact]
            elif kind == "activity":
                if name in by_activity:
                    by_activity[name].append(fact)
                else:
                    by_activity[name] = [fact]
            elif kind == "deal":
                by_deal.setdefault(("" if name == "deal" else name, fact.record), []).append(fact)
            elif kind == "human":
                self.humans.append(fact)
            elif name == "capacity":
                self._places.add((str(fact.value), fact.at))
        self.fields: dict[str, Timeline] = field_timelines(book_fields, by_field)
        self._deals: dict[str, list[_DealTimeline]] = {}
        for (of, _), found in sorted(by_deal.items()) if by_deal else ():
            self._deals.setdefault(of, []).append(_DealTimeline(found))
        self._told = (by_deal, by_field, deals)
        self._one_by_one: tuple[Deal, ...] | None = None
        for name in deals.fields if deals is not None else ():
            self.fields[DEAL_PREFIX + name] = DealField(name, self)
        self.activities = {name: Occurrences(found) for name, found in by_activity.items()}
        self._all: Occurrences | None = None

    @property
    def deals(self) -> tuple[Deal, ...]:
        """The person's deals, in order of when they began, then of their records."""
        if self._one_by_one is None:
            by_deal, by_field, deals = self._told
            states = {record: found for (kind, record), found in by_deal.items() if not kind}
            self._one_by_one = () if deals is None else _deals(states, by_field, deals)
        return self._one_by_one

    @property
    def instants(self) -> list[datetime]:
        """The instants at which something happened, once each, in order."""
        return list(dict.fromkeys(self._ats))

    @property
    def _ats(self) -> list[datetime]:
        """The instants of all facts, listed when first asked for: who decides one instant alone never does."""
        if self._instants is None:
            self._instants = [fact.at for fact in self._happened]
        return self._instants

    def activity(self, name: str) -> Occurrences:
        """Return when the activity of this name happened."""
        return self.activities.get(name, _NEVER)

    def any_activity(self) -> Occurrences:
        """Return every activity of the book, whatever its name."""
        if self._all is None:
            coming = (fact for fact in self.facts if fact.kind == "activity")
            self._all = Occurrences([fact for fact in coming if fact.at <= LAST_INSTANT])
        return self._all

    def value(self, field: str, t: datetime) -> Known:
        """Return the field's value at ``t``: None is empty, UNREADABLE is unreadable."""
        timeline = self.fields.get(field)
        return None if timeline is None else timeline.value(t)

    def supposing(self, field: str, value: Value) -> History:
        """Return this history as if the field had always had one value; fields from tables stay as they are."""
        other = copy(self)
        other.fields = {**self.fields, field: Supposed(value)}
        return other

    def deal_since(self, state: str, t: datetime, floor: datetime | None, kind: str = "") -> bool:
        """Tell whether a deal is in ``state`` at ``t`` and, with a floor, came into it at or after the floor.

        With a ``kind`` only deals of that kind are looked at.
        """
        for deal in self._deals.get(kind, ()):
            found = deal.at(t)
            if found is not None and found[1] == state and (floor is None or found[0] >= floor):
                return True
        return False

    def has_place(self, stage: str, t: datetime) -> bool:
        """Tell whether a place in a stage that not all may enter was given at exactly this instant: then or never."""
        return (stage, t) in self._places

    def gives_place(self, t: datetime) -> bool:
        """Tell whether any place was given at exactly this instant."""
        return any(at == t for _, at in self._places)

    def first_instant(self, t: datetime) -> datetime | None:
        """Return the instant of the first fact, unless it lies after ``t``."""
        # What an account says of itself is no first sign of a person.
        first = next((fact.at for fact in self._happened if fact.source != SOURCE), None)
        return first if first is not None and first <= t else None

    def has_instant(self, t: datetime) -> bool:
        """Tell whether a fact happened at exactly this instant."""
        position = bisect_right(self._ats, t)
        return position > 0 and self._ats[position - 1] == t

    def next_instant(self, t: datetime) -> datetime | None:
        """Return the first instant of a fact after ``t``."""
        position = bisect_right(self._ats, t)
        return self._ats[position] if position < len(self._ats) else None


@dataclass(frozen=True, slots=True)
class Deal:
    """One deal: its record, its states over time, and a history of its own fields (``Deals.testable``)."""

    record: str
    states: _DealTimeline
    history: History

    def state(self, t: datetime) -> tuple[datetime, str] | None:
        """Return since when the deal is in which state at ``t``; None where there is none, or it does not count."""
        found = self.states.at(t)
        return (found[0], found[1]) if found is not None and isinstance(found[1], str) else None


class DealField:
    """A field of all deals that there are at an instant, for what asks whether it is known of each of them."""

    __slots__ = ("_history", "_name", "signal")

    def __init__(self, name: str, history: History) -> None:
        self._name = name
        self._history = history
        self.signal = False

    def value(self, t: datetime) -> Known:
        """Return UNREADABLE or None where it is so of any deal; else the last deal's value, False without a deal."""
        values = [deal.history.value(self._name, t) for deal in self._history.deals if deal.state(t) is not None]
        if any(isinstance(value, Unreadable) for value in values):
            return UNREADABLE
        return None if None in values else (values[-1] if values else False)

    def value_since(self, t: datetime, floor: datetime) -> tuple[Known, bool]:
        """Return the value at ``t``: a deal's fields are never signals."""
        del floor
        return self.value(t), False


class _DealTimeline:
    """One deal's states: (since, state) runs in order of time."""

    __slots__ = ("_ats", "_states")

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._ats: list[datetime] = []
        self._states: list[object] = []
        for fact in facts:
            if not self._states or self._states[-1] != fact.value:
                self._ats.append(fact.at)
                self._states.append(fact.value)

    def at(self, t: datetime) -> tuple[datetime, object] | None:
        position = bisect_right(self._ats, t)
        return (self._ats[position - 1], self._states[position - 1]) if position else None

    @property
    def began(self) -> datetime:
        """When the deal was first known to be there."""
        return self._ats[0]


def _deals(states: Mapping[str, list[Fact]], by_field: Mapping[str, list[Fact]], deals: Deals) -> tuple[Deal, ...]:
    """Return a history of its own for each deal."""
    own: dict[str, list[Fact]] = {
        record: [replace(fact, kind="field", name=DEAL_STATE) for fact in found] for record, found in states.items()
    }
    for name in deals.fields:
        for fact in by_field.get(DEAL_PREFIX + name, ()):
            if fact.record in own:
                own[fact.record].append(replace(fact, name=name))
    found = [
        Deal(record, _DealTimeline(states[record]), History(sorted(facts, key=fact_key), deals.testable))
        for record, facts in own.items()
    ]
    return tuple(sorted(found, key=lambda deal: (deal.states.began, deal.record)))


def ordered(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return the facts once each by (at, source, record, name), then by all the rest: order of arrival is gone."""
    found = list(facts)
    for first in _FIRST_OF_KEY:
        keys = list(map(first, found))
        if all(map(lt, keys, islice(keys, 1, None))):
            return tuple(found)
        order = sorted(range(len(found)), key=keys.__getitem__)
        found = [found[place] for place in order]
        keys = [keys[place] for place in order]
        if not any(map(eq, keys, islice(keys, 1, None))):
            # The first parts of the keys tell all of them apart, so the rest, which is dear to make, decides nothing.
            return tuple(found)
    unique = {fact_key(fact): fact for fact in found}
    return tuple(unique[key] for key in sorted(unique))


_FIRST_OF_KEY = (
    attrgetter("at", "source", "record", "name"),
    attrgetter("at", "source", "record", "name", "seen", "kind", "rank"),
)


FactKey = tuple[datetime, str, str, str, datetime, str, int, str, str]


def fact_key(fact: Fact) -> FactKey:
    """Return a key that orders facts and is equal for equal facts only."""
    value = value_text(fact.value)
    return (fact.at, fact.source, fact.record, fact.name, fact.seen, fact.kind, fact.rank, value, fact.precision)


def value_text(value: Value | Unreadable) -> str:
    """Return a text that tells the value and its type apart from every other."""
    if isinstance(value, str):
        return "s" + value
    if value is None:
        return "n"
    if isinstance(value, bool):
        return "b1" if value else "b0"
    if isinstance(value, int | Decimal):
        return "d" + decimal_text(Decimal(value))
    if isinstance(value, datetime):
        return f"t{(value - _EPOCH).total_seconds():.6f}"
    if isinstance(value, date):
        return "y" + value.isoformat()
    if isinstance(value, tuple):
        return "l" + "\x1f".join(value)
    return "u"


def _versions(facts: Sequence[Fact]) -> list[tuple[Fact, datetime | None]]:
    """Pair each counting fact with the instant from which a later-seen version replaces it."""
    groups: dict[tuple[str, str, str], list[Fact]] = {}
    for fact in facts:
        groups.setdefault((fact.name, fact.source, fact.record), []).append(fact)
    entries: list[tuple[Fact, datetime | None]] = []
    for group in groups.values():
        group.sort(key=lambda fact: (fact.seen, fact_key(fact)))
        end: datetime | None = None
        for fact in reversed(group):
            if (end is None or fact.at < end) and fact.value is not False:
                entries.append((fact, end))
            end = fact.at if end is None else min(end, fact.at)
    return entries


def _told_once(facts: Sequence[Fact]) -> bool:
    """Tell whether no occurrence has a second version, and none is withdrawn."""
    if len({fact.record for fact in facts if fact.value is not False}) == len(facts):
        return True
    told = {(fact.name, fact.source, fact.record) for fact in facts if fact.value is not False}
    return len(told) == len(facts)


_NEVER = Occurrences(())
