"""Evaluate a rule book over a file of people and one of activities: each person settles once, at ``as_of``.

People: ``person_id`` and a column for each field of the book (absent or empty is unknown), optionally ``stage``,
``stage_since``, ``pass`` and, for a book with account facts, ``account``, by which people are grouped.
Activities: ``person_id``, ``activity`` (a name of the book), ``at`` (ISO instant).
Deals: see ``deals``.
Out: a row a person, in the order of the people file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from itertools import chain, islice
from pathlib import Path
from typing import Any

from leadline.batch.accounts import COLUMN, with_accounts
from leadline.batch.deals import read_deals
from leadline.batch.places import with_places
from leadline.batch.problems import Problems
from leadline.batch.tables import Row, Table, write_table
from leadline.common.canonical import instant_text
from leadline.common.errors import UsageError
from leadline.common.instants import read_instant, require_plausible
from leadline.rules.convert import convert
from leadline.rules.deciding import Engine
from leadline.rules.model import Book
from leadline.rules.state import Adopted, Advance, Fact

SOURCE = "files"
STATE_COLUMNS = ("stage", "stage_since", "pass")

Cells = Mapping[str, str | int | Decimal | None]


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
) -> Evaluation:
    """Settle every person of the file once at ``as_of`` (aware) and write the outcomes to ``out``.

    ``progress`` is called with the number of people done. Raises UsageError with every problem of a file at once
    (the first 50); then ``out`` is left as it was. Books without account facts and capacities, without a file of
    deals, are evaluated by columns in ``workers`` processes; the answers are the same.
    """
    _require_apart(out, people, activities, deals)
    require_plausible(as_of, "--as-of")
    table = Table(people)
    table.require("person_id")
    if deals is None and not book.capacity and not book.accounts:
        done = _by_columns(book, table, activities, as_of, out, progress, workers)
        if done is not None:
            return done
    by_person = _read_activities(book, activities, as_of) if activities else {}
    engine = Engine(book)
    known = sum(len(facts) for facts in by_person.values())
    for person, facts in (read_deals(book, deals, as_of) if deals else {}).items():
        by_person.setdefault(person, []).extend(facts)
    later = sum(fact.at > as_of for facts in by_person.values() for fact in facts)
    stages: dict[str, int] = dict.fromkeys(book.stages, 0)

    def rows() -> Iterator[Cells]:
        read = (
            ((person, (*facts, *by_person.pop(person, ())), adopted), account)
            for person, facts, adopted, account in _read_people(book, table, as_of)
        )
        for done, (person, result) in enumerate(with_places(engine, with_accounts(engine, read, as_of), as_of), 1):
            stages[result.state.outcome.stage] += 1
            progress(done)
            yield _outcome_row(person, result)

    count = write_table(out, output_columns(book), rows())
    remarks = _unread_columns(book, table)
    remarks += _left_out(len(by_person), later, "activities" if deals is None else "facts of activities and deals")
    return Evaluation(count, known, stages, remarks)


def _by_columns(
    book: Book,
    table: Table,
    activities: Path | None,
    as_of: datetime,
    out: Path,
    progress: Callable[[int], None],
    workers: int,
) -> Evaluation | None:
    """Evaluate by columns; None where a file holds what only reading it row by row can tell the reader about."""
    from leadline.batch.columns import OddError
    from leadline.batch.columns.files import Counts, evaluated_tables

    coming = None if activities is None else Table(activities)
    if coming is not None:
        coming.require("person_id", "activity", "at")
    counts = Counts()
    with closing(evaluated_tables(book, table, coming, as_of, workers, counts, progress)) as tables:
        try:
            first = list(islice(tables, 1))
        except OddError:
            return None
        cells = (row for found in chain(first, tables) for row in _cells(book, found))
        written = write_table(out, output_columns(book), cells)
    stages = {name: counts.stages[name] for name in book.stages}
    remarks = _unread_columns(book, table)
    remarks += _left_out(counts.strangers, counts.later, "activities")
    return Evaluation(written, counts.activities, stages, remarks, dict(counts.one_by_one))


def _cells(book: Book, table: Any) -> Iterator[Cells]:
    columns = {name: table[name].to_pylist() for name in output_columns(book)}
    columns["next_change"] = [None if at is None else instant_text(at) for at in columns["next_change"]]
    for cells in zip(*columns.values(), strict=True):
        yield dict(zip(columns, cells, strict=True))


def _left_out(strangers: int, later: int, what: str) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    if strangers:
        found += (f"{strangers} people of the other files are not in the people file; they were left out",)
    if later:
        found += (f"{later} {what} lie after --as-of; they were left out",)
    return found


def _require_apart(out: Path, *read: Path | None) -> None:
    for path in read:
        if path is not None and out.exists() and path.exists() and out.samefile(path):
            raise UsageError(f"{out} is read too, and would be replaced; write to another file with -o")


def output_columns(book: Book) -> tuple[str, ...]:
    """Return the columns of the result: a column for each score, then its grade, then the grid's cell."""
    grades = [f"{name}_grade" for name, score in book.scores.items() if score.grades]
    cell = ["grade"] if book.grid else []
    waits = ["waits_for"] if book.capacity else []
    return ("person_id", "stage", *waits, *book.scores, *grades, *cell, "temperature", "next_change", "decision_id")


def _outcome_row(person: str, result: Advance) -> Cells:
    outcome = result.state.outcome
    row: dict[str, str | int | Decimal | None] = {
        "person_id": person,
        "stage": outcome.stage,
        "waits_for": outcome.waits_for,
        "temperature": outcome.temperature,
        "grade": outcome.cell,
        "next_change": instant_text(result.next_change) if result.next_change else None,
        "decision_id": result.decisions[-1].id if result.decisions else None,
    }
    row.update({name: score.value for name, score in outcome.scores.items()})
    row.update({f"{name}_grade": grade for name, grade in outcome.grades.items()})
    return row


def _read_people(book: Book, table: Table, as_of: datetime) -> Iterator[tuple[str, tuple[Fact, ...], Adopted, str]]:
    problems = Problems(table.path)
    columns = [name for name in book.fields if name in table.columns]
    seen: dict[str, int] = {}
    for row in table:
        person = str(row.cells["person_id"] or "").strip()
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
        person, name, text = (str(row.cells[key] or "").strip() for key in ("person_id", "activity", "at"))
        if not person:
            problems.add(row.line, "person_id is empty", "name the person it happened to")
        if name not in book.activities:
            problems.add(row.line, f"the book has no activity {name!r}", _nearest(name, book.activities))
            continue
        try:
            at, precision = read_instant(text)
        except ValueError as error:
            problems.add(row.line, f"at: {error}")
            continue
        fact = Fact("activity", name, True, at, SOURCE, f"activity/{row.line}", as_of, precision=precision)
        by_person[person].append(fact)
    problems.raise_if_any()
    return by_person


def _unread_columns(book: Book, table: Table) -> tuple[str, ...]:
    known = {"person_id", *STATE_COLUMNS, *book.fields, *((COLUMN,) if book.accounts else ())}
    return tuple(
        f"{table.path}: no rule reads the column {name}" + (f" ({near})" if (near := _nearest(name, known)) else "")
        for name in table.columns
        if name not in known
    )


def _nearest(name: str, names: Mapping[str, object] | set[str]) -> str:
    close = get_close_matches(name, list(names), n=1)
    return f"did you mean {close[0]}?" if close else ""
