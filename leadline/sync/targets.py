"""What a book's ``write`` section keeps up to date: each field with the type that its values need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from leadline.common.values import Crm
from leadline.common.vocabulary import ACCOUNT_OBJECTS, PERSON_OBJECTS
from leadline.rules.model import Book, SlaStatus, WriteTargets

TargetType = Literal["picklist", "text", "number", "datetime"]

LONGEST_TEXT: Final = 255
"""Longer texts are cut before they are written: the length of a Salesforce text field."""

_STATES: Final = 20
_GRADE: Final = 20
_STAGE: Final = 80


@dataclass(frozen=True, slots=True)
class Target:
    """One field of one object. ``length`` is of texts, ``scale`` of numbers, ``options`` of picklists.

    ``longest`` is how many characters the longest value has that this book can write.
    """

    crm: Crm
    object: str
    field: str
    type: TargetType
    label: str
    meaning: str
    length: int = 0
    longest: int = 0
    scale: int = 0
    options: tuple[str, ...] = ()


def write_targets(book: Book, crm: Crm) -> tuple[Target, ...]:
    """Return the fields that the book writes in one CRM, by object, then by name."""
    if crm not in book.write:
        return ()
    found = [target for name in PERSON_OBJECTS[crm] for target in _targets(book, book.write[crm], name)]
    found += _account_targets(book, book.write[crm])
    return tuple(sorted(found, key=lambda one: (one.object, one.field)))


def _targets(book: Book, write: WriteTargets, name: str) -> Iterator[Target]:
    crm = write.crm
    if write.stage is not None:
        values = tuple(dict.fromkeys(value for value in write.stage.values.values() if value is not None))
        meaning = "The stage of the lifecycle."
        yield Target(crm, name, write.stage.field, "picklist", _label(write.stage.field), meaning, options=values)
    for score, field in write.scores.items():
        yield Target(crm, name, field, "number", _label(field), f"The score {score}.", scale=2)
    texts = (
        (write.grade, "The grade.", _GRADE, _longest(_grades(book))),
        (write.temperature, "Hot, warm or cold.", _GRADE, _longest(_temperatures(book))),
        (write.why, "Why this person is in this stage.", LONGEST_TEXT, LONGEST_TEXT),
        (write.previous, "The stage before this one.", _STAGE, _longest(book.stages)),
        *(
            (field, f"The state of the SLA {sla}.", _STATES, _longest(get_args(SlaStatus)))
            for sla, field in write.slas.items()
        ),
    )
    for found, meaning, length, longest in texts:
        if found:
            long = max(length, longest)
            yield Target(crm, name, found, "text", _label(found), meaning, length=long, longest=longest)
    dates = [(field, f"When the stage {stage} was entered.") for stage, field in write.entered.items()]
    dates += [(write.due, "What is due next.")] if write.due else []
    for field, meaning in dates:
        yield Target(crm, name, field, "datetime", _label(field), meaning)
    if write.pass_number:
        meaning = "How many times the lifecycle was begun."
        yield Target(crm, name, write.pass_number, "number", _label(write.pass_number), meaning)


def _account_targets(book: Book, write: WriteTargets) -> Iterator[Target]:
    name = ACCOUNT_OBJECTS[write.crm]
    for fact, field in write.account.items():
        meaning = f"The account fact {fact}."
        if book.accounts[fact].read:
            yield Target(write.crm, name, field, "number", _label(field), meaning, scale=2)
        else:
            long = _longest(book.stages)
            yield Target(write.crm, name, field, "text", _label(field), meaning, max(_STAGE, long), long)


def _grades(book: Book) -> Iterator[str]:
    letters = {name: [grade for grade, _ in score.grades] for name, score in book.scores.items()}
    if book.grid is None:
        yield from (letter for found in letters.values() for letter in found)
        return
    for row in letters.get(book.grid.rows, []):
        yield from (f"{row}{column}" for column in letters.get(book.grid.columns, []))


def _temperatures(book: Book) -> Iterator[str]:
    if book.temperatures is not None:
        yield from (name for name, _ in book.temperatures.cells)
        yield book.temperatures.otherwise or ""


def _longest(texts: Iterable[str]) -> int:
    return max((len(text) for text in texts), default=0)


def _label(field: str) -> str:
    words = field.removesuffix("__c").replace("_", " ").split()
    return " ".join(word if word.isupper() else word.capitalize() for word in words)
