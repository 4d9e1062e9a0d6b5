"""What a peer is, and the answer in which all of them are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.workload import FLAGS, Rules

Numbers = npt.NDArray[np.integer[Any]]
PART: Final = 1 << 16
"""People of one partition, for who works by partitions."""
FIT_GRADES: Final = (("A", 60), ("B", 40), ("C", 20), ("D", 0))
INTEREST_GRADES: Final = (("1", 50), ("2", 30), ("3", 10), ("4", 0))


class Answer(NamedTuple):
    """What is compared: both scores, both grades (as places in the lists above) and the stage (as a number)."""

    fit: Numbers
    interest: Numbers
    fit_grade: Numbers
    interest_grade: Numbers
    stage: Numbers


@dataclass(frozen=True, slots=True)
class Work:
    """Rules, and the tables that they are asked of; ``features`` instead of the others where these are given."""

    rules: Rules
    people: Any
    activities: Any
    features: Any

    def few(self, count: int) -> Work:
        """Return the work of the first people alone. The activities stand in order of person."""
        if count >= self.people.num_rows:
            return self
        end = int(np.searchsorted(self.activities["person_id"].to_numpy(), count))
        features = self.features.slice(0, count)
        return Work(self.rules, self.people.slice(0, count), self.activities.slice(0, end), features)


class Timed(NamedTuple):
    """What a peer found that takes its own time, in CPU seconds."""

    seconds: float
    found: Any


class MissingError(Exception):
    """A peer is not on this machine; the text says what would bring it."""


class Peer(Protocol):
    """One way to do the work.

    ``name`` is its line in the table, ``most`` how many people it is given at most (it would take too long).
    """

    @property
    def name(self) -> str: ...

    @property
    def most(self) -> int: ...

    def prepare(self, work: Work) -> Callable[[], Any]:
        """Compile rules and hold the input as the peer likes it best; return the work to be timed.

        Raises ImportError or MissingError where the peer is not installed.
        """
        ...

    def answer(self, found: Any) -> Answer | None:
        """Return what was found as it is compared; None of who answers nothing. Not timed."""
        ...


Choice = tuple[tuple[tuple[str, int], ...], int]
"""What must be at least how much, and what is chosen then."""
CHOICES: Final[dict[str, tuple[Choice, ...]]] = {
    "fit_grade": tuple(((("fit", edge),), place) for place, (_, edge) in enumerate(FIT_GRADES)),
    "interest_grade": tuple(((("interest", edge),), place) for place, (_, edge) in enumerate(INTEREST_GRADES)),
    "stage": (
        ((("lowest", 40), ("authority", 1), ("need", 1), ("budget", 1)), 5),
        ((("lowest", 40), ("authority", 1), ("need", 1)), 4),
        ((("lowest", 30), ("interest", 30), ("authority", 1)), 3),
        ((("lowest", 20), ("interest", 30)), 2),
        ((("interest", 20),), 1),
        ((("interest", 0),), 0),
    ),
}
"""Grades and stages as rules for peers that take a lead at a time: of each list the first one that holds."""


def limited(row: dict[str, Any], fit: int, missing: int, interest: int) -> dict[str, int]:
    """Return what ``CHOICES`` ask of one lead: scores in their limits, and what was said."""
    said = {name: 1 if row[name] else 0 for name in FLAGS}
    scores = {"fit": fit, "lowest": fit + missing, "interest": interest}
    return {name: max(0, min(100, value)) for name, value in scores.items()} | said


class ByLead:
    """A peer that finds a row a lead, in the order of ``Answer``."""

    __slots__ = ()

    def answer(self, found: Sequence[Sequence[int]]) -> Answer:
        """See ``Peer``."""
        return Answer(*np.array(found, np.int64).T)


def finished(fit: Numbers, lowest: Numbers, interest: Numbers, said: Sequence[npt.NDArray[np.bool_]]) -> Answer:
    """Return limits, grades and stages of sums by NumPy; ``said`` are authority, need and budget."""
    fit, lowest, interest = (np.clip(one, 0, 100) for one in (fit, lowest, interest))
    authority, need, budget = said
    stage = np.zeros(fit.size, np.int8)
    stage[interest >= 20] = 1
    stage[(lowest >= 20) & (interest >= 30)] = 2
    stage[(lowest >= 30) & (interest >= 30) & authority] = 3
    ready = (lowest >= 40) & authority & need
    stage[ready] = 4
    stage[ready & budget] = 5
    return Answer(fit, interest, graded(fit, FIT_GRADES), graded(interest, INTEREST_GRADES), stage)


def graded(points: Numbers, grades: Sequence[tuple[str, int]]) -> Numbers:
    """Return the place of each one's grade; the grades stand from the best."""
    found = np.full(points.size, len(grades) - 1, np.int8)
    for _, edge in grades[:-1]:
        found -= points >= edge
    return found


def facts_of(work: Work) -> list[dict[str, Any]]:
    """Return the features as a mapping a person, for peers that take them one by one."""
    rows: list[dict[str, Any]] = work.features.drop_columns(["person_id"]).to_pylist()
    return rows


def flags_of(features: Any) -> list[npt.NDArray[np.bool_]]:
    """Return authority, need and budget, where an empty cell is no."""
    return [features[name].fill_null(False).to_numpy() for name in FLAGS]
