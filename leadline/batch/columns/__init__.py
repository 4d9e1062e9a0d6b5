"""A rule book over columns: all people of a partition at once, with the answers of the one-person evaluator."""

from leadline.batch.columns.fields import OddError
from leadline.batch.columns.partition import Columns, Evaluated, evaluate_partition

__all__ = ["Columns", "Evaluated", "OddError", "evaluate_partition"]
