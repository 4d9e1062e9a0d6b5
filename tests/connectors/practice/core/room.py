"""A running server of a tiny dialect, as tests hold it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import requests

from leadline.connectors.practice.harness import Harness

START = datetime(2026, 6, 30, 16, 0, tzinfo=UTC)


@dataclass
class Room:
    """Where the server is, its harness, and what its handler was asked for."""

    url: str
    harness: Harness
    handled: list[str]
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str) -> requests.Response:
        """Ask for a path."""
        return self.session.get(self.url + path, timeout=5)

    def control(self, method: str, path: str, body: object = None) -> requests.Response:
        """Speak to the control endpoint."""
        return self.session.request(method, f"{self.url}/_practice/{path}", json=body, timeout=5)
