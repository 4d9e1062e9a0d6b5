"""The one meaning of "the same text" in a rule book: case, width and surrounding space do not matter."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Return ``text`` case-folded and NFKC-normalised, outer space stripped; equal folds mean equal texts.

    Folding twice changes nothing (Unicode, D146).
    """
    if text.isascii():
        return text.lower().strip()
    decomposed = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", decomposed).casefold().strip()
