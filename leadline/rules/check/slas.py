"""Checks of SLAs: stages in which none is meant to run, ends that cannot come, targets that no calendar reaches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from leadline.common.errors import Problem
from leadline.rules.check.finding import error, warning
from leadline.rules.model import Book, Sla

if TYPE_CHECKING:
    from leadline.rules.business_time import Calendar


def check_slas(book: Book) -> Iterator[Problem]:
    """Yield what is doubtful or impossible in the SLAs of a book; nothing loads for a book without any."""
    if not book.slas:
        return
    for sla in book.slas.values():
        yield from _stages(book, sla)
        yield from _ends(book, sla)
        if sla.calendar.by is not None and not book.calendars.owners:
            message = (
                f"the SLA `{sla.name}` asks for a calendar by `{sla.calendar.by}`, but no calendar says whose it is"
            )
            hint = "add `for: [...]` to a calendar, with values of that field"
            yield warning(sla.mark, "sla-calendar", message, hint)
    yield from _out_of_reach(book)


def _stages(book: Book, sla: Sla) -> Iterator[Problem]:
    for name in sla.starts:
        stage = book.stages.get(name)
        if stage is not None and stage.kind != "sla":
            message = f"the SLA `{sla.name}` starts in `{name}`, a stage of kind {stage.kind}"
            yield warning(sla.mark, "sla-stage", message, f"make `{name}` of kind sla, or name another stage")


def _ends(book: Book, sla: Sla) -> Iterator[Problem]:
    """Yield ends that can never follow a start: before it on the main path, or off it where no path leads."""
    path = book.main_path
    reached = {transition.target for transition in book.transitions}
    for end in sla.ends:
        places = [path.index(start) for start in sla.starts if start in path]
        before = end in path and len(places) == len(sla.starts) and path.index(end) <= min(places)
        if before or (end not in path and end not in reached):
            message = f"`{end}` cannot be entered after `{', '.join(sla.starts)}`, so this never ends `{sla.name}`"
            yield error(sla.mark, "sla-end", message, "name a stage that follows")


def _out_of_reach(book: Book) -> Iterator[Problem]:
    # Only a book with SLAs waits for the arithmetic to load.
    from leadline.rules.business_time import add, calendar_from_json, parse_target

    stored = json.loads(book.calendars.resolved) if book.calendars.resolved else {}
    for sla in book.slas.values():
        names = {sla.calendar.otherwise: None}
        names |= dict.fromkeys(book.calendars.owners.values() if sla.calendar.by is not None else ())
        for name in (name for name in names if name in stored):
            calendar = calendar_from_json(stored[name])
            for target in sla.targets:
                if add(calendar, _opens(calendar), parse_target(target.target)) is None:
                    message = f"the calendar `{name}` never opens for {target.target}"
                    yield error(target.mark, "sla-never", message, "see its hours, `from` and `until`")


def _opens(calendar: Calendar) -> datetime:
    """Return an instant before the calendar's first opening that matters."""
    if calendar.first is not None:
        return datetime.combine(calendar.first, time(0), UTC)
    return datetime(2000, 1, 1, tzinfo=UTC)
