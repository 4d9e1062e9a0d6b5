"""Names of classes as words of the language."""

from __future__ import annotations

import re


def snake(name: str) -> str:
    """Return a class's name as a word of the language: ``TimeInStage`` is ``time_in_stage``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
