"""Patterns on RE2: every search takes time in proportion to the text, whatever the pattern.

A pattern is searched anywhere in the text (``^`` and ``$`` tie it to the ends), without regard to capitals, after
width is normalised and outer space is stripped. Look-around and back-references do not exist.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

LONGEST: Final = 500
"""Characters of a pattern; RE2 itself refuses one whose program would take more than 8 MB."""


def searcher(pattern: str) -> Callable[[str], bool]:
    """Return whether a text holds the pattern. Raises ValueError, saying why, when it is none."""
    compiled = _compiled(pattern)

    def holds(text: str) -> bool:
        if not text.isascii():
            # What UTF-8 cannot write (half of a pair) matches no pattern's letter.
            text = unicodedata.normalize("NFKC", text).encode("utf-8", "replace").decode("utf-8")
        return compiled.search(text.strip()) is not None

    return holds


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    # Only a book with a pattern waits for the engine to load.
    import re2

    if len(pattern) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    options = re2.Options()
    options.case_sensitive = False
    options.never_capture = True
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as problem:
        said = problem.args[0] if problem.args else ""
        raise ValueError(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from problem
    except UnicodeEncodeError as problem:
        raise ValueError("it holds half of a pair of surrogates") from problem
