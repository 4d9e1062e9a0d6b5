"""Personal data on a screen or in a log is masked unless the operator asks for it; so are secrets in a log."""

from __future__ import annotations

import re
from collections.abc import Collection

EMAIL = re.compile(r"([^\s@<>\"',;]{1,64})@([^\s@<>\"',;]{1,255})")
ADDRESS = re.compile(r"([\w.+%-]{1,64})@[\w-]+(\.[\w-]+)+")
"""An address and nothing that only looks a bit like one: for sentences of our own."""
PHONE = re.compile(r"(?<![\w.:/-])(?!\d{4}-\d\d-\d\d\b)\+?\d[\d ()/.-]{6,}\d(?![\w:-])")
"""Eight digits or more, with what people put between them; a date or the id of a record is none."""


def mask_email(text: str) -> str:
    """Keep an address recognisable to who knows it: ``ada@acme.example`` becomes ``a***@***.example``."""
    return EMAIL.sub(lambda found: f"{found[1][0]}***@***.{found[2].rpartition('.')[2]}", text)


def mask_address(text: str) -> str:
    """Mask e-mail addresses in a sentence of our own, which may hold other text with an at sign."""
    return ADDRESS.sub(lambda found: f"{found[1][0]}***@***{found[2]}", text)


def mask(text: str) -> str:
    """Mask e-mail addresses and telephone numbers inside a text."""
    return PHONE.sub(lambda found: f"***{found[0][-2:]}", mask_email(text))


URL = re.compile(r"\b([a-z][a-z0-9+.-]{1,30})://(?:[^\s/@]*@)?([^\s/?#\"'`)\]}>,;]+)[^\s\"'`)\]}>,;]*", re.IGNORECASE)


def mask_url(text: str) -> str:
    """Keep scheme and host of every address: user, path and query may hold a secret, as those of webhooks do."""
    return URL.sub(lambda found: f"{found[1]}://{found[2]}" + ("" if found[0].endswith(found[2]) else "/***"), text)


def scrub(text: str, secrets: Collection[str] = ()) -> str:
    """Return ``text`` for a log or a message to many: no known secret, no address, no number, no path of a URL."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return mask(mask_url(text))
