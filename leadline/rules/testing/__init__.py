"""Rule tests: YAML beside the book that says what happened to a person and what the rules must make of it."""

from leadline.rules.testing.coverage import Coverage, coverage
from leadline.rules.testing.model import Case, CaseResult, Failure, Item
from leadline.rules.testing.reading import read_cases
from leadline.rules.testing.running import run_case, run_cases

__all__ = ["Case", "CaseResult", "Coverage", "Failure", "Item", "coverage", "read_cases", "run_case", "run_cases"]
