"""The fewest calls that a cycle can take, by the vendors' page and batch sizes (facts.md section 4).

Logging in, describing and asking the time are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from leadline.common.chunking import chunk_count
from leadline.common.values import Crm

PAGE: Final[Mapping[Crm, int]] = {"salesforce": 2000, "hubspot": 200}
"""Rows of a query page (Salesforce) and of a search page (HubSpot)."""

BULK_ABOVE: Final = 6000
BULK_PAGE: Final = 50_000
"""Above so many rows of one object a Salesforce bulk job takes fewer calls; rows of a page of its result."""

LOAD_ABOVE: Final = 5000
LOAD_CALLS: Final = 5
"""Above so many records of one object a Salesforce bulk job takes fewer calls: three, one look, one for failures."""

SOURCE_PAGE: Final[Mapping[str, int]] = {"event": 1000, "email": 1000, "form": 50}
"""HubSpot's older activity APIs have pages of their own."""

BATCH: Final[Mapping[Crm, int]] = {"salesforce": 1000, "hubspot": 100}
"""Records written by one call: five collections of 200 in one composite; one batch."""

READ_BACK: Final[Mapping[Crm, int]] = {"salesforce": 2000, "hubspot": 100}
"""Records of one object read by id with one call."""

ASSOCIATIONS: Final = 1000
"""Records whose associations one HubSpot call reads."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a cycle moved in one CRM.

    ``objects`` and ``sources`` are rows sent by object and by activity source (0 where one was asked and had no
    news); ``forms`` is how many forms are asked one by one; ``linked`` are the records whose associations were read,
    by kind of link; ``archives`` are the lists of deleted rows asked for, since HubSpot's search shows none;
    ``past`` are records (HubSpot) or changes (Salesforce) whose histories were asked for, by object;
    ``listed`` are ids compared by object, ``confirmed`` those of them looked for once more; ``written`` are records
    by object, ``cleared`` of them written in a first step too.
    """

    objects: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)
    forms: int = 0
    linked: Mapping[str, int] = field(default_factory=dict)
    archives: int = 0
    past: Mapping[str, int] = field(default_factory=dict)
    listed: Mapping[str, int] = field(default_factory=dict)
    confirmed: Mapping[str, int] = field(default_factory=dict)
    written: Mapping[str, int] = field(default_factory=dict)
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
    """Return the fewest calls that could have moved this work."""
    read = sum(_read(crm, rows) for rows in work.objects.values())
    for name, rows in work.sources.items():
        size = SOURCE_PAGE.get(name, PAGE[crm]) if crm == "hubspot" else PAGE[crm]
        least = work.forms if name == "form" else 1
        read += max(least, _read(crm, rows)) if crm == "salesforce" else max(least, 1, chunk_count(rows, size))
    if crm == "hubspot":
        read += sum(chunk_count(records, ASSOCIATIONS) for records in work.linked.values())
    read += work.archives
    read += sum(chunk_count(rows, 50) if crm == "hubspot" else _read(crm, rows) for rows in work.past.values())
    read += sum(max(1, chunk_count(ids, PAGE[crm])) for ids in work.listed.values())
    return Bound(
        read=read,
        write=_written(crm, work.written) + chunk_count(work.cleared, BATCH[crm]),
        read_back=sum(
            chunk_count(records, READ_BACK[crm]) for records in (*work.written.values(), *work.confirmed.values())
        ),
    )


def _written(crm: Crm, written: Mapping[str, int]) -> int:
    """Return the fewest calls that write these records: in full batches, or by a bulk job an object."""
    loaded = [name for name, records in written.items() if crm == "salesforce" and records > LOAD_ABOVE]
    few = sum(records for name, records in written.items() if name not in loaded)
    return chunk_count(few, BATCH[crm]) + LOAD_CALLS * len(loaded)


def _read(crm: Crm, rows: int) -> int:
    """Return the fewest calls that read the rows of one object: by pages, or by a bulk job with one poll."""
    by_pages = max(1, chunk_count(rows, PAGE[crm]))
    return by_pages if crm == "hubspot" or rows <= BULK_ABOVE else min(by_pages, 2 + chunk_count(rows, BULK_PAGE))
