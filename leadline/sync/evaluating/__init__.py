"""Evaluate whoever changed or is due, and nobody else."""

from leadline.sync.evaluating.folding import Before, Folded, fold_person
from leadline.sync.evaluating.running import evaluate

__all__ = ["Before", "Folded", "evaluate", "fold_person"]
