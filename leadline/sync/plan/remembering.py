"""Remembering what comparing came to, so that a plan looks only at what may have changed since.

A comparison that finds nothing to write and nothing to leave out depends on the outcome, on what the records show and
on what the CRMs let us write; never on time. What is left out for a reason of time is remembered with the instant at
which that reason ends. So who is not found by ``people_since`` would be compared to the same again. All of it stands
in the transaction of the evaluation that it follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from leadline import __version__
from leadline.common.canonical import digest
from leadline.common.values import RecordRef
from leadline.common.vocabulary import ACCOUNT_OBJECTS, PERSON_OBJECTS
from leadline.rules.model import Book
from leadline.sync.plan.quiet import QUIETLY
from leadline.sync.plan.records import Compared, Described
from leadline.sync.store.cycles import get_meta, set_meta
from leadline.sync.store.unsettled import (
    AT_ONCE,
    LeftOut,
    Unsettled,
    accounts_since,
    forget,
    forget_accounts,
    forget_all,
    left_out,
    people_since,
    save_unsettled,
)

COMPARED_BY: Final = "compared_by"
"""The key of what the last comparison went by: another one compares everybody."""

COMPARED_IN: Final = "compared_in"
"""The key of the cycle of the last comparison."""

_AT_A_TIME: Final = 1_000


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a plan compares (None: everybody), and the records that all others leave out, counted."""

    people: tuple[str, ...] | None = None
    accounts: tuple[RecordRef, ...] | None = None
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)


@dataclass(slots=True)
class Remembering:
    """Takes in what comparing comes to; ``finish`` when all were compared."""

    connection: Connection
    by: str
    cycle: int
    _rows: list[Unsettled] = field(default_factory=list)

    def hear(self, compared: Compared) -> None:
        """Take in one comparison: nothing is kept of what agrees."""
        if not compared.writes and not compared.skipped:
            return
        self._rows.append(_unsettled(compared))
        if len(self._rows) >= _AT_A_TIME:
            self._save()

    def finish(self) -> None:
        """Note that all were compared in this cycle."""
        self._save()
        set_meta(self.connection, COMPARED_BY, self.by)
        set_meta(self.connection, COMPARED_IN, str(self.cycle))

    def _save(self) -> None:
        save_unsettled(self.connection, self._rows)
        self._rows.clear()


def begin_comparing(
    connection: Connection, book: Book, described: Described, cycle: int, frontier: datetime, *, whole: bool = False
) -> tuple[Scope, Remembering]:
    """Return whom to compare after the evaluation of ``cycle``, and what takes in the answers.

    Everybody with ``whole``, and where the last comparison went by another book, by other fields or picklists, or by
    another version. Forgets what was remembered of those: compare them, and ``finish``, in the same transaction.
    """
    by = compared_by(connection, book, described)
    remembering = Remembering(connection, by, cycle)
    last = get_meta(connection, COMPARED_IN)
    if whole or last is None or get_meta(connection, COMPARED_BY) != by:
        forget_all(connection)
        return Scope(), remembering
    people = people_since(connection, int(last), frontier)
    accounts = accounts_since(connection, int(last), frontier)
    forget(connection, people)
    forget_accounts(connection, accounts)
    return Scope(tuple(people), tuple(accounts), left_out(connection)), remembering


def compare_all_next(connection: Connection) -> None:
    """Let the next plan compare everybody: states were made other than by the cycles that it knows of."""
    set_meta(connection, COMPARED_BY, "")


def compared_by(connection: Connection, book: Book, described: Described) -> str:
    """Return a digest of all that a comparison goes by beside what belongs to a person or an account."""
    shown = {
        crm: {
            name: {field: _shape(described, crm, name, field) for field in book.write[crm].fields_of(name)}
            if name in described[crm]
            else None
            for name in (*PERSON_OBJECTS[crm], ACCOUNT_OBJECTS[crm])
        }
        for crm in described
        if crm in book.write
    }
    return digest([__version__, book.hash, shown, get_meta(connection, QUIETLY)])


def _shape(described: Described, crm: str, name: str, field: str) -> object:
    known = described[crm][name].fields.get(field)  # type: ignore[index]
    return known if known is None else [known.type, known.updateable]


def _unsettled(compared: Compared) -> Unsettled:
    instants = [one.until for one in compared.skipped if one.until is not None]
    until = AT_ONCE if compared.writes else min(instants, default=None)
    return Unsettled(compared.person, compared.account, until, _counted(compared.left_out()))


def _counted(found: Iterable[LeftOut]) -> list[tuple[LeftOut, int]]:
    return sorted(Counter(found).items())
