"""Putting the writes of a plan in order while they are found, without holding them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final, cast

from leadline.common.values import Crm, RecordRef
from leadline.sync.plan.packing import Writes
from leadline.sync.plan.rows import Row, group_of, row_of
from leadline.sync.plan.scratch import AT_ONCE, Scratch
from leadline.sync.plan.write import PlannedWrite, grouped

_TABLE: Final = """
CREATE TABLE found (
    crm TEXT, phase INTEGER, place INTEGER, account TEXT, object TEXT, record_id TEXT, person TEXT, body TEXT,
    kind TEXT, since INTEGER
);
CREATE TABLE waiting (crm TEXT, object TEXT, record_id TEXT);
"""
_LEAVE_OUT: Final = "DELETE FROM found WHERE kind = ? AND (crm, object, record_id) IN (SELECT * FROM waiting)"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Sorter:
    """Takes in what is written to each record and gives the plan's order.

    That is by CRM and phase, then object, then account, because a CRM locks the account's row for each of its
    records.
    """

    def __init__(self) -> None:
        self._scratch = Scratch(_TABLE)
        self._waiting: list[tuple[object, ...]] = []

    def add(
        self,
        writes: Sequence[PlannedWrite],
        place: int,
        account: str,
        kind: str,
        drift: datetime | None = None,
    ) -> None:
        """Take in the writes of one record, all or some. ``place`` is that of its object.

        ``drift``: nothing but drift, since that instant; ``let_wait`` may leave it out.
        """
        since = None if drift is None else (drift - _EPOCH) // timedelta(microseconds=1)
        for group in grouped(sorted(writes, key=lambda write: (write.phase, write.field))):
            row = row_of(group)
            self._waiting.append(
                (row.crm, row.phase, place, account, row.object, row.record_id, row.person, row.body, kind, since)
            )
        if len(self._waiting) >= AT_ONCE:
            self._store()

    def let_wait(self, kind: str, after: int) -> Mapping[tuple[Crm, str], int]:
        """Leave out the drift of one kind but for ``after`` records, longest since first; count them by place."""
        self._store()
        self._scratch.run("DELETE FROM waiting")
        self._scratch.run(
            "INSERT INTO waiting SELECT DISTINCT crm, object, record_id FROM found "
            "WHERE kind = ? AND since IS NOT NULL ORDER BY since, crm, object, record_id LIMIT -1 OFFSET ?",
            (kind, after),
        )
        self._scratch.run(_LEAVE_OUT, (kind,))
        counted = self._scratch.rows("SELECT crm, object, COUNT(*) FROM waiting GROUP BY crm, object")
        return {(crm, name): count for crm, name, count in counted}

    def places(self, kind: str) -> list[tuple[RecordRef, bool]]:
        """Return the records of one kind, sorted, and whether each is drift."""
        self._store()
        query = (
            "SELECT DISTINCT crm, object, record_id, since IS NOT NULL FROM found WHERE kind = ? "
            "ORDER BY crm, object, record_id"
        )
        return [(RecordRef(*place), bool(drift)) for *place, drift in self._scratch.rows(query, (kind,))]

    def leave_out(self, kind: str, refs: Iterable[RecordRef]) -> None:
        """Leave out what is written to these records."""
        self._scratch.run("DELETE FROM waiting")
        self._scratch.add("INSERT INTO waiting VALUES (?, ?, ?)", ((ref.crm, ref.object, ref.id) for ref in refs))
        self._scratch.run(_LEAVE_OUT, (kind,))

    def finish(self) -> Writes:
        """Return everything in order."""
        self._store()
        query = (
            "SELECT crm, phase, object, record_id, person, body, place, account FROM found "
            "ORDER BY crm, phase, place, account, record_id, rowid"
        )
        return Writes(self._together(self._scratch.rows(query)))

    def _together(self, found: Iterator[Any]) -> Iterator[Row]:
        """Put together what different causes write to one record in one phase, by field."""
        for _, rows in groupby(found, key=lambda row: (row[:4], row[6:])):
            same = [Row(*row[:6]) for row in rows]
            if len(same) == 1:
                yield same[0]
                continue
            writes = [write for row in same for write in _writes(row)]
            yield row_of(sorted(writes, key=lambda write: write.field))

    def _store(self) -> None:
        self._scratch.add("INSERT INTO found VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self._waiting)
        self._waiting.clear()


def _writes(row: Row) -> tuple[PlannedWrite, ...]:
    return group_of(RecordRef(cast(Crm, row.crm), row.object, row.record_id), row.person, row.body)
