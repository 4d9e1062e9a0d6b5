"""Salesforce record ids: a key prefix of 3, 12 further characters, and a check suffix of 3 against lost case."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LETTERS = bytes(_DIGITS.encode()[byte % 62] for byte in range(256))
_CAPITALS = {ord(letter): "1" if letter.isupper() else "0" for letter in _DIGITS}
_CODES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SUFFIX = {f"{code:05b}"[::-1]: letter for code, letter in enumerate(_CODES)}
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_POD = "Hs0"  # the server instance part of an id; one for the whole practice organisation


@lru_cache(maxsize=100_000)
def record_id(prefix: str, key: str) -> str:
    """Return the 18-character id that belongs to ``key``, always the same for the same prefix and key."""
    drawn = hashlib.sha256(f"{prefix}:{key}".encode()).digest()[:9].translate(_LETTERS)
    return with_suffix(f"{prefix}{_POD}{drawn.decode()}")


def with_suffix(short: str) -> str:
    """Return the 18-character form of a 15-character id: one character says which of five letters are capitals."""
    capitals = short.translate(_CAPITALS)
    return f"{short}{_SUFFIX[capitals[:5]]}{_SUFFIX[capitals[5:10]]}{_SUFFIX[capitals[10:]]}"


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
        code = _CODES.find(text[15 + position // 5].upper())
        if code < 0:
            return None
        letters.append(letter.upper() if code >> position % 5 & 1 else letter.lower())
    short = "".join(letters)
    return with_suffix(short) if with_suffix(short) == short + text[15:].upper() else None
