"""Identity: which records are one person. Explicit ids first, then merges, then e-mail; never a name."""

from __future__ import annotations

from leadline.sync.identity.joining import People, join_people

__all__ = ["People", "join_people"]
