"""What one pull of one CRM is bounded by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from leadline.common.values import Crm, ObjectDescription
from leadline.rules.model import Book


@dataclass(frozen=True, slots=True)
class Bound:
    """One CRM in one cycle, under its book. ``upper`` is that CRM's own present when the cycle began, UTC."""

    crm: Crm
    cycle: int
    upper: datetime
    described: Mapping[str, ObjectDescription]
    book: Book
