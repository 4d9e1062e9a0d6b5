"""Personal data on a screen is masked unless the operator asks for it."""

from __future__ import annotations

import re

EMAIL = re.compile(r"([^\s@<>\"',;]{1,64})@([^\s@<>\"',;]{1,255})")
PHONE = re.compile(r"(?<![\w.:/-])(?!\d{4}-\d\d-\d\d\b)\+?\d[\d ()/.-]{6,}\d(?![\w:-])")
"""Eight digits or more, with what people put between them; a date or the id of a record is none."""


def mask_email(text: str) -> str:
    """Keep an address recognisable to who knows it: ``ada@acme.example`` becomes ``a***@***.example``."""
    return EMAIL.sub(lambda found: f"{found[1][0]}***@***.{found[2].rpartition('.')[2]}", text)


def mask(text: str) -> str:
    """Mask e-mail addresses and telephone numbers inside a text."""
    return PHONE.sub(lambda found: f"***{found[0][-2:]}", mask_email(text))
