"""HubSpot's request signature, version 3.

Source: HubSpot's developer documentation, "Validating requests": base64 of HMAC-SHA256 with the app's client secret
over method + URI + body + timestamp, certain characters of the URI decoded, requests older than five minutes refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(minutes=5)
"""How far a request's timestamp may lie from our clock, back and ahead: the vendor's client accepts any future."""

_DECODED: Final = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29": ")",
    "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
"""The only characters of a URI that HubSpot decodes before it signs."""
_ENCODED: Final = re.compile("|".join(_DECODED), re.IGNORECASE)


def signed_uri(uri: str) -> str:
    """Return the URI as HubSpot signs it."""
    return _ENCODED.sub(lambda found: _DECODED[found[0].upper()], uri)


def signature(secret: str, method: str, uri: str, body: bytes, timestamp: str) -> str:
    """Return the signature of a request; ``timestamp`` is the header's text, in milliseconds since 1970."""
    signed = f"{method}{signed_uri(uri)}".encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def is_from_hubspot(
    secret: str, request: tuple[str, str, bytes], given: str | None, timestamp: str | None, now: datetime
) -> bool:
    """Tell whether HubSpot sent this (method, URI, body) now; ``given`` and ``timestamp`` are its headers.

    The comparison takes the same time for every wrong signature.
    """
    if not given or not timestamp or not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 15:
        return False
    sent = datetime.fromtimestamp(int(timestamp) / 1000, UTC) if int(timestamp) < 4_102_444_800_000 else None
    if sent is None or abs(now - sent) > WINDOW:
        return False
    return hmac.compare_digest(signature(secret, *request, timestamp).encode(), given.encode())
