"""One seeded workload for columns and their peers: 40 criteria, 6 stages, 10 activities each, missing values.

Everything is told as plain parameters, from which our rule book is written and each peer's own code is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow
import pyarrow.compute

from leadline.rules.model import Book
from leadline.rules.reading import read_book

AT: Final = datetime(2026, 6, 30, 16, tzinfo=UTC)
MICROS: Final = int(AT.timestamp()) * 1_000_000
DAY: Final = 86_400_000_000
ACTIVITIES: Final = tuple(f"activity{number}" for number in range(10))
TEXTS: Final = {"title": 24, "country": 20, "industry": 16, "source": 10}
"""Text fields and how many values each has; one person in six has none."""
NUMBERS: Final = {"employees": 5_000, "revenue": 100_000}
FLAGS: Final = ("authority", "need", "budget")


@dataclass(frozen=True, slots=True)
class Attribute:
    """Points for a text field that is one of ``values``."""

    field: str
    values: tuple[str, ...]
    points: int


@dataclass(frozen=True, slots=True)
class Banded:
    """Points for a number field at or above ``edge``."""

    field: str
    edge: int
    points: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Points for each occurrence of an activity in the last ``days``, at most ``most`` times."""

    activity: str
    days: int
    most: int
    points: int


@dataclass(frozen=True, slots=True)
class Rules:
    """The parameters: 20 attributes, 4 edges, 16 activities, and the thresholds of the stages."""

    attributes: tuple[Attribute, ...]
    edges: tuple[Banded, ...]
    counted: tuple[Counted, ...]


