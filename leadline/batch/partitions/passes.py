"""Pass after pass over partitions: everybody settles, places are given to all together, who got one settles again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow
import pyarrow.compute

from leadline.batch.columns import OddError
from leadline.batch.columns.spilling import Spill, read_part
from leadline.batch.partitions.aside import Readers, put_aside
from leadline.batch.partitions.parts import ROW, InPlace, Parts, in_place
from leadline.batch.partitions.task import Asked, Done, Task
from leadline.batch.tables import Table
from leadline.batch.turns import TURN, given_turns, gives_turns
from leadline.common.errors import UsageError
from leadline.rules.allocation import Candidate, next_round
from leadline.rules.model import Book

STRETCH = 1 << 16
"""Rows of the result in memory at a time."""


@dataclass(slots=True)
class Counts:
    """What was read: activities in all, of people who are not in the people file, and after the instant."""

    people: int = 0
    activities: int = 0
    strangers: int = 0
    later: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    one_by_one: Counter[str] = field(default_factory=Counter)


class Runner(Readers, Protocol):
    """What runs tasks: processes of this machine, or Spark."""

    def run(self, task: Task, asked: Sequence[Asked]) -> Iterable[Done]:
        """Run a task on each partition that is asked for; the answers come in any order."""

    def folder(self) -> Path | None:
        """Return where files are put aside so that every process finds them; None for this machine's own place."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files: people, what they did, and their deals."""

    people: Table
    activities: Table | None
    deals: Table | None


def evaluated_parts(
    book: Book,
    inputs: Inputs,
    as_of: datetime,
    runner: Runner,
    folder: Path,
    counts: Counts,
    progress: Callable[[int], None],
) -> Generator[Any, None, None]:
    """Yield the outcomes as Arrow tables in the order of the people file, and fill ``counts``.

    ``folder`` is for files on the way. Raises OddError before the first table for what only reading row by row can
    tell, and UsageError for a person or an account in two buckets.
    """
    parts: Parts | None = in_place(inputs.people, inputs.activities, inputs.deals)
    if parts is None:
        aside = put_aside(book, inputs.people, inputs.activities, inputs.deals, as_of, folder, runner)
        counts.strangers, counts.activities, counts.later = aside.strangers, aside.activities, aside.later
        parts = aside.parts
    task = Task(book, as_of, parts, folder, isinstance(parts, InPlace))
    written = _all_passes(task, runner, counts, progress)
    if isinstance(parts, InPlace):
        tables: Iterator[Any] = (task.outcomes(part, number) for part, number in sorted(written.items()))
    else:
        tables = _in_order(task, written)
    yield from _with_turns(task, written, tables) if gives_turns(book) else tables


def _all_passes(task: Task, runner: Runner, counts: Counts, progress: Callable[[int], None]) -> dict[int, int]:
    """Return in which pass the outcomes of each partition were written last; who has no people has none."""
    written: dict[int, int] = {}
    stages: dict[int, Counter[str]] = {}
    homes: dict[str, int] = {}
    waiting: dict[str, Candidate] = {}
    units: list[np.ndarray[Any, np.dtype[np.int64]]] = []
    for done in _run(runner, task, [Asked(part) for part in range(task.parts.count)]):
        counts.people += done.people
        counts.activities += done.activities
        counts.strangers += done.strangers
        counts.later += done.later
        counts.one_by_one.update(done.one_by_one)
        units.append(np.array(done.units, np.int64))
        homes.update((one.person, done.part) for one in done.candidates)
        waiting.update((one.person, one) for one in done.candidates)
        if done.people:
            written[done.part], stages[done.part] = 0, Counter(done.stages)
        progress(counts.people)
    _require_apart(units)
    given: Counter[tuple[str, str]] = Counter()
    places: dict[str, tuple[str, ...]] = {}
    number = 0
    while chosen := next_round(task.book, waiting.values(), given):
        number += 1
        given.update((one.stage, one.part) for one in chosen)
        asked: dict[int, dict[str, tuple[str, ...]]] = {}
        for one in chosen:
            places[one.person] = (*places.get(one.person, ()), one.stage)
            asked.setdefault(homes[one.person], {})[one.person] = places[one.person]
            del waiting[one.person]
        following = [Asked(part, number, written[part], got) for part, got in sorted(asked.items())]
        for done in _run(runner, task, following):
            waiting.update((one.person, one) for one in done.candidates)
            written[done.part], stages[done.part] = number, Counter(done.stages)
    counts.stages = sum(stages.values(), Counter[str]())
    return written


def _run(runner: Runner, task: Task, asked: Sequence[Asked]) -> Iterator[Done]:
    for done in runner.run(task, asked):
        if done.odd:
            raise OddError
        yield done


def _require_apart(units: Sequence[np.ndarray[Any, np.dtype[np.int64]]]) -> None:
    """Refuse buckets that share a person or an account: each of them would see a part of it only."""
    everything = np.concatenate([*units, np.zeros(0, np.int64)])
    if np.unique(everything).size != everything.size:
        raise UsageError(
            "a person or an account lies in two buckets; put all rows of one account into buckets of the same name"
        )


def _with_turns(task: Task, written: dict[int, int], tables: Iterator[Any]) -> Iterator[Any]:
    """Yield outcomes with whose turn it is: they are given to everybody together, after the last pass."""
    given = given_turns(task.book, (wish for part, number in written.items() for wish in task.wishes(part, number)))
    people, members = (pyarrow.array(list(found), pyarrow.string()) for found in (given, given.values()))
    for table in tables:
        place = pyarrow.compute.index_in(table["person_id"].combine_chunks(), value_set=people)
        yield table.append_column(TURN, members.take(place))


def _in_order(task: Task, written: dict[int, int]) -> Iterator[Any]:
    """Yield the outcomes by row: those of each stretch of rows are gathered from all partitions first."""
    stretches = 0
    with Spill(task.folder, "ordered") as spill:
        for part, number in sorted(written.items()):
            table = task.outcomes(part, number)
            task.forget(part, number)
            stretch = table[ROW].to_numpy() // STRETCH
            stretches = max(stretches, int(stretch.max()) + 1)
            spill.add(table, stretch)
    for number in range(stretches):
        yield read_part(task.folder, "ordered", number).sort_by(ROW)
