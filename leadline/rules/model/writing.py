"""What is written back, when, and how much at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from leadline.common.marks import Mark
from leadline.common.values import Crm
from leadline.common.vocabulary import ACCOUNT_OBJECTS, PERSON_OBJECTS


@dataclass(frozen=True, slots=True)
class StageTarget:
    """The CRM field that holds the stage. ``values``: stage -> CRM value; None leaves the CRM unchanged."""

    field: str
    values: Mapping[str, str | None]


ConflictWord = Literal["leadline", "human", "newest", "report"]


@dataclass(frozen=True, slots=True)
class OnConflict:
    """Whose value stays where somebody changed a value of ours.

    ``leadline`` writes ours again. ``human`` lets a person's value stand for ``stands`` (None: until ours differs
    from the one that they replaced). ``newest`` lets any value stand until ours differs from the one it replaced.
    ``report`` never writes over it.
    """

    wins: ConflictWord = "leadline"
    stands: timedelta | None = None


@dataclass(frozen=True, slots=True)
class WriteTargets:
    """Fields of one CRM that Leadline may write: the allow-list. ``scores`` maps a score's name to a field.

    ``due`` takes the due instant that comes first among the SLAs that have not ended; ``slas`` maps an SLA to the
    field for its state. ``account`` maps an account fact to a field of accounts; others are of people.
    ``on_conflict`` maps a field, or an object and a field (``Lead.Fit_Score__c``, which outranks it), to a policy.
    """

    crm: Crm
    stage: StageTarget | None = None
    scores: Mapping[str, str] = dataclasses.field(default_factory=dict)
    grade: str | None = None
    temperature: str | None = None
    why: str | None = None
    entered: Mapping[str, str] = dataclasses.field(default_factory=dict)
    pass_number: str | None = None
    previous: str | None = None
    due: str | None = None
    slas: Mapping[str, str] = dataclasses.field(default_factory=dict)
    account: Mapping[str, str] = dataclasses.field(default_factory=dict)
    on_conflict: Mapping[str, OnConflict] = dataclasses.field(default_factory=dict)
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)
    marks: Mapping[str, Mark] = dataclasses.field(default_factory=dict, compare=False)

    def mark_of(self, field: str) -> Mark:
        """Return where a CRM field is named in the book."""
        return self.marks.get(field, self.mark)

    def policy(self, name: str, field: str) -> OnConflict:
        """Return whose value stays in one field of one object."""
        given = self.on_conflict.get(f"{name}.{field}") or self.on_conflict.get(field)
        return given if given is not None else OnConflict()

    def roles(self) -> Mapping[str, str]:
        """Return the fields but the stage's by what they mean, to tell the same field in both CRMs."""
        single = {"grade": self.grade, "temperature": self.temperature, "why": self.why, "previous": self.previous}
        found = {role: field for role, field in {**single, "pass": self.pass_number}.items() if field is not None}
        found |= {f"score {name}": field for name, field in self.scores.items()}
        return found | {f"entered {stage}": field for stage, field in self.entered.items()}

    def all_fields(self) -> tuple[str, ...]:
        """Return every CRM field of people that is named, sorted and unique."""
        single = [self.grade, self.temperature, self.why, self.pass_number, self.previous, self.due]
        names = {name for name in single if name}.union(
            self.scores.values(), self.entered.values(), self.slas.values()
        )
        if self.stage is not None:
            names.add(self.stage.field)
        return tuple(sorted(names))

    def account_fields(self) -> tuple[str, ...]:
        """Return every CRM field of accounts that is named, sorted and unique."""
        return tuple(sorted(set(self.account.values())))

    def fields_of(self, name: str) -> tuple[str, ...]:
        """Return the fields that are written to one object."""
        if name in PERSON_OBJECTS[self.crm]:
            return self.all_fields()
        return self.account_fields() if name == ACCOUNT_OBJECTS[self.crm] else ()


@dataclass(frozen=True, slots=True)
class Publish:
    """When scores are written: at once on a grade or stage change, plain drift at most once in ``drift``."""

    on_grade_change: bool = True
    drift: timedelta | None = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits on one plan: ``most_records`` and ``most_percent`` (the smaller binds), moves back, stages, actions.

    ``paths`` counts people by move (source, target), ``fields`` records by CRM and field, ``crms`` records by CRM.
    ``per_hour`` counts the records of every plan within an hour.
    """

    most_records: int | None = 2000
    most_percent: Decimal | None = Decimal(10)
    backward: int | None = 50
    to_stage: Mapping[str, int] = dataclasses.field(default_factory=dict)
    most_actions: int | None = 200
    paths: Mapping[str, int] = dataclasses.field(default_factory=dict)
    fields: Mapping[Crm, Mapping[str, int]] = dataclasses.field(default_factory=dict)
    crms: Mapping[Crm, int] = dataclasses.field(default_factory=dict)
    per_hour: int | None = None
