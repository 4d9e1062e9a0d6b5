"""Effects between the decision that causes them and the plan that shows them."""

from leadline.sync.effects.recording import (
    LATE,
    LOOK_BACK,
    PATIENCE,
    concerned,
    is_ripe,
    record_effects,
    tidy_effects,
)

__all__ = ["LATE", "LOOK_BACK", "PATIENCE", "concerned", "is_ripe", "record_effects", "tidy_effects"]
