"""What a CRM should show of one person's outcome: the book's write targets filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from leadline.common.values import ObjectDescription, Raw
from leadline.rules.deciding import one_line
from leadline.rules.model import Book, WriteTargets
from leadline.rules.state import Outcome
from leadline.sync.plan.normal import Kind, kind_of, shown

Role = Literal[
    "stage", "score", "grade", "temperature", "why", "entered", "pass", "previous", "due", "sla", "account"
]

_DEFAULT_KINDS: dict[Role, Kind] = {"score": "number", "pass": "number", "entered": "datetime", "due": "datetime"}


@dataclass(frozen=True, slots=True)
class Desired:
    """One CRM field and the value it should have. ``role`` is what the field is for in the book."""

    field: str
    role: Role
    kind: Kind
    value: Raw


def desired_values(
    book: Book, outcome: Outcome, targets: WriteTargets, described: ObjectDescription | None
) -> tuple[Desired, ...]:
    """Return every target field's value for this outcome, in a fixed order.

    A stage that the CRM has no value for leaves its field unchanged, so it is absent here. The object's
    description says how values are spelt (a Salesforce Date takes a day, a DateTime an instant).
    """
    result = []
    for field, role, value in _meanings(book, outcome, targets):
        known = described.fields.get(field) if described else None
        kind = kind_of(known) if known else _DEFAULT_KINDS.get(role, "text")
        result.append(Desired(field, role, kind, shown(value, kind, targets.crm)))
    return tuple(result)


def desired_account_values(
    values: Mapping[str, Decimal | str | None], targets: WriteTargets, described: ObjectDescription | None
) -> tuple[Desired, ...]:
    """Return the value of every target field of an account; what is not known of it leaves its field as it is."""
    result = []
    for name, field in sorted(targets.account.items()):
        if name in values:
            known = described.fields.get(field) if described else None
            kind = kind_of(known) if known else "text"
            result.append(Desired(field, "account", kind, shown(values[name], kind, targets.crm)))
    return tuple(result)


def basis_of(outcome: Outcome) -> str:
    """Return the stage and grades as one text: when it differs, scores are published at once."""
    grades = " ".join(f"{score}={grade}" for score, grade in sorted(outcome.grades.items()) if grade is not None)
    return f"{outcome.stage} {grades}".rstrip()


def grade_of(book: Book, outcome: Outcome) -> str | None:
    """Return the grid's cell, or without a grid the grade of the only graded score."""
    if book.grid is not None:
        return outcome.cell
    graded = [grade for grade in outcome.grades.values() if grade is not None]
    return graded[0] if len(graded) == 1 else None


def due_first(outcome: Outcome) -> datetime | None:
    """Return the due instant that comes first among the SLAs that have not ended, one that has passed included."""
    dues = (state.due for state in outcome.slas.values() if state.ended is None)
    return min((due for due in dues if due is not None), default=None)


def _meanings(
    book: Book, outcome: Outcome, targets: WriteTargets
) -> Iterator[tuple[str, Role, Decimal | datetime | str | None]]:
    if targets.stage is not None:
        value = targets.stage.values.get(outcome.stage)
        if value is not None:
            yield targets.stage.field, "stage", value
    for name, field in sorted(targets.scores.items()):
        if name in outcome.scores:
            yield field, "score", outcome.scores[name].value
    if targets.grade:
        yield targets.grade, "grade", grade_of(book, outcome)
    if targets.temperature:
        yield targets.temperature, "temperature", outcome.temperature
    if targets.why:
        yield targets.why, "why", one_line(book, outcome)
    yield from _dates(outcome, targets)
    if targets.pass_number:
        yield targets.pass_number, "pass", Decimal(outcome.pass_number)
    if targets.previous and outcome.previous is not None:
        yield targets.previous, "previous", outcome.previous
    if targets.due:
        yield targets.due, "due", due_first(outcome)
    for name, field in sorted(targets.slas.items()):
        yield field, "sla", outcome.slas[name].status if name in outcome.slas else None


def _dates(outcome: Outcome, targets: WriteTargets) -> Iterator[tuple[str, Role, datetime | None]]:
    for stage, field in sorted(targets.entered.items()):
        entered = outcome.entered.get(stage)
        if entered is not None:
            yield field, "entered", entered.at
        elif outcome.pass_number > 1:
            # Dates of an earlier pass would lie before this pass began; in the first pass nothing is cleared.
            yield field, "entered", None