def rules(seed: int) -> Rules:
    """Return seeded rules."""
    chance = np.random.default_rng(seed)
    attributes = []
    for number in range(20):
        field = list(TEXTS)[number % len(TEXTS)]
        chosen = chance.choice(TEXTS[field], 4, replace=False)
        points = int(chance.integers(5, 20)) * (-1 if number % 7 == 6 else 1)
        attributes.append(Attribute(field, tuple(f"{field} {one}" for one in sorted(chosen.tolist())), points))
    edges = tuple(
        Banded(field, size * share // 4, points)
        for field, size in NUMBERS.items()
        for share, points in ((1, 6), (2, 9))
    )
    counted = tuple(
        Counted(ACTIVITIES[number % 10], 14 + 15 * (number % 5), 1 + number % 3, int(chance.integers(3, 12)))
        for number in range(16)
    )
    return Rules(tuple(attributes), edges, counted)


def book_of(chosen: Rules) -> Book:
    """Return the rule book that says the same."""
    return read_book({"rules.yml": book_text(chosen).encode()})


def book_text(chosen: Rules) -> str:
    """Return it as YAML."""
    lines = ["leadline: 1", "name: Bench", "fields:"]
    lines += [f"  {name}: {{type: text, hubspot: contact.{name}}}" for name in TEXTS]
    lines += [f"  {name}: {{type: integer, hubspot: contact.{name}}}" for name in NUMBERS]
    lines += [f"  {name}: {{type: boolean, hubspot: contact.{name}}}" for name in FLAGS]
    lines += ["activities:", *(f"  {name}: {{hubspot: {{form: {name}}}}}" for name in ACTIVITIES)]
    lines += ["scores:", "  fit:", "    between: [0, 100]", "    criteria:"]
    lines += [
        f"      a{number}: {{points: {one.points}, when: {{{one.field}: {{in: [{', '.join(one.values)}]}}}}}}"
        for number, one in enumerate(chosen.attributes)
    ]
    lines += [
        f"      e{number}: {{points: {one.points}, when: {{{one.field}: {{at_least: {one.edge}}}}}}}"
        for number, one in enumerate(chosen.edges)
    ]
    lines += ["    grades: {A: 60, B: 40, C: 20, D: 0}", "  interest:", "    between: [0, 100]", "    criteria:"]
    lines += [
        f"      c{number}: {{points: {one.points}, each: {one.activity}, within: {one.days}d, at_most: {one.most}}}"
        for number, one in enumerate(chosen.counted)
    ]
    lines += ["    grades: {1: 50, 2: 30, 3: 10, 4: 0}", _STAGES]
    return "\n".join(lines)


_STAGES = """stages:
  inquiry: {kind: inventory}
  engaged: {kind: inventory, enter: {interest: {at_least: 20}}}
  mql: {kind: gate, enter: {all: [{fit: {at_least: 20}}, {interest: {at_least: 30}}]}}
  sal: {kind: gate, enter: {all: [{fit: {at_least: 30}}, {interest: {at_least: 30}}, {authority: true}]}}
  sql: {kind: gate, enter: {all: [{fit: {at_least: 40}}, {authority: true}, {need: true}]}}
  committed: {kind: final, enter: {all: [{fit: {at_least: 40}}, {authority: true}, {need: true}, {budget: true}]}}
paths: [inquiry -> engaged -> mql -> sal -> sql -> committed]
"""
STAGES: Final = ("inquiry", "engaged", "mql", "sal", "sql", "committed")


def leads(count: int, seed: int) -> tuple[Any, Any]:
    """Return ``count`` people and ten activities each as Arrow tables; texts are coded, one in six cells is empty."""
    chance = np.random.default_rng(seed)
    columns: dict[str, Any] = {"person_id": pyarrow.array(np.arange(count))}
    for name, size in TEXTS.items():
        codes = chance.integers(0, size, count).astype(np.int32)
        coded = pyarrow.array(codes, mask=chance.random(count) < 1 / 6)
        columns[name] = pyarrow.DictionaryArray.from_arrays(coded, [f"{name} {one}" for one in range(size)])
    for name, size in NUMBERS.items():
        columns[name] = pyarrow.array(chance.integers(0, size, count), mask=chance.random(count) < 1 / 6)
    for name in FLAGS:
        columns[name] = pyarrow.array(chance.random(count) < 0.5, mask=chance.random(count) < 1 / 6)
    rows = count * 10
    kinds = pyarrow.array(chance.integers(0, len(ACTIVITIES), rows).astype(np.int32))
    at = MICROS - chance.integers(0, 120 * 86_400, rows) * 1_000_000
    activities = {
        "person_id": pyarrow.array(np.sort(chance.integers(0, count, rows))),
        "activity": pyarrow.DictionaryArray.from_arrays(kinds, list(ACTIVITIES)),
        "at": pyarrow.array(at).cast(pyarrow.timestamp("us")).cast(pyarrow.timestamp("us", "UTC")),
    }
    return pyarrow.table(columns), pyarrow.table(activities)


def features_of(chosen: Rules, people: Any, activities: Any) -> Any:
    """Return what the criteria ask, as a table: ``a`` and ``e`` true, false or empty, ``c`` how often (small)."""
    columns: dict[str, Any] = {"person_id": people["person_id"]}
    for number, one in enumerate(chosen.attributes):
        cells = people[one.field].combine_chunks()
        known = pyarrow.compute.is_in(cells.dictionary, value_set=pyarrow.array(one.values))
        columns[f"a{number}"] = known.take(cells.indices)
    for number, edge in enumerate(chosen.edges):
        over = pyarrow.compute.greater_equal(people[edge.field], edge.edge)
        columns[f"e{number}"] = over.combine_chunks().fill_null(False)
    person, at = activities["person_id"].to_numpy(), activities["at"].cast(pyarrow.int64()).to_numpy()
    kinds = activities["activity"].combine_chunks().indices.to_numpy()
    for number, line in enumerate(chosen.counted):
        rows = (kinds == ACTIVITIES.index(line.activity)) & (at > MICROS - line.days * DAY)
        times = np.minimum(np.bincount(person[rows], minlength=people.num_rows), line.most)
        columns[f"c{number}"] = pyarrow.array(times.astype(np.int8))
    return pyarrow.table(columns | {name: people[name] for name in FLAGS})


def features_book(chosen: Rules) -> Book:
    """Return the rule book that says the same of ``features_of``."""
    truths = [*(f"a{n}" for n in range(len(chosen.attributes))), *(f"e{n}" for n in range(len(chosen.edges))), *FLAGS]
    times = [f"c{number}" for number in range(len(chosen.counted))]
    lines = ["leadline: 1", "name: Bench", "fields:"]
    lines += [f"  {name}: {{type: boolean, hubspot: contact.{name}}}" for name in truths]
    lines += [f"  {name}: {{type: integer, hubspot: contact.{name}}}" for name in times]
    lines += ["scores:", "  fit:", "    between: [0, 100]", "    criteria:"]
    lines += [
        f"      a{n}: {{points: {one.points}, when: {{a{n}: true}}}}" for n, one in enumerate(chosen.attributes)
    ]
    lines += [f"      e{n}: {{points: {one.points}, when: {{e{n}: true}}}}" for n, one in enumerate(chosen.edges)]
    lines += ["    grades: {A: 60, B: 40, C: 20, D: 0}", "  interest:", "    between: [0, 100]", "    criteria:"]
    for n, one in enumerate(chosen.counted):
        bands = ", ".join(f"{times}: {times * one.points}" for times in range(1, one.most + 1))
        lines.append(f"      c{n}: {{points: {{c{n}: {{{bands}}}}}}}")
    lines += ["    grades: {1: 50, 2: 30, 3: 10, 4: 0}", _STAGES]
    return read_book({"rules.yml": "\n".join(lines).encode()})
