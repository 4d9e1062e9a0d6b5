"""From states to rows of timers, in the transaction of the evaluation that made them.

A trial evaluation takes them back with everything else. Recording twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from leadline.rules.deciding import Engine
from leadline.rules.deciding.history import History, ordered
from leadline.rules.deciding.timers import running_due, status_at
from leadline.rules.model import Book
from leadline.rules.state import Decision, PersonState, SlaState, Timer
from leadline.sync.slas.owners import owner_at, owners_of
from leadline.sync.sources import SOURCE, source_text
from leadline.sync.store.timers import TimerRow, any_timers, drop_timers, move_timers, save_timers, timers_of


@dataclass(frozen=True, slots=True)
class Told:
    """One person's fold that is final: the state that it ended with, and what was decided on the way."""

    state: PersonState
    decisions: Sequence[Decision]


def timed(connection: Connection, book: Book) -> bool:
    """Say whether this book has SLAs, or an earlier one had timers."""
    return bool(book.slas) or any_timers(connection)


def record_timers(
    connection: Connection,
    engine: Engine,
    told: Sequence[Told],
    *,
    cycle: int,
    frontier: datetime,
    joined: Mapping[str, Sequence[str]] | None = None,
    gone: Iterable[str] = (),
) -> None:
    """Bring the rows of these people to what their states say.

    ``joined`` gives each person those who were joined into them; ``gone`` are persons without a lifecycle any more,
    whose timers end void. A run that a new owner started anew is one row, from its new start on; one that a new
    entry replaced ends there. What is known later of a run that another replaced does not change its row.
    """
    if joined:
        move_timers(connection, joined)
    before = timers_of(connection, [*(one.state.person for one in told), *gone])
    lost = [row for person in gone for row in before.get(person, ()) if row.ended is None]
    changed = [_closed(row, frontier, cycle) for row in lost]
    gone_rows: list[TimerRow] = []
    for one in told:
        rows = before.get(one.state.person, ())
        if not rows and not one.state.timers and not any(made.after.slas for made in one.decisions):
            continue
        wanted = {row.key: row for row in _Runs(engine, one, {row.key: row for row in rows}, cycle, frontier).rows()}
        gone_rows += [row for row in rows if row.key not in wanted]
        known = {row.key: row for row in rows}
        changed += [row for key, row in wanted.items() if row.ended is None or known.get(key) != row]
    drop_timers(connection, gone_rows)
    save_timers(connection, _with_owners(connection, engine.book, changed, cycle))


@dataclass(slots=True)
class _Runs:
    """The runs of one person's timers: as stored, as decided on the way, as the state ends."""

    engine: Engine
    told: Told
    known: Mapping[tuple[str, str, datetime], TimerRow]
    cycle: int
    frontier: datetime

    def rows(self) -> Iterator[TimerRow]:
        """Yield every row as it should be; what is not there any more was started anew by a new owner."""
        state = self.told.state
        passing: dict[tuple[str, str, datetime], TimerRow] = dict(self.known)
        for made in self.told.decisions:
            for name, shown in made.after.slas.items():
                key = state.person, name, shown.started
                passing[key] = self._passing(passing.get(key), key, shown, made.after.stage)
        present = {(state.person, name, timer.started): timer for name, timer in state.timers.items()}
        for key, row in passing.items():
            timer = state.timers.get(key[1])
            if key in present or (timer is not None and timer.entered <= row.started):
                continue
            replaced = timer.entered if timer is not None else self.frontier
            yield row if row.ended is not None else _closed(row, replaced, self.cycle)
        for key, timer in present.items():
            if timer.started <= self.frontier:
                yield self._present(key, timer)

    def _present(self, key: tuple[str, str, datetime], timer: Timer) -> TimerRow:
        old = self.known.get(key)
        timing = self.engine.settling.timing
        promise = timing.promises.get(key[1]) if timing is not None else None
        used = promise.used(timer, timer.ended)[0] if promise is not None and timer.ended is not None else None
        row = TimerRow(
            *key,
            entered=timer.entered,
            status=status_at(timer, self.frontier) or "running",
            due=running_due(timer),
            breached=timer.breached,
            ended=timer.ended,
            corrected=timer.alarmed and timer.breached is None,
            target=timer.target,
            calendar=timer.calendar,
            pauses=timer.pauses,
            used=used if promise is not None or old is None else old.used,
            stage=timer.stage,
            owner=old.owner if old is not None else None,
            source=old.source if old is not None else self._source(timer.started),
            seen=old.seen if old is not None else self.frontier,
            cycle=self.cycle,
        )
        return old if old is not None and replace(row, cycle=old.cycle) == old else row

    def _passing(self, row: TimerRow | None, key: tuple[str, str, datetime], shown: SlaState, stage: str) -> TimerRow:
        if row is None:
            row = TimerRow(
                *key,
                entered=shown.started,
                status=shown.status,
                due=None,
                breached=None,
                ended=None,
                corrected=False,
                target="",
                calendar="",
                pauses=(),
                used=None,
                stage=stage,
                owner=None,
                source=self._source(shown.started),
                seen=self.frontier,
                cycle=self.cycle,
            )
        ended = row.ended if row.ended is not None else shown.ended
        return replace(
            row, status=shown.status, due=shown.due, breached=shown.breached, ended=ended, corrected=shown.corrected
        )

    def _source(self, at: datetime) -> str | None:
        book = self.engine.book
        if SOURCE not in book.fields:
            return None
        return source_text(History(ordered(self.told.state.history), book.fields, book.deals).value(SOURCE, at))


def _closed(row: TimerRow, at: datetime, cycle: int) -> TimerRow:
    """Return a run that nothing goes on with as it ends at ``at``: void, unless it was breached by then."""
    status = row.status if row.breached is not None else "void"
    return replace(row, status=status, ended=max(at, row.started), cycle=cycle)


def _with_owners(connection: Connection, book: Book, rows: Sequence[TimerRow], cycle: int) -> list[TimerRow]:
    """Return the rows with who owned the person when it was breached, or when it ended, or now."""
    spans = owners_of(connection, book.primary, {row.person_id for row in rows}, cycle)
    found = []
    for row in rows:
        own = spans.get(row.person_id, ())
        at = row.breached or row.ended
        owner = owner_at(own, at) if at is not None else (own[-1].owner if own else None)
        found.append(replace(row, owner=owner))
    return found
