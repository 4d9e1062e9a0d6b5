"""Evaluate a rule book over a file of people and one of activities: each person settles once, at ``as_of``.

People: ``person_id`` and a column for each field of the book (absent or empty is unknown), optionally ``stage``,
``stage_since``, ``pass`` and, for a book with account facts, ``account``, by which people are grouped.
Activities: ``person_id``, ``activity`` (a name of the book), ``at`` (ISO instant); ``precision`` may be ``day``.
Deals: see ``deals``.
Out: a row a person, in the order of the people file.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.batch.accounts import COLUMN, Known, with_accounts
from leadline.batch.deals import read_deals
from leadline.batch.outcomes import Cells, outcome_row, output_columns
from leadline.batch.places import with_places
from leadline.batch.problems import Problems
from leadline.batch.tables import Row, Table, stripped, write_table, write_tables
from leadline.batch.turns import TURN, given_turns, stages_with_turns, turn_wishes
from leadline.common.errors import UsageError
from leadline.common.instants import read_instant, require_plausible
from leadline.rules.convert import convert
from leadline.rules.deciding import Engine
from leadline.rules.model import Book
from leadline.rules.state import Adopted, Fact

if TYPE_CHECKING:
    from leadline.batch.partitions.passes import Runner

SOURCE = "files"
STATE_COLUMNS = ("stage", "stage_since", "pass")
CREATED = "created"
"""Read by who looks back: when a person became known."""
FACTS = "facts of activities and deals"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What ``evaluate_files`` did: people by stage, and remarks about columns that nothing reads.

    ``one_by_one`` are how many people columns could not decide, by what they do not know; by rows it is empty.
    """

    people: int
    activities: int
    stages: Mapping[str, int]
    remarks: tuple[str, ...]
    one_by_one: Mapping[str, int] = field(default_factory=dict, compare=False)


def evaluate_files(  # noqa: PLR0913, PLR0917
    book: Book,
    people: Path,
    activities: Path | None,
    as_of: datetime,
    out: Path,
    progress: Callable[[int], None] = lambda _: None,
    deals: Path | None = None,
    workers: int = 1,
    runner: Runner | None = None,
) -> Evaluation:
    """Settle every person of the file once at ``as_of`` (aware) and write the outcomes to ``out``.

    ``progress`` is called with the number of people done. Raises UsageError with every problem of a file at once
    (the first 50); then ``out`` is left as it was. Work goes by partitions of accounts, in ``workers`` processes or
    where ``runner`` says, and the answers are the same as row by row.
    """
    _require_apart(out, people, activities, deals)
    require_plausible(as_of, "--as-of")
    table = Table(people)
    table.require("person_id")
    files = _Files(table, activities, deals)
    done = _by_partitions(book, files, as_of, out, progress, workers, runner)
    return _by_rows(book, table, activities, deals, as_of, out, progress) if done is None else done


def _by_rows(
    book: Book,
    table: Table,
    activities: Path | None,
    deals: Path | None,
    as_of: datetime,
    out: Path,
    progress: Callable[[int], None],
) -> Evaluation:
    """Evaluate row by row, which tells each problem by its line; what everybody did is in memory."""
    by_person = _read_activities(book, activities, as_of) if activities else {}
    engine = Engine(book)
    known = sum(len(facts) for facts in by_person.values())
    for person, facts in (read_deals(book, deals, as_of) if deals else {}).items():
        by_person.setdefault(person, []).extend(facts)
    later = sum(fact.at > as_of for facts in by_person.values() for fact in facts)
    stages: dict[str, int] = dict.fromkeys(book.stages, 0)

    asking = stages_with_turns(book)
    told: dict[str, tuple[Fact, ...]] = {}

    def read() -> Iterator[tuple[Known, str]]:
        for person, facts, adopted, account in _read_people(book, table, as_of):
            known = (*facts, *by_person.pop(person, ()))
            if asking:
                told[person] = known
            yield (person, known, adopted), account

    def rows() -> Iterator[Cells]:
        for done, (person, result) in enumerate(with_places(engine, with_accounts(engine, read(), as_of), as_of), 1):
            stages[result.state.outcome.stage] += 1
            progress(done)
            yield outcome_row(person, result)

    count = write_table(out, output_columns(book), _with_turns(book, rows(), told, as_of) if asking else rows())
    remarks = _unread_columns(book, table)
    remarks += _left_out(len(by_person), later, "activities" if deals is None else FACTS)
    return Evaluation(count, known, stages, remarks)


def _with_turns(
    book: Book, rows: Iterator[Cells], told: Mapping[str, tuple[Fact, ...]], as_of: datetime
) -> Iterator[Cells]:
    """Yield the rows once everybody has settled, with whose turn it is."""
    settled = {str(row["person_id"]): row for row in rows}
    wishes = (
        wish
        for person, row in settled.items()
        for wish in turn_wishes(book, person, str(row["stage"]), told[person], as_of)
    )
    given = given_turns(book, wishes)
    yield from ({**row, TURN: given.get(person)} for person, row in settled.items())


@dataclass(frozen=True, slots=True)
class _Files:
    """The file of people, and what may come with it."""

    people: Table
    activities: Path | None
    deals: Path | None


