"""A kernel in NumPy by hand for these very rules: from the same Arrow tables, partition by partition, to Arrow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute

from benchmarks.peers.peer import FIT_GRADES, INTEREST_GRADES, PART, Answer, Numbers, Work, finished, flags_of
from benchmarks.workload import DAY, MICROS, STAGES, Rules


@dataclass(frozen=True, slots=True)
class NumpyKernel:
    """It knows that people are numbered without gaps, and which rules there are."""

    name: str = "NumPy by hand"
    from_features: bool = False
    most: int = 10**9

    def prepare(self, work: Work) -> Callable[[], Any]:
        """See ``Peer``."""
        if self.from_features:
            return lambda: _in_parts(work.features, lambda part, _: _features(work.rules, part))
        person = work.activities["person_id"].to_numpy()

        def raw(part: Any, low: int) -> Answer:
            start, end = np.searchsorted(person, (low, low + PART))
            return _raw(work.rules, part, work.activities.slice(start, end - start), low)

        return lambda: _in_parts(work.people, raw)

    def answer(self, found: Any) -> Answer:
        """See ``Peer``."""
        names = ("fit_grade", "interest_grade", "stage")
        coded = [np.concatenate([one.indices.to_numpy() for one in found[name].chunks]) for name in names]
        return Answer(found["fit"].to_numpy(), found["interest"].to_numpy(), *coded)


def _in_parts(people: Any, kernel: Callable[[Any, int], Answer]) -> Any:
    tables = []
    for low in range(0, people.num_rows, PART):
        part = people.slice(low, PART)
        found = kernel(part, low)
        columns = {"person_id": part["person_id"], "fit": found.fit, "interest": found.interest}
        named = {
            "fit_grade": (found.fit_grade, [name for name, _ in FIT_GRADES]),
            "interest_grade": (found.interest_grade, [name for name, _ in INTEREST_GRADES]),
            "stage": (found.stage, list(STAGES)),
        }
        texts = {name: pyarrow.DictionaryArray.from_arrays(*coded) for name, coded in named.items()}
        tables.append(pyarrow.table(columns | texts))
    return pyarrow.concat_tables(tables)


def _raw(chosen: Rules, people: Any, activities: Any, low: int) -> Answer:
    """Add tables of points by code, and counts by person; the lowest fit decides, as in the rule book."""
    count = people.num_rows
    fit, lowest = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for field in dict.fromkeys(one.field for one in chosen.attributes):
        column = people[field].combine_chunks()
        codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        names = column.dictionary.to_pylist()
        points = np.zeros(len(names) + 1, np.int64)
        least = np.zeros(len(names) + 1, np.int64)
        for one in (one for one in chosen.attributes if one.field == field):
            given = [one.points if name in one.values else 0 for name in names]
            points += [*given, 0]
            least += [*given, min(0, one.points)]
        fit += points[codes]
        lowest += least[codes]
    for edge in chosen.edges:
        given = np.where(people[edge.field].fill_null(-1).to_numpy() >= edge.edge, edge.points, 0)
        fit += given
        lowest += given
    return finished(fit, lowest, _interest(chosen, activities, low, count), flags_of(people))


def _interest(chosen: Rules, activities: Any, low: int, count: int) -> Numbers:
    interest = np.zeros(count, np.int64)
    person = activities["person_id"].to_numpy() - low
    at = activities["at"].cast(pyarrow.int64()).to_numpy()
    coded = activities["activity"].combine_chunks()
    kinds, names = coded.indices.to_numpy(), coded.dictionary.to_pylist()
    for activity in dict.fromkeys(one.activity for one in chosen.counted):
        rows = np.flatnonzero(kinds == names.index(activity))
        whose, when = person[rows], at[rows]
        for line in (line for line in chosen.counted if line.activity == activity):
            number = np.bincount(whose[when > MICROS - line.days * DAY], minlength=count)
            interest += np.minimum(number, line.most) * line.points
    return interest


def _features(chosen: Rules, features: Any) -> Answer:
    count = features.num_rows
    fit, lowest, interest = (np.zeros(count, np.int32) for _ in range(3))
    for number, one in enumerate(chosen.attributes):
        column = features[f"a{number}"]
        given = column.fill_null(False).to_numpy() * np.int32(one.points)
        fit += given
        lowest += given
        if one.points < 0:
            lowest += column.is_null().to_numpy() * np.int32(one.points)
    for number, edge in enumerate(chosen.edges):
        given = features[f"e{number}"].to_numpy() * np.int32(edge.points)
        fit += given
        lowest += given
    for number, line in enumerate(chosen.counted):
        interest += features[f"c{number}"].to_numpy() * np.int32(line.points)
    return finished(fit, lowest, interest, flags_of(features))
