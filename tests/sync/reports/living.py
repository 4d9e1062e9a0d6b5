"""Short lives for the tests of reports: days after a beginning instead of instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leadline.rules.state import StageDate
from leadline.sync.reports.lives import Basis, Life, Turn

T0 = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday, at which a book becomes active."""
PATH = ("inquiry", "mql", "sal", "customer")
STAGES = (*PATH, "recycled", "disqualified")


def day(number: float) -> datetime:
    """Return an instant that many days after the start."""
    return T0 + timedelta(days=number)


def basis(frontier: float | None = 60) -> Basis:
    """Return what a report stands on."""
    return Basis(None if frontier is None else day(frontier), T0, "UTC", STAGES, PATH)


def turn(at: float, source: str, target: str, reason: str | None = None, **more: object) -> Turn:
    """Return a move; ``since`` (a day), ``by`` and ``band`` may be given."""
    since = more.get("since")
    began = day(since) if isinstance(since, int | float) else None
    return Turn(day(at), source, target, str(more.get("by", "rule")), reason, began, str(more.get("band", "B2")))


def life(person: str, stage: str, since: float, *turns: Turn, **more: object) -> Life:
    """Return a person in a stage since a day, with the passes that the moves make.

    ``entered``: stages and days of the first pass before those moves; ``implied``: stages that were skipped in it;
    ``source`` is where they came from.
    """
    given = more.get("entered", {})
    implied = more.get("implied", ())
    assert isinstance(given, dict)
    assert isinstance(implied, tuple | list)
    passes: dict[int, dict[str, StageDate]] = {
        1: {name: StageDate(day(number), name in implied) for name, number in given.items()}
    }
    for made in turns:
        if made.source not in PATH and made.target in PATH:
            passes[len(passes) + 1] = {}
        passes[len(passes)].setdefault(made.target, StageDate(made.at))
    source = more.get("source")
    waits = more.get("waits")
    assert waits is None or isinstance(waits, tuple)
    return Life(
        person, stage, day(since), len(passes), passes, turns, None if waits is None else str(waits[0]),
        None if waits is None else day(waits[1]), None if source is None else str(source),
    )  # fmt: skip
