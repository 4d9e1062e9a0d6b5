"""Salesforce record ids: a key prefix of 3, 12 further characters, and a check suffix of 3 against lost case."""

from __future__ import annotations

import hashlib
import re

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_POD = "Hs0"  # the server instance part of an id; one for the whole practice organisation


def record_id(prefix: str, key: str) -> str:
    """Return the 18-character id that belongs to ``key``, always the same for the same prefix and key."""
    number = int.from_bytes(hashlib.sha256(f"{prefix}:{key}".encode()).digest()[:8], "big")
    return with_suffix(prefix + _POD + _base62(number, 9))


def with_suffix(short: str) -> str:
    """Return the 18-character form of a 15-character id: one character says which of five letters are capitals."""
    groups = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(
        _SUFFIX[sum(1 << place for place, letter in enumerate(group) if "A" <= letter <= "Z")] for group in groups
    )


def normal_id(text: str) -> str | None:
    """Return the 18-character form of a 15- or 18-character id, or None when it is not one.

    As in Salesforce, the suffix of an 18-character id repairs letters whose case was lost on the way.
    """
    if not _SHAPE.fullmatch(text):
        return None
    if len(text) == 15:
        return with_suffix(text)
    return text if with_suffix(text[:15]) == text else _repaired(text)


def _repaired(text: str) -> str | None:
    letters = []
    for position, letter in enumerate(text[:15]):
        code = _SUFFIX.find(text[15 + position // 5].upper())
        if code < 0:
            return None
        letters.append(letter.upper() if code >> position % 5 & 1 else letter.lower())
    short = "".join(letters)
    return with_suffix(short) if with_suffix(short) == short + text[15:].upper() else None


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits.append(_DIGITS[rest])
    return "".join(reversed(digits))
