"""Carrying effects out exactly once, after the plan's field writes."""

from leadline.sync.apply.effects.carrying import Carrier
from leadline.sync.apply.effects.notifying import Notifier
from leadline.sync.apply.effects.reporting import with_effects
from leadline.sync.apply.effects.rows import EffectJournal

__all__ = ["Carrier", "EffectJournal", "Notifier", "with_effects"]
