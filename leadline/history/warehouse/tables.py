"""What tables an export has: their columns with types, what each means, and how its files lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow

from leadline.rules.model import Book, Field

TEXT: Final = pyarrow.string()
AT: Final = pyarrow.timestamp("us", "UTC")
WHOLE: Final = pyarrow.int64()
TRUTH: Final = pyarrow.bool_()
NUMBER: Final = pyarrow.decimal128(38, 10)
_OF_FIELDS: Final = {
    "text": TEXT,
    "integer": WHOLE,
    "decimal": NUMBER,
    "money": NUMBER,
    "boolean": TRUTH,
    "date": pyarrow.date32(),
    "datetime": AT,
    "list": pyarrow.list_(TEXT),
}
_PERSON: Final = ("person_id", TEXT, "the person; ids do not change and are not made of addresses")
_PASS: Final = ("pass", WHOLE, "which journey through the lifecycle, from 1")
_BOOK: Final = ("book", TEXT, "the hash of the book that decided")
_RECORD: Final = (("crm", TEXT, "salesforce or hubspot"), ("object", TEXT, "its object"))
_ATTEMPTS: Final = ("attempts", WHOLE, "how often it was tried")
_REFUSED: Final = ("code", TEXT, "the CRM's code where it refused")
_CAUSED: Final = (
    ("changed_at", AT, "when the status changed last"),
    ("decision_id", TEXT, "the decision that caused it"),
)
PEOPLE_COLUMNS: Final = (
    _PERSON,
    ("account", TEXT, "the account that the person belongs to, empty without one"),
    ("created", AT, "when the person became known"),
    ("stage", TEXT, "the stage now; empty before the first decision"),
    ("stage_since", AT, "since when"),
    _PASS,
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A table, its files by ``bucket``, ``month`` or ``object``; ``personal`` columns come on demand."""

    name: str
    by: str
    about: str
    columns: tuple[tuple[str, Any, str], ...]
    personal: tuple[tuple[str, Any, str], ...] = ()

    def all_columns(self, *, personal: bool) -> tuple[tuple[str, Any, str], ...]:
        """Return the columns that are written."""
        return (*self.columns, *(self.personal if personal else ()))

    def schema(self, *, personal: bool) -> Any:
        """Return them as an Arrow schema."""
        return pyarrow.schema([(name, kind) for name, kind, _ in self.all_columns(personal=personal)])


def shapes_of(book: Book) -> dict[str, Shape]:
    """Return every table of an export in this book's names, by name."""
    shapes = (*_of_people(book), *_LEDGERS)
    return {shape.name: shape for shape in shapes}


def _of_people(book: Book) -> Iterator[Shape]:
    taken = {name for name, _, _ in PEOPLE_COLUMNS}
    fields = tuple(_column(name, field) for name, field in book.fields.items() if name not in taken)
    yield Shape("people", "bucket", "everybody with a record, as they are now", (*PEOPLE_COLUMNS, *fields))
    yield from _HAPPENED
    told = {"person_id", "deal", "state", "kind", "at"}
    deals = tuple(_column(name, field) for name, field in book.deals.fields.items() if name not in told)
    yield Shape(
        "deals",
        "bucket",
        "deals of people over time: a row is what a deal was from `at` on",
        (
            _PERSON,
            ("deal", TEXT, "the deal's record"),
            ("state", TEXT, "open, won, lost or gone"),
            ("kind", TEXT, "the kind of deal that the book gives it, if any"),
            ("at", AT, "since when"),
            *deals,
        ),
    )
    scores = [(name, NUMBER, "points") for name in book.scores]
    grades = [
        (f"{name}_grade", TEXT, "the band of these points") for name, score in book.scores.items() if score.grades
    ]
    yield Shape(
        "outcomes",
        "bucket",
        "where everybody stands by the last decision",
        (
            _PERSON,
            ("current_stage", TEXT, "the stage"),
            ("since", AT, "since when"),
            _PASS,
            ("cell", TEXT, "the cell of the grid"),
            ("temperature", TEXT, "hot, warm, cold"),
            ("waits_for", TEXT, "the stage that has no room for them yet"),
            ("next_change", AT, "when time alone changes something next"),
            ("why", TEXT, "why they are in this stage"),
            _BOOK,
            *scores,
            *grades,
        ),
    )


_HAPPENED: Final = (
    Shape(
        "activities",
        "bucket",
        "what happened, by the book's names; what was withdrawn is left out",
        (
            _PERSON,
            ("activity", TEXT, "the book's name"),
            ("at", AT, "when"),
            ("precision", TEXT, "instant, or day: then `at` is the day's first instant"),
            ("crm", TEXT, "who told it"),
            ("record", TEXT, "as what"),
        ),
    ),
    Shape(
        "changes",
        "bucket",
        "values of fields over time, as the book resolves them",
        (
            _PERSON,
            ("field", TEXT, "the book's name"),
            ("value", TEXT, "from `at` on; empty where there is none"),
            ("at", AT, "since when"),
            ("assumed", TRUTH, "the value was found in the first pull, and stands for the time before it too"),
            ("unreadable", TRUTH, "the CRM did not let it be read"),
        ),
    ),
)
"""What the book calls happenings and values, the same columns for every book."""

