"""What a condition may look at: one person at one instant, in one place of the lifecycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from leadline.rules.deciding.fields import Known
from leadline.rules.deciding.history import History
from leadline.rules.state import ScoreValue, StageDate, Timer

if TYPE_CHECKING:
    from leadline.rules.deciding.conditions import Node
    from leadline.rules.deciding.scores import Card


@dataclass(slots=True)
class Moment:
    """One person at the instant ``t``.

    ``floor`` is when the pass began: activities, won and lost deals and signals before it do not count; None lifts
    that (criteria of scores, the first pass). ``card`` are the scores at ``t``; None while they are being computed.
    ``stage_since`` is when the present stage was entered, ``stay`` its stay criterion, ``previous`` the stage before
    it; ``entered`` are the stages of this pass, ``timers`` those of the book's SLAs.
    """

    history: History
    t: datetime
    floor: datetime | None = None
    card: Card | None = None
    stage_since: datetime | None = None
    stay: Node | None = None
    pass_number: int = 1
    previous: str | None = None
    entered: Mapping[str, StageDate] = field(default_factory=dict)
    timers: Mapping[str, Timer] = field(default_factory=dict)

    def value(self, field: str) -> Known:
        """Return the field's value at ``t``, whenever it was set."""
        return self.history.value(field, self.t)

    def value_in_pass(self, field: str) -> tuple[Known, bool]:
        """Return the field's value and whether it is a signal that was only set before the pass began."""
        timeline = self.history.fields.get(field)
        if timeline is None:
            return None, False
        if self.floor is None or not timeline.signal:
            return timeline.value(self.t), False
        return timeline.value_since(self.t, self.floor)

    def score(self, name: str) -> ScoreValue:
        """Return a score at ``t``; a condition that reads scores is never asked without a card."""
        assert self.card is not None
        return self.card.score(name)


ZERO = Decimal(0)
