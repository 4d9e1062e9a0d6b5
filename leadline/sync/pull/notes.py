"""What there is to tell about one pull, gathered while it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from leadline.sync.privacy.tombstones import Tombstones
from leadline.sync.pull.hinted import Hinted
from leadline.sync.pull.upkeep import Upkeep

Tell = Callable[[str, int], None]
"""Called after each page with the stream and the rows read so far."""


@dataclass(slots=True)
class Notes:
    """Counts by stream (``salesforce Lead``), warnings, and what this pull was asked to do."""

    tell: Tell | None
    erased: Tombstones
    upkeep: Upkeep
    hinted: Hinted | None = None
    incremental: set[str] = field(default_factory=set)
    past: dict[str, int] = field(default_factory=dict)
    listed: dict[str, int] = field(default_factory=dict)
    confirmed: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    news: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def quick(self) -> bool:
        """Whether what is read is bounded by seconds."""
        return self.hinted is not None and not self.hinted.thorough

    def count(self, stream: str, rows: int, news: int) -> None:
        """Add rows of a stream, and how many of them were new or changed."""
        self.rows[stream] = self.rows.get(stream, 0) + rows
        self.news[stream] = self.news.get(stream, 0) + news
        if self.tell is not None:
            self.tell(stream, self.rows[stream])