_LEDGERS: Final = (
    Shape(
        "records",
        "object",
        "the mirrored records of people, accounts and deals",
        (
            *_RECORD,
            ("record_id", TEXT, "its id there"),
            ("person_id", TEXT, "whose it is, empty where it is nobody's"),
            ("created", AT, "when it was made there"),
            ("modified", AT, "when it was changed there last"),
            ("deleted", TRUTH, "it is gone there"),
            ("merged_into", TEXT, "the record that it was merged into"),
        ),
        (("email", TEXT, "folded"), ("fields", TEXT, "every field that was pulled, as JSON")),
    ),
    Shape(
        "decisions",
        "month",
        "what was decided, each change of an outcome; by the month of `at`",
        (
            ("decision_id", TEXT, "for `leadline verify` and `leadline explain`"),
            _PERSON,
            ("at", AT, "the instant that it is about"),
            ("cause", TEXT, "facts, time, adopted or activated"),
            ("source_stage", TEXT, "the stage before; empty in a first decision"),
            ("stage", TEXT, "the stage after"),
            ("moves", WHOLE, "how many stages were entered"),
            ("why", TEXT, "why the person is in this stage"),
            ("cycle", WHOLE, "the cycle that decided"),
            ("frontier", AT, "up to when the CRMs were read"),
            _BOOK,
        ),
    ),
    Shape(
        "stage_history",
        "month",
        "every stage entered, in order; by the month of `at`",
        (
            _PERSON,
            ("at", AT, "when"),
            ("number", WHOLE, "place among the moves of this decision, from 1"),
            ("source", TEXT, "from this stage"),
            ("target", TEXT, "to this one"),
            ("by", TEXT, "the transition, or main path, disqualified, human, adoption"),
            ("reason", TEXT, "the reason, where the transition has one"),
            ("skipped", TEXT, "stages of the main path that were passed over, by semicolon"),
            _PASS,
            ("decision_id", TEXT, "the decision"),
        ),
    ),
    Shape(
        "sla_timers",
        "month",
        "timers of SLAs; by the month of `started`",
        (
            _PERSON,
            ("sla", TEXT, "the promise"),
            ("started", AT, "when it began"),
            ("stage", TEXT, "the stage that started it"),
            ("status", TEXT, "running, paused, breached, met or void"),
            ("due", AT, "when it is due; empty while it is paused"),
            ("breached", AT, "when it was breached"),
            ("ended", AT, "when it was met or voided"),
            ("target", TEXT, "the target in business time"),
            ("calendar", TEXT, "by which calendar"),
            (
                "used_seconds",
                pyarrow.float64(),
                "business time used up to the end, in seconds; empty while it goes on",
            ),
            ("owner", TEXT, "whose it is or was, as <crm>/<user>"),
            ("corrected", TRUTH, "it was breached by what was known then, and is not"),
        ),
    ),
    Shape(
        "writes",
        "month",
        "the journal of writes to the CRMs, a row a field; by the month of `planned_at`",
        (
            ("id", WHOLE, "the line of the journal"),
            ("plan", TEXT, "the hash of the plan"),
            *_RECORD,
            ("record_id", TEXT, "its record"),
            _PERSON,
            ("field", TEXT, "the CRM's field"),
            ("old", TEXT, "what stood there"),
            ("new", TEXT, "what was written"),
            ("status", TEXT, "planned, claimed, done, verified, ignored, failed, parked, released, stale or gone"),
            _REFUSED,
            _ATTEMPTS,
            ("planned_at", AT, "when it was planned"),
            *_CAUSED,
        ),
    ),
    Shape(
        "effects",
        "month",
        "tasks, notes, messages and assignments; by the month of `at`",
        (
            ("key", TEXT, "the key under which it is done once"),
            _PERSON,
            ("at", AT, "when it was caused"),
            ("cause", TEXT, "enter <stage>, leave <stage> or sla <name> <share>"),
            ("kind", TEXT, "what kind of action"),
            ("status", TEXT, "waiting, planned, claimed, done, failed, parked, withdrawn, skipped or closed"),
            ("crm", TEXT, "where; empty outside the CRMs"),
            ("object", TEXT, "of what"),
            ("record_id", TEXT, "of which record"),
            _ATTEMPTS,
            _REFUSED,
            *_CAUSED,
        ),
    ),
)


def _column(name: str, field: Field) -> tuple[str, Any, str]:
    unit = f" in {field.currency}" if field.currency is not None else ""
    return name, _OF_FIELDS[field.type], f"the book's field: {field.type}{unit}"
