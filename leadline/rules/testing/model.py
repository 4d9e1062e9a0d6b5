"""Rule tests after reading: one invented person, what happened to them, and what is expected of the rules.

Instants are aware UTC datetimes. A day alone is its first instant where something happened and its last where
something is expected.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from leadline.common.marks import Mark
from leadline.rules.state import Adopted, Fact

What = Literal[
    "stage", "pass", "previous", "waits_for", "reason", "grade", "temperature", "disqualified", "moves",
    "next_change", "scope", "score", "score grade", "account", "actions",
    "sla", "due",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that is expected.

    ``value`` by ``what``: a text or None for names; a number with ``op`` for a score (``name``); an int for ``pass``;
    a bool or a tuple of reasons for ``disqualified``; a tuple of (source, target) for ``moves``, of words for
    ``actions``; an instant or None (never) for ``next_change``; ``in`` or ``out`` for ``scope``; a number with
    ``op``, or None, for a fact of the ``account`` (``name``); for the SLA ``name`` its state (None: not started) as
    ``sla``, and as ``due`` the first and last instant in which it may lie, or None (never).
    """

    what: What
    value: object
    name: str = ""
    op: str = "equals"
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected at one instant, or at the end of one day: then ``since`` is the day's first instant."""

    since: datetime
    at: datetime
    wanted: tuple[Wanted, ...]
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)

    @property
    def is_day(self) -> bool:
        """Whether a whole day was named."""
        return self.since != self.at


@dataclass(frozen=True, slots=True)
class ExpectedMove:
    """One stage change that must happen at an instant, or on a day (see ``Expectation``)."""

    since: datetime
    at: datetime
    source: str
    target: str
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Case:
    """One rule test.

    Without ``adopted`` the person is new at ``start``: in the start stage, nothing known before. With it, or where
    something happened before ``start``, the person is taken up at ``start`` as an adoption does. ``moves`` are all
    stage changes of the test in order; None where the test does not list them. ``colleagues`` are more people of the
    same account, each as a test of their own from the same ``start`` on.
    """

    name: str
    start: datetime
    facts: tuple[Fact, ...]
    expectations: tuple[Expectation, ...]
    adopted: Adopted | None = None
    moves: tuple[ExpectedMove, ...] | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)
    colleagues: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that did not come true: where it stands, when (also in words), and both sides in words.

    ``because`` are lines that explain what is there instead.
    """

    mark: Mark
    at: datetime
    when: str
    what: str
    expected: str
    actual: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MoveMade:
    """One stage change that happened in a test; ``by`` as in ``state.Move``."""

    at: datetime
    source: str
    target: str
    by: str


ItemKind = Literal["criterion", "band", "grade", "stage", "transition", "action", "sla"]
ITEM_KINDS: tuple[ItemKind, ...] = ("criterion", "band", "grade", "stage", "transition")
"""What every book has; ``action`` is asked of books with actions only."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a book that a test can reach. Equal items are the same thing, wherever they stand."""

    kind: ItemKind
    name: str
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one test went: no failures means that it passed."""

    case: Case
    failures: tuple[Failure, ...]
    moves: tuple[MoveMade, ...]
    reached: frozenset[Item]

    @property
    def passed(self) -> bool:
        """Whether everything expected came true."""
        return not self.failures
