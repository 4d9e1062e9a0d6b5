"""Intake: from mirrored rows to the facts of many persons at once, as known at any cycle."""

from leadline.sync.intake.loading import PersonFacts, facts_of_persons

__all__ = ["PersonFacts", "facts_of_persons"]
