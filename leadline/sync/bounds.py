"""The fewest calls that a cycle can take, by the vendors' page and batch sizes (facts.md section 4).

Limits: Salesforce query page 2,000 rows, composite of five collections 1,000 records a call; HubSpot search page
200, batch 100 records, associations batch read 1,000. Logging in, describing and asking the time are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadline.common.values import Crm


@dataclass(frozen=True, slots=True)
class Work:
    """What a cycle moved in one CRM.

    ``objects`` and ``sources`` are rows sent by object and by activity source (0 where one was asked and had no
    news); ``linked`` are the records whose associations were read, by kind of link; ``written`` records,
    ``cleared`` of them written in a first step too.
    """

    objects: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)
    linked: Mapping[str, int] = field(default_factory=dict)
    written: int = 0
    cleared: int = 0


@dataclass(frozen=True, slots=True)
class Bound:
    """Lower bounds of one CRM's calls by purpose."""

    read: int
    write: int
    read_back: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.read + self.write + self.read_back


def lower_bounds(crm: Crm, work: Work) -> Bound:
    """Return the fewest calls that could have moved this work, bulk APIs left aside."""
    page, batch, back = (2000, 1000, 2000) if crm == "salesforce" else (200, 100, 100)
    read = sum(max(1, pages(rows, page)) for rows in (*work.objects.values(), *work.sources.values()))
    if crm == "hubspot":
        read += sum(pages(records, 1000) for records in work.linked.values())
    write = pages(work.written, batch) + pages(work.cleared, batch)
    return Bound(read, write, pages(work.written, back))


def pages(rows: int, size: int) -> int:
    """Return how many pages of ``size`` hold ``rows``."""
    return -(-rows // size)
