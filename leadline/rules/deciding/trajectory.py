"""The scores of a person as the step function that they are: each instant at which something differs, no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from leadline.rules.deciding.history import History
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.scores import Card, Scoring
from leadline.rules.state import ScoreValue


@dataclass(frozen=True, slots=True)
class Step:
    """What the scores come to from ``at`` (UTC) on, until the next step.

    ``lines`` are the points of each criterion, by score, before any limit; they alone make no step.
    """

    at: datetime
    scores: Mapping[str, ScoreValue]
    grades: Mapping[str, str | None]
    cell: str | None
    temperature: str | None
    disqualified: tuple[str, ...]
    lines: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict, compare=False)


def steps(scoring: Scoring, history: History, start: datetime, until: datetime) -> Iterator[Step]:
    """Yield the step at ``start`` and each later one up to and with ``until``."""
    t: datetime | None = start
    before: Step | None = None
    while t is not None and t <= until:
        card = scoring.card(Moment(history, t))
        found = _step(card, t)
        if before is None or replace(found, at=before.at) != before:
            yield found
            before = found
        turns = (history.next_instant(t), scoring.next_change(card))
        t = min((turn for turn in turns if turn is not None), default=None)


def _step(card: Card, at: datetime) -> Step:
    lines = {
        name: {item.criterion.name: item.worth(card.moment).points for item in score.criteria}
        for name, score in card.scoring.scores.items()
    }
    return Step(at, card.scores(), card.grades(), card.cell(), card.temperature(), card.disqualified(), lines)
