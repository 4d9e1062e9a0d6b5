"""Text of others on our screen: what would steer a terminal or turn the reading order is shown, not obeyed."""

from __future__ import annotations

from typing import Final

_STEERING: Final = {
    number: f"\\x{number:02x}" for number in (*range(0x20), *range(0x7F, 0xA0)) if chr(number) not in "\n\t"
} | {number: f"\\u{number:04x}" for number in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)}


def printable(text: str) -> str:
    """Return ``text`` with control characters and bidirectional overrides spelt out; line ends and tabs stay."""
    return text.translate(_STEERING)
