"""Whole lives of many people at once: every instant of everybody is a row, what holds from one to the next a run."""

from leadline.history.columns.living import by_columns, by_walker
from leadline.history.columns.told import Steps, Told
from leadline.history.columns.walking import Lived, OddError, Walker

__all__ = ["Lived", "OddError", "Steps", "Told", "Walker", "by_columns", "by_walker"]
