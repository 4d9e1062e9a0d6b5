"""What is known of many people, as arrays: who they are, what they did, and when each field said what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from leadline.batch.columns.arrays import Codes, Ints
from leadline.rules.deciding.fields import Known


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """One field: ``code`` of ``values`` from ``at`` on, in order of (person, at); before the first it is empty."""

    values: Sequence[Known]
    person: Ints
    at: Ints
    code: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """People by position, of whom none has a deal or a stage that was set by hand.

    Instants are microseconds since 1970 (UTC), all at or after ``born`` and up to ``until``.
    ``born`` is when each became known: everything begins one microsecond before it. ``kind`` is the position in
    ``kinds`` of each activity. ``looks`` are (person, at) of facts that no rule reads here: they only part causes.
    """

    born: Ints
    until: int
    kinds: Sequence[str]
    kind: Codes
    person: Ints
    at: Ints
    fields: Mapping[str, Steps]
    looks: tuple[Ints, Ints] = field(default_factory=lambda: (np.zeros(0, np.int64), np.zeros(0, np.int64)))

    @property
    def count(self) -> int:
        """How many people."""
        return int(self.born.size)
