"""Which comparisons each type of field knows: the one table for reading and checking."""

from __future__ import annotations

from typing import Final

from leadline.rules.model import FieldType

TEXT_OPS: Final = ("in", "all_of", "has_word", "contains", "starts", "ends", "pattern", "domain_in")
NUMBER_OPS: Final = ("equals", "at_least", "at_most", "over", "under")
DATE_OPS: Final = ("before", "after", "between", "within_next", "within_last", "older_than")

SPELLINGS: Final = {"equals": "in", "any_of": "in", "is_not": "in", "none_of": "in", "on": "between"}
"""Other ways to write a comparison of texts, lists and dates."""
NEGATIONS: Final = ("is_not", "none_of")
"""Comparisons that are the negation of their spelling: of unknown it is unknown."""

_NUMBERS: Final = (*NUMBER_OPS, "is_not", "between")
_DATES: Final = ("before", "after", "on", "between", "within_next", "within_last", "older_than")
OPS: Final[dict[FieldType, tuple[str, ...]]] = {
    "text": ("in", "equals", "is_not", "has_word", "contains", "starts", "ends", "pattern", "domain_in"),
    "list": ("in", "any_of", "all_of", "none_of", "has_word", "contains", "starts", "ends", "pattern"),
    "integer": _NUMBERS,
    "decimal": _NUMBERS,
    "money": _NUMBERS,
    "boolean": ("is",),
    "date": _DATES,
    "datetime": _DATES,
}
