"""Which comparisons each type of field knows: the one table for reading and checking."""

from __future__ import annotations

from typing import Final

from leadline.rules.model import FieldType

TEXT_OPS: Final = ("in", "has_word", "contains", "starts", "domain_in")
NUMBER_OPS: Final = ("equals", "at_least", "at_most", "over", "under")
DATE_OPS: Final = ("before", "after", "within_next", "within_last")

OPS: Final[dict[FieldType, tuple[str, ...]]] = {
    "text": TEXT_OPS,
    "list": ("in", "has_word", "contains", "starts"),
    "integer": NUMBER_OPS,
    "decimal": NUMBER_OPS,
    "money": NUMBER_OPS,
    "boolean": ("is",),
    "date": DATE_OPS,
    "datetime": DATE_OPS,
}
