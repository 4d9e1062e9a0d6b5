"""What another rule book does to timers that run: counted by SLA when people are taken over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from leadline.rules.deciding.timers import running_due
from leadline.rules.state import Timer

Edit = Literal["kept", "earlier", "later", "breached", "healed", "ended"]


@dataclass(frozen=True, slots=True)
class TimerEdits:
    """Open timers of one SLA under another book.

    ``kept`` keep the due instant that they had though the book says otherwise now (``on_edit: keep``); ``earlier``
    and ``later`` are due at another time; of all, ``breached`` are breached at once, ``healed`` are no longer
    breached, and ``ended`` end void, because there is no such promise to them any more.
    """

    open: int
    kept: int = 0
    earlier: int = 0
    later: int = 0
    breached: int = 0
    healed: int = 0
    ended: int = 0


def edits_of(
    before: Mapping[str, Timer], after: Mapping[str, Timer], at: datetime
) -> Iterator[tuple[str, tuple[Edit, ...]]]:
    """Yield what became of each timer that ran when another book took over at ``at``; nothing for most."""
    for name, old in before.items():
        if old.ended is not None:
            continue
        new = after.get(name)
        if new is None or new.withdrawn:
            yield name, ("ended",)
            continue
        found: list[Edit] = ["kept"] if new.kept == at and old.kept != at else []
        was, now = running_due(old), running_due(new)
        if was != now:
            found.append("earlier" if was is None or (now is not None and now < was) else "later")
        if old.breached is None and (new.breached is not None or (now is not None and now <= at)):
            found.append("breached")
        elif old.breached is not None and new.breached is None:
            found.append("healed")
        yield name, tuple(found)


def counted_edits(counts: Mapping[str, Counter[str]]) -> dict[str, TimerEdits]:
    """Return the SLAs of which a timer differs, by name; each counts what ``edits_of`` yields and ``open``."""
    return {name: TimerEdits(**found) for name, found in sorted(counts.items()) if set(found) - {"open"}}
