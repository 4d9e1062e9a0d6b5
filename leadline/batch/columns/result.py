"""Outcomes as Arrow: a row a person, plain types, so that equal outcomes are equal bytes whatever the partition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import pyarrow

from leadline.batch.columns.arrays import NEVER, Ints, Small, Whole, looked
from leadline.batch.columns.scale import Scale
from leadline.batch.columns.scoring import Cards
from leadline.batch.columns.settling import Positions, Settler
from leadline.batch.columns.stories import Stories
from leadline.rules.model import Book
from leadline.rules.state import Advance

AT: Final = pyarrow.timestamp("us", "UTC")
WANTED: Final = frozenset({"bounds", "entered", "why", "next_change"})
"""What is told beside stage, scores, grades and temperature, unless less (or ``decision_id`` too) is wanted."""

CODED: Final = "coded"
"""Wanted by who takes stages, grades and temperatures as dictionaries of Arrow rather than as texts."""


def schema_of(book: Book, scales: dict[str, Scale], wanted: frozenset[str], ids: Any) -> Any:
    """Return the schema of the outcomes of a book."""
    text = pyarrow.dictionary(_index_of(book), pyarrow.string()) if CODED in wanted else pyarrow.string()
    fields: list[tuple[str, Any]] = [("person_id", ids), ("stage", text), ("since", AT)]
    fields += [("pass", pyarrow.int64()), ("previous", text)]
    for name in book.scores:
        kind = pyarrow.decimal128(38, scales[name].places if name in scales else 15)
        fields.append((name, kind))
        if "bounds" in wanted:
            fields += [(f"{name}_lowest", kind), (f"{name}_highest", kind)]
    fields += [(f"{name}_grade", text) for name, score in book.scores.items() if score.grades]
    fields += [("grade", text), ("temperature", text)]
    fields.append(("disqualified", pyarrow.list_(pyarrow.string())))
    if "entered" in wanted:
        fields += [(f"entered_{name}", AT) for name in book.stages]
        fields.append(("implied", pyarrow.list_(pyarrow.string())))
    if "why" in wanted:
        fields.append(("why", pyarrow.string()))
    if "next_change" in wanted:
        fields.append(("next_change", AT))
    if "decision_id" in wanted:
        fields.append(("decision_id", pyarrow.string()))
    return pyarrow.schema(fields)


def table_of(  # noqa: PLR0913, PLR0917
    settler: Settler,
    cards: Cards,
    positions: Positions,
    ids: Any,
    schema: Any,
    stories: Stories | None,
    changes: Ints | None,
    decisions: Sequence[str] | None,
) -> Any:
    """Return the outcomes of people that were decided as columns."""
    book, names = settler.book, [*settler.names, None]
    text = schema.field("stage").type
    columns: dict[str, Any] = {
        "person_id": ids,
        "stage": _named(positions.stage, names, text),
        "since": _instants(positions.since),
        "pass": positions.pass_number,
        "previous": _named(positions.previous, names, text),
        "grade": _named(*cards.cells(), text),
        "temperature": _named(*cards.temperatures(), text),
    }
    for name in book.scores:
        points, places = cards.points(name), cards.scales[name].places
        columns[name] = _decimals(points.value, places)
        if f"{name}_lowest" in schema.names:
            columns[f"{name}_lowest"] = _decimals(points.lowest, places)
            columns[f"{name}_highest"] = _decimals(points.highest, places)
        if book.scores[name].grades:
            columns[f"{name}_grade"] = _named(*cards.grades(name), text)
    codes, reasons = cards.disqualified()
    columns["disqualified"] = _lists(reasons, codes)
    if "implied" in schema.names:
        for number, name in enumerate(settler.names):
            columns[f"entered_{name}"] = _instants(positions.entered[number])
        columns["implied"] = _implied(settler, positions)
    if stories is not None and "why" in schema.names:
        columns["why"] = _named(positions.story, [story.why for story in stories.found], pyarrow.string())
    if changes is not None:
        columns["next_change"] = _instants(changes)
    if decisions is not None:
        columns["decision_id"] = list(decisions)
    return pyarrow.table([_array(columns[name]) for name in schema.names], schema=schema)


def _array(values: Any) -> Any:
    return values if isinstance(values, pyarrow.Array | pyarrow.ChunkedArray) else pyarrow.array(values)


def rows_of(book: Book, people: Iterable[tuple[Any, Advance]], schema: Any) -> Any:
    """Return the outcomes of people that were decided one by one."""
    rows = []
    for person, advance in people:
        outcome = advance.state.outcome
        row: dict[str, Any] = {
            "person_id": person,
            "stage": outcome.stage,
            "since": outcome.since,
            "pass": outcome.pass_number,
            "previous": outcome.previous,
            "grade": outcome.cell,
            "temperature": outcome.temperature,
            "disqualified": list(outcome.disqualified),
            "implied": [name for name in book.stages if name in outcome.entered and outcome.entered[name].implied],
            "why": outcome.why,
            "next_change": advance.next_change,
            "decision_id": advance.decisions[-1].id if advance.decisions else None,
        }
        for name, score in outcome.scores.items():
            row |= {name: score.value, f"{name}_lowest": score.lowest, f"{name}_highest": score.highest}
        row |= {f"{name}_grade": grade for name, grade in outcome.grades.items()}
        row |= {f"entered_{name}": date.at for name, date in outcome.entered.items()}
        rows.append({name: row.get(name) for name in schema.names})
    return pyarrow.Table.from_pylist(rows, schema=schema)


def _named(codes: Small, names: Sequence[str | None], kind: Any) -> Any:
    """Return texts by code; a code below zero is the last one."""
    if len(names) == 1:
        one = pyarrow.scalar(names[0], pyarrow.string())
        return pyarrow.nulls(codes.size, kind) if names[0] is None else pyarrow.repeat(one, codes.size).cast(kind)
    texts = list(dict.fromkeys(name for name in names if name is not None))
    index = kind.index_type if pyarrow.types.is_dictionary(kind) else pyarrow.int32()
    # A negative code counts from the end of a table, too.
    table = np.array([-1 if name is None else texts.index(name) for name in names], index.to_pandas_dtype())
    if codes.dtype == np.int32 and np.array_equal(table, (*range(len(texts)), -1)):
        numbers = codes.astype(table.dtype, copy=False)
    else:
        numbers = looked(table, codes)
    known = numbers >= 0
    bits = None if known.all() else pyarrow.py_buffer(np.packbits(known, bitorder="little"))
    found = pyarrow.Array.from_buffers(index, numbers.size, [bits, pyarrow.py_buffer(numbers)])
    if pyarrow.types.is_dictionary(kind):
        return pyarrow.DictionaryArray.from_arrays(found, pyarrow.array(texts, pyarrow.string()), safe=False)
    return pyarrow.array(texts, kind).take(found)


def _index_of(book: Book) -> Any:
    """Return the type for codes of anything named: a grade, a cell of the grid, a temperature, a stage."""
    cells = 1
    for score in book.scores.values():
        cells *= len(score.grades) + 1
    return pyarrow.int8() if len(book.stages) + cells < 127 else pyarrow.int32()


def _lists(values: Sequence[Sequence[str]], codes: Ints) -> Any:
    kind = pyarrow.list_(pyarrow.string())
    if not any(values):
        return pyarrow.ListArray.from_arrays(np.zeros(codes.size + 1, np.int32), pyarrow.array([], pyarrow.string()))
    return pyarrow.array([list(one) for one in values], kind).take(pyarrow.array(codes))


def _implied(settler: Settler, positions: Positions) -> Any:
    masks = np.zeros(positions.stage.size, np.int64)
    for number in range(len(settler.names)):
        masks |= positions.implied[number].astype(np.int64) << number
    values, codes = np.unique(masks, return_inverse=True)
    told = [[name for number, name in enumerate(settler.names) if mask >> number & 1] for mask in values.tolist()]
    return _lists(told, codes.reshape(-1))


def _instants(at: Ints) -> Any:
    never = at == NEVER
    if never.any():
        return pyarrow.array(at, mask=never).view(AT)
    return pyarrow.Array.from_buffers(AT, at.size, [None, pyarrow.py_buffer(at)])


def _decimals(values: Whole, places: int) -> Any:
    """Return whole numbers as decimals: 128 bits, low half first."""
    halves = np.empty((values.size, 2), np.int64)
    halves[:, 0] = values
    halves[:, 1] = values >> (8 * values.itemsize - 1)
    return pyarrow.Array.from_buffers(pyarrow.decimal128(38, places), values.size, [None, pyarrow.py_buffer(halves)])
