"""How a replay is shown and written: events one a line, or whole decisions."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.common.errors import UsageError
from leadline.common.files import whole_file
from leadline.common.masking import mask
from leadline.common.spreadsheets import write_csv
from leadline.history.events import COLUMNS, events_of
from leadline.history.replaying import Replay, Row, Span
from leadline.rules.deciding import decision_to_json
from leadline.terminal.screen import Screen
from leadline.terminal.session import open_state

if TYPE_CHECKING:
    from leadline.rules.model import Book

JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a replay goes: to a file, or to the screen as text or CSV; ``bodies``: whole decisions."""

    out: Path | None
    as_csv: bool
    bodies: bool


@dataclass(slots=True)
class KnownReplay:
    """A replay as known, in the order in which decisions were recorded."""

    people: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """Yield the rows."""
        for line in self.lines:
            yield json.loads(line)

    def texts(self) -> Iterator[str]:
        """Yield each row as one line of JSON."""
        return iter(self.lines)


def known_replay(screen: Screen, config: Path, book: Book | None, span: Span, *, bodies: bool) -> KnownReplay:
    """Replay the mirror's own cycles, and keep what was decided for instants in ``span``."""
    from leadline.history.known import books_by_hash, replay_known

    done = 0
    found = KnownReplay()
    with open_state(config) as store, screen.progress("Replaying") as progress:

        def tell(count: int) -> None:
            nonlocal done
            done += count
            progress(done)

        known = [item for item in replay_known(store, book, tell) if item.decision.at in span]
        books = {book.hash: book} if book is not None else books_by_hash(store)
    found.people = len({item.decision.person for item in known})
    for item in known:
        events = list(events_of(books[item.decision.book], [item.decision]))
        found.counts.update(event.kind for event in events)
        if bodies:
            found.lines.append(decision_to_json(item.decision))
        else:
            found.lines += (json.dumps(event.row(), ensure_ascii=False) for event in events)
    return found


def show_replay(screen: Screen, done: Replay | KnownReplay, wanted: Wanted) -> None:
    """Write a replay to its file, or show it."""
    if wanted.out is not None:
        _write(wanted.out, done, wanted)
        said = f"{wanted.out}: {_summary(done)}"
        screen.result(_data(done, str(wanted.out)), lambda console: console.print(said, markup=False))
    elif wanted.as_csv:
        write_csv(sys.stdout, COLUMNS, ([row[name] for name in COLUMNS] for row in done.rows()))
    elif screen.as_json:
        rows = list(done.rows())
        screen.result({**_data(done, None), "decisions" if wanted.bodies else "events": rows}, lambda _: None)
    elif wanted.bodies:
        for text in done.texts():
            sys.stdout.write(text + "\n")
    else:
        for row in done.rows():
            sys.stdout.write(_line(row) + "\n")
        screen.note(_summary(done))


def _data(done: Replay | KnownReplay, out: str | None) -> dict[str, Any]:
    return {"ok": True, "people": done.people, "counts": dict(sorted(done.counts.items())), "output": out}


def _summary(done: Replay | KnownReplay) -> str:
    counted = ", ".join(f"{count:,} {name}" for name, count in sorted(done.counts.items()))
    return f"{done.people:,} people; {counted or 'nothing happened in this range'}."


def _line(row: Row) -> str:
    """Write one event for people; identifiers that are addresses or numbers are masked."""
    change = f"{row['from'] or '-'} -> {row['to'] or '-'}" if row["from"] or row["to"] else ""
    by = row["by"] if row["event"] in {"enter", "leave"} else ""
    told = [row["at"], mask(str(row["person_id"])), row["event"], row["name"], change, by, row["why"]]
    return "  ".join(str(item) for item in told if item)


def _write(out: Path, done: Replay | KnownReplay, wanted: Wanted) -> None:
    from leadline.batch.tables import write_table

    if out.suffix.lower() in JSON_LINES:
        with whole_file(out) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{text}\n" for text in done.texts())
    elif wanted.bodies:
        raise UsageError(f"{out}: whole decisions are written as JSON lines; name a .jsonl file")
    else:
        write_table(out, COLUMNS, done.rows())
