"""Deal facts: open, won, lost or gone, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time

from leadline.common.canonical import decimal_text
from leadline.common.folding import fold
from leadline.common.values import Crm, Precision, Raw
from leadline.rules.model import Deals, DealState
from leadline.rules.state import Fact, Unreadable
from leadline.sync.intake.rows import Observation
from leadline.sync.needs import ONLY_FIELDS
from leadline.sync.plan.normal import normal


def deal_facts(deals: Deals, history: Sequence[Observation], created: datetime | None) -> Iterator[tuple[int, Fact]]:
    """Yield (cycle learnt, fact) for each change of one deal's state, as a deal and as each kind that the book names.

    A deal first seen when it was closed already was open from its creation and closed on its close date (a day in
    Salesforce), as far as these are known and not after its stamp. A deal that `only` (that a kind) leaves out is
    None, and so is a deleted one.
    """
    yield from _named_facts("deal", deals.only, history, created)
    for name, kind in deals.kinds.items():
        yield from _named_facts(name, kind.where, history, created)


def _named_facts(
    name: str, where: Mapping[str, tuple[str, ...]], history: Sequence[Observation], created: datetime | None
) -> Iterator[tuple[int, Fact]]:
    raw: dict[str, Raw | Unreadable] = {}
    before: DealState | None = None
    for place, observation in enumerate(history):
        raw.update(observation.changed)
        crm = observation.ref.crm
        counts = not observation.deleted and _counts(where, crm, raw)
        state = _state(crm, raw) if counts else None
        if place == 0 and state is not None:
            yield from _first(name, observation, raw, state, created)
        elif state != before:
            yield observation.cycle, _fact(name, observation, state, observation.at)
        before = state


def _first(
    name: str,
    observation: Observation,
    raw: Mapping[str, Raw | Unreadable],
    state: DealState,
    created: datetime | None,
) -> Iterator[tuple[int, Fact]]:
    begun = observation.at if created is None else min(created, observation.at)
    if state == "open":
        yield observation.cycle, _fact(name, observation, "open", begun)
        return
    closed, precision = _closed(observation, raw)
    if begun < closed:
        yield observation.cycle, _fact(name, observation, "open", begun)
    yield observation.cycle, _fact(name, observation, state, max(begun, closed), precision)


def _closed(observation: Observation, raw: Mapping[str, Raw | Unreadable]) -> tuple[datetime, Precision]:
    crm = observation.ref.crm
    given = raw.get("CloseDate" if crm == "salesforce" else "closedate")
    found = None
    if not isinstance(given, Unreadable):
        found = normal(given, "date" if crm == "salesforce" else "datetime", crm)
    if isinstance(found, datetime) and found <= observation.at:
        return found, "instant"
    if isinstance(found, date) and not isinstance(found, datetime):
        day = datetime.combine(found, time(), tzinfo=UTC)
        if day <= observation.at:
            return day, "day"
    return observation.at, "instant"


def _state(crm: Crm, raw: Mapping[str, Raw | Unreadable]) -> DealState | None:
    names = ("IsClosed", "IsWon") if crm == "salesforce" else ("hs_is_closed", "hs_is_closed_won")
    if all(name not in raw for name in names):
        return None
    closed, won = (_true(raw.get(name)) for name in names)
    if won:
        return "won"
    return "lost" if closed else "open"


def _true(value: Raw | Unreadable) -> bool:
    return value is True or (isinstance(value, str) and fold(value) == "true")


def _counts(where: Mapping[str, tuple[str, ...]], crm: Crm, raw: Mapping[str, Raw | Unreadable]) -> bool:
    for word, allowed in where.items():
        said = raw.get(ONLY_FIELDS[crm].get(word, word))
        if isinstance(said, Unreadable) or _plain(said) not in {_plain(text) for text in allowed}:
            return False
    return True


def _plain(value: Raw) -> str:
    """Return a text in which `New Business` and HubSpot's `newbusiness` are the same."""
    text = decimal_text(value) if not isinstance(value, str | bool | int | None) else str(value)
    return "".join(letter for letter in fold(text) if letter.isalnum())


def _fact(
    name: str, observation: Observation, state: DealState | None, at: datetime, precision: Precision = "instant"
) -> Fact:
    ref = observation.ref
    return Fact("deal", name, state, at, ref.crm, str(ref), observation.seen, precision=precision)
