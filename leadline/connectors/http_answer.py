"""One HTTP answer, whatever client library received it, and what its status and headers say to everybody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

from leadline.common.errors import ContractError
from leadline.connectors.retrying import TransientError

OVERLOADED: Final = frozenset({406, 408, 420, 423, 425, 429, 477})
"""Statuses below 500 that pass by themselves: locks, rate limits and the proxies' own words (facts.md, 4 and 5)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (lower-case names) and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON, numbers with a fraction as Decimal; raises ValueError when it is not JSON."""
        return json.loads(self.body, parse_float=Decimal)

    def json_or_none(self) -> Any:
        """Return the body as JSON, or None when it is not: error pages are often HTML."""
        try:
            return self.json()
        except ValueError:
            return None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def date(self) -> datetime | None:
        """The server's own present, UTC, to the second; None when it sent no usable Date header."""
        return _http_date(self.headers.get("date", ""))

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait as the server said, in seconds or as a date measured against its own clock."""
        text = self.headers.get("retry-after", "").strip()
        try:
            return max(0.0, float(text))
        except ValueError:
            then, now = _http_date(text), self.date
            return max(0.0, (then - now).total_seconds()) if then and now else None


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with lower-case names."""
    return {name.lower(): value for name, value in headers.items()}


def common_fault(answer: Answer, crm: str) -> Exception | None:
    """Return what a status means wherever it comes from; None where only the vendor's own words can tell."""
    if answer.status in OVERLOADED or answer.status >= 500:
        return TransientError(
            f"{crm} answered HTTP {answer.status}", retry_after=answer.retry_after, quota=answer.status == 429
        )
    if 300 <= answer.status < 400:
        return ContractError(
            f"{crm} answered with a redirect (HTTP {answer.status}): is `url` the address of the API itself?"
        )
    if answer.status in {414, 431}:
        return ContractError(f"{crm} refused a request as too long (HTTP {answer.status}): ask for fewer fields")
    return None


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