def _by_partitions(
    book: Book,
    files: _Files,
    as_of: datetime,
    out: Path,
    progress: Callable[[int], None],
    workers: int,
    runner: Runner | None,
) -> Evaluation | None:
    """Evaluate partitions; None where a file holds what only reading it row by row can tell the reader about."""
    from leadline.batch.columns import OddError
    from leadline.batch.partitions.local import Processes
    from leadline.batch.partitions.passes import Counts, Inputs, evaluated_parts

    table = files.people
    coming = None if files.activities is None else Table(files.activities)
    if coming is not None:
        coming.require("person_id", "activity", "at")
    told = None if files.deals is None else Table(files.deals)
    if told is not None:
        told.require("person_id", "deal")
    counts = Counts()
    with ExitStack() as open_now:
        running = runner
        if running is None:
            running = open_now.enter_context(Processes(workers))
            running.begin(book, table)
        folder = open_now.enter_context(_folder_of(running))
        tables = evaluated_parts(book, Inputs(table, coming, told), as_of, running, folder, counts, progress)
        open_now.enter_context(closing(tables))
        try:
            first = list(islice(tables, 1))
        except OddError:
            return None
        written = write_tables(out, output_columns(book), chain(first, tables))
    stages = {name: counts.stages[name] for name in book.stages}
    remarks = _unread_columns(book, table)
    remarks += _left_out(counts.strangers, counts.later, "activities" if told is None else FACTS)
    return Evaluation(written, counts.activities, stages, remarks, dict(counts.one_by_one))


@contextmanager
def _folder_of(runner: Runner) -> Iterator[Path]:
    """Give a folder for files on the way, where every process of the runner sees it."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="leadline-", dir=runner.folder())
    except OSError as error:
        raise UsageError(f"{runner.folder()}: cannot be written to: {error.strerror}") from error
    with folder as name:
        yield Path(name).resolve()


def _left_out(strangers: int, later: int, what: str) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    if strangers:
        found += (f"{strangers} people of the other files are not in the people file; they were left out",)
    if later:
        found += (f"{later} {what} lie after --as-of; they were left out",)
    return found


def _require_apart(out: Path, *read: Path | None) -> None:
    for path in read:
        if path is None or not path.exists():
            continue
        if (out.exists() and out.samefile(path)) or (path.is_dir() and out.resolve().is_relative_to(path.resolve())):
            raise UsageError(f"{out} is read too, and would be replaced; write to another file with -o")


def _read_people(book: Book, table: Table, as_of: datetime) -> Iterator[tuple[str, tuple[Fact, ...], Adopted, str]]:
    problems = Problems(table.path)
    columns = [name for name in book.fields if name in table.columns]
    seen: dict[str, int] = {}
    for row in table:
        person = stripped(row.cells["person_id"])
        if not person:
            problems.add(row.line, "person_id is empty", "every person needs one")
        elif person in seen:
            problems.add(row.line, f"person_id stands already in line {seen[person]}", "one row a person")
        seen.setdefault(person, row.line)
        facts = tuple(_field_facts(book, columns, row, as_of, problems))
        adopted = _adopted(book, row, as_of, problems)
        if not problems.found:
            yield person, facts, adopted, str(row.cells.get(COLUMN) or "").strip()
    problems.raise_if_any()


def _field_facts(book: Book, columns: list[str], row: Row, as_of: datetime, problems: Problems) -> Iterator[Fact]:
    for name in columns:
        value, reason = convert(book.fields[name], row.cells[name])
        if reason:
            problems.add(row.line, f"{name}: {reason}")
        if value is None and book.fields[name].table is not None:
            continue  # an empty cell says nothing, so the table is asked
        yield Fact("field", name, value, as_of, SOURCE, "person", as_of)


def _adopted(book: Book, row: Row, as_of: datetime, problems: Problems) -> Adopted:
    stage, since, pass_text = (str(row.cells.get(name) or "").strip() for name in STATE_COLUMNS)
    if stage and stage not in book.stages:
        problems.add(row.line, f"the book has no stage {stage!r}", _nearest(stage, book.stages))
    at = None
    if since:
        try:
            at = read_instant(since)[0]
        except ValueError as error:
            problems.add(row.line, f"stage_since: {error}")
        else:
            if at > as_of:
                problems.add(row.line, "stage_since lies after --as-of")
    number = pass_text.removesuffix(".0") or "1"
    if not (number.isascii() and number.isdigit() and int(number) >= 1):
        problems.add(row.line, f"pass: not a whole number from 1: {pass_text[:20]!r}")
        number = "1"
    return Adopted(stage=stage or None, since=at, pass_number=int(number))


def _read_activities(book: Book, path: Path, as_of: datetime) -> dict[str, list[Fact]]:
    table = Table(path)
    table.require("person_id", "activity", "at")
    problems = Problems(path)
    by_person: dict[str, list[Fact]] = defaultdict(list)
    for row in table:
        person, name, text = (stripped(row.cells[key]) for key in ("person_id", "activity", "at"))
        if not person:
            problems.add(row.line, "person_id is empty", "name the person it happened to")
        if name not in book.activities:
            problems.add(row.line, f"the book has no activity {name!r}", _nearest(name, book.activities))
            continue
        try:
            at, precision = read_instant(text)
            if row.cells.get("precision") == "day":
                precision = "day"
        except ValueError as error:
            problems.add(row.line, f"at: {error}")
            continue
        fact = Fact("activity", name, True, at, SOURCE, f"activity/{row.line}", as_of, precision=precision)
        by_person[person].append(fact)
    problems.raise_if_any()
    return by_person


def _unread_columns(book: Book, table: Table) -> tuple[str, ...]:
    known = {"person_id", *STATE_COLUMNS, *book.fields, COLUMN, CREATED}
    return tuple(
        f"{table.path}: no rule reads the column {name}" + (f" ({near})" if (near := _nearest(name, known)) else "")
        for name in table.columns
        if name not in known
    )


def _nearest(name: str, names: Mapping[str, object] | set[str]) -> str:
    close = get_close_matches(name, list(names), n=1)
    return f"did you mean {close[0]}?" if close else ""
