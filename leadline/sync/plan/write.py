"""One write of a plan, and the writes of one record that travel together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from leadline.common.values import Raw, RecordRef, RecordWrite
from leadline.sync.plan.normal import Kind

Phase = Literal[1, 2]
"""2 is where values are set; 1 clears what must be empty before it may be set (facts.md, hazard 1)."""


NOTHING: Final = ""
"""The ``basis`` of a score that is taken back: nothing is published with it, and the next plan publishes anew."""


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """One field of one record: ``old`` is what the mirror has, ``new`` the absolute value to write.

    ``kind`` says how values compare. On the write by which a record tells of a move (the stage field, or the reason
    where this CRM has no value for the stage), ``stage`` is the book's stage, ``transition`` how the person got
    there, and ``backward`` whether that is a step back or off the main path.
    On a score field, ``basis`` is the stage and grades that it is published with, ``NOTHING`` when it is taken back.
    ``effect`` is the key of the effect (``assign`` or ``set``) that this write carries out.
    ``account`` is the id of the account whose row the CRM locks with the record's, None where there is none.
    """

    ref: RecordRef
    person: str
    field: str
    kind: Kind
    old: Raw
    new: Raw
    decision: str
    phase: Phase = 2
    stage: str | None = None
    transition: str | None = None
    backward: bool = False
    basis: str | None = None
    effect: str | None = None
    account: str | None = None


def grouped(writes: Iterable[PlannedWrite]) -> Iterator[tuple[PlannedWrite, ...]]:
    """Yield the writes of one record in one phase together; they travel in one call and share one fate."""
    for _, group in groupby(writes, key=lambda write: (write.phase, write.ref)):
        yield tuple(group)


def record_write(group: tuple[PlannedWrite, ...]) -> RecordWrite:
    """Return what a connector is told to write for one group."""
    return RecordWrite(group[0].ref, {write.field: write.new for write in group}, group[0].account or "")
