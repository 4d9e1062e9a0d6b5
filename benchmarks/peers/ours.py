"""Ours: ``Columns.evaluate`` partition by partition, in one process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute

from benchmarks.peers.peer import FIT_GRADES, INTEREST_GRADES, PART, Answer, Work
from benchmarks.workload import AT, STAGES, book_of, features_book
from leadline.batch.columns import Columns

PLAIN = frozenset({"coded"})


@dataclass(frozen=True, slots=True)
class Ours:
    """The rule book over columns; with ``fast`` the compiled loops of the extra, without it NumPy alone."""

    name: str
    from_features: bool = False
    fast: bool = False
    wanted: frozenset[str] = PLAIN
    most: int = 10**9

    def prepare(self, work: Work) -> Callable[[], Any]:
        """See ``Peer``."""
        if self.fast:
            import numba  # noqa: F401
        book = features_book(work.rules) if self.from_features else book_of(work.rules)
        columns = Columns(book, fast=self.fast)

        def evaluate() -> Any:
            if self.from_features:
                return over(columns, work.features, None, self.wanted)
            return over(columns, work.people, work.activities, self.wanted)

        return evaluate

    def answer(self, found: Any) -> Answer:
        """See ``Peer``."""
        scores = [found[name].cast(pyarrow.int64()).to_numpy() for name in ("fit", "interest")]
        grades = [
            _places(found[f"{name}_grade"], [one for one, _ in grades])
            for name, grades in (("fit", FIT_GRADES), ("interest", INTEREST_GRADES))
        ]
        return Answer(*scores, *grades, _places(found["stage"], list(STAGES)))


def over(columns: Columns, people: Any, activities: Any, wanted: frozenset[str]) -> Any:
    """Evaluate partition by partition; the activities stand in order of person."""
    found = []
    person = None if activities is None else activities["person_id"].to_numpy()
    for low in range(0, people.num_rows, PART):
        part = None
        if person is not None:
            start, end = np.searchsorted(person, (low, low + PART))
            part = activities.slice(start, end - start)
        found.append(columns.evaluate(None, people.slice(low, PART), part, None, AT, wanted).table)
    return pyarrow.concat_tables(found)


def _places(column: Any, names: list[str]) -> Any:
    texts = column.cast(pyarrow.string())
    return pyarrow.compute.index_in(texts, value_set=pyarrow.array(names)).to_numpy()
