"""One partition of histories, as it was put aside: who is in it, and what the files say of some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow
import pyarrow.compute

from leadline.batch.columns.arrays import Ints, instant
from leadline.batch.columns.sources import LINE
from leadline.batch.columns.spilling import read_part
from leadline.batch.tables import plain_cells
from leadline.common.values import Precision, Raw
from leadline.history.shelving import CREATED, UNIT, Shelf

_HAPPENED: Final = ("activities", "changes", "deals")


@dataclass(frozen=True, slots=True)
class Dated:
    """One dated row: an activity (``name``), a change (``name`` is the field) or a deal (``value`` its state)."""

    line: int
    name: str
    at: datetime
    precision: Precision
    value: Raw = None
    record: str = ""
    assumed: bool = False


@dataclass(slots=True)
class Rows:
    """What the files hold of one person."""

    line: int
    cells: Mapping[str, Raw]
    created: datetime | None
    account: str
    activities: list[Dated] = field(default_factory=list)
    changes: list[Dated] = field(default_factory=list)
    deals: list[Dated] = field(default_factory=list)


class Partition:
    """The people of a partition in order of id (``people`` as a table), and each one's rows in order of the files."""

    def __init__(self, shelf: Shelf, part: int) -> None:
        folder = shelf.folder.path
        people = read_part(folder, "people", part)
        self.people = people.take(pyarrow.compute.sort_indices(people["person_id"]))
        ids = self.people["person_id"].combine_chunks()
        self.ids: list[str] = ids.to_pylist()
        self._units: list[str] = self.people[UNIT].to_pylist()
        self._happened: dict[str, tuple[Any, Ints]] = {}
        for name in _HAPPENED:
            table = read_part(folder, name, part)
            if table is not None:
                place = pyarrow.compute.index_in(table["person_id"].combine_chunks(), value_set=ids).to_numpy()
                order = np.argsort(place, kind="stable")
                self._happened[name] = table.take(order), np.searchsorted(place[order], np.arange(len(ids) + 1))

    def rows(self, chosen: Sequence[str], columns: Sequence[str], *, together: bool) -> dict[str, Rows]:
        """Return the rows of people in order of id, with cells of ``columns``; ``together`` brings their accounts."""
        wanted = set(chosen)
        units = {unit for one, unit in zip(self.ids, self._units, strict=True) if unit and one in wanted}
        places = [
            place
            for place, (one, unit) in enumerate(zip(self.ids, self._units, strict=True))
            if one in wanted or (together and unit in units)
        ]
        people = self.people.take(pyarrow.array(places, pyarrow.int64()))
        cells = [_cells(people, name) for name in columns]
        created = _instants(people[CREATED])
        rows = [
            Rows(line, dict(zip(columns, own, strict=True)), born, account)
            for line, born, account, *own in zip(
                people[LINE].to_pylist(), created, people[UNIT].to_pylist(), *cells, strict=True
            )
        ]
        for name in self._happened:
            for row, found in zip(rows, self._dated(name, places), strict=True):
                setattr(row, name, found)
        return {self.ids[place]: row for place, row in zip(places, rows, strict=True)}

    def happened(self, name: str, low: int, high: int) -> tuple[Any, Ints]:
        """Return the rows of the people from ``low`` to ``high``, and how many each has; None for no rows at all."""
        if name not in self._happened:
            return None, np.zeros(high - low, np.int64)
        table, starts = self._happened[name]
        return table.slice(starts[low], starts[high] - starts[low]), np.diff(starts[low : high + 1])

    def _dated(self, name: str, places: Sequence[int]) -> list[list[Dated]]:
        table, starts = self._happened[name]
        counts = (starts[1:] - starts[:-1])[places]
        chosen = np.concatenate([np.zeros(0, np.int64), *(np.arange(starts[one], starts[one + 1]) for one in places)])
        found = table.take(pyarrow.array(chosen, pyarrow.int64()))
        empty = [None] * found.num_rows
        rows = zip(
            found[LINE].to_pylist(),
            found["name"].to_pylist(),
            _instants(found["at"]),
            found["precision"].to_pylist(),
            _cells(found, "value") if "value" in found.column_names else empty,
            found["record"].to_pylist() if "record" in found.column_names else [""] * found.num_rows,
            found["assumed"].to_pylist() if "assumed" in found.column_names else [False] * found.num_rows,
            strict=True,
        )
        dated = [Dated(*row) for row in rows]
        ends = np.cumsum(counts).tolist()
        return [dated[end - count : end] for end, count in zip(ends, counts.tolist(), strict=True)]


def partition_of(shelf: Shelf, part: int) -> Partition:
    """Return a partition; the last one is kept, because its people are asked for one part after the other."""
    key = (str(shelf.folder.path), part)
    if key not in _last:
        _last.clear()
        _last[key] = Partition(shelf, part)
    return _last[key]


_last: dict[tuple[str, int], Partition] = {}


def _cells(table: Any, name: str) -> list[Raw]:
    return plain_cells(table[name].combine_chunks())


def _instants(column: Any) -> list[Any]:
    return [None if at is None else instant(at) for at in column.cast(pyarrow.int64()).to_pylist()]
