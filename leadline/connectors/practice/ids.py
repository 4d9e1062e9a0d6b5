"""Record ids of both practice CRMs, derived from an organisation's keys: the same key gives the same ids anywhere."""

from __future__ import annotations

import hashlib

_FLOOR = 100_000_000_000_000
_SPAN = 800_000_000_000_000


def salesforce_id(prefix: str, key: str) -> str:
    """Return the 18-character Salesforce id of ``key`` in the object with this key prefix (``00Q``, ``003``)."""
    from leadline.connectors.practice.salesforce.ids import record_id

    return record_id(prefix, key)


def hubspot_id(kind: str, key: str) -> str:
    """Return HubSpot's id of ``key``: 15 digits as text, below 9e14 and so exact in JSON everywhere.

    ``kind`` is the object's singular name (``contact``, ``company``, ``deal``, ``call``, ``owner``).
    """
    drawn = int.from_bytes(hashlib.sha256(f"{kind}:{key}".encode()).digest()[:8], "big")
    return str(_FLOOR + drawn % _SPAN)
