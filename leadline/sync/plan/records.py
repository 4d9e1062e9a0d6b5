"""What one record should show and does not: the writes, and why the rest is not written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from leadline.common.values import Crm, ObjectDescription, Raw, RecordRef
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.rules.model import Book, WriteTargets
from leadline.rules.state import Outcome
from leadline.sync.plan.desired import Desired, basis_of, desired_account_values, desired_values
from leadline.sync.plan.normal import same
from leadline.sync.plan.source import AccountView, PersonView, Published, RecordView
from leadline.sync.plan.standing import stands_until, theirs_stands
from leadline.sync.plan.write import PlannedWrite
from leadline.sync.store.unsettled import AT_ONCE

STEPWISE: Final = "lifecyclestage"

Described = Mapping[Crm, Mapping[str, ObjectDescription]]

Cause = Literal["hidden", "read-only", "parked", "conflict", "drift", "rule", "adopted"]


Refused = tuple[Cause, str, datetime | None]
"""Why a value is not written, in a word and in a sentence, and until when by time alone (None: for good)."""

ADOPTED: Final[Refused] = ("adopted", "adopted without writing, and nothing has changed since", None)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A value of a record that differs and is not written (None: nothing of the record is), and why.

    From the instant ``until`` on that may be another by time alone; None: never.
    """

    record: RecordView
    item: Desired | None
    cause: Cause
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """What comparing a person came to, or one record of an account (``account``) of whose people they are the first.

    ``writes`` says whether there are any.
    """

    person: str
    account: RecordRef | None
    writes: bool
    skipped: tuple[Skipped, ...]

    def left_out(self) -> Iterator[tuple[Crm, str, str]]:
        """Yield CRM, object and reason for each record and reason, once."""
        found = {(one.record.ref, one.reason) for one in self.skipped}
        yield from ((ref.crm, ref.object, reason) for ref, reason in found)


def goes_back(book: Book, before: str | None, after: str) -> bool:
    """Whether a move goes to an earlier main-path stage or leaves the main path for a detour."""
    path = book.main_path
    if before not in path or before == after:
        return False
    return after not in path or path.index(after) < path.index(before)


def moves_back(crm: Crm, field: str, old: Raw, new: Raw, options: Sequence[str]) -> bool:
    """Whether HubSpot's own lifecycle property would move back: only after it was cleared (facts.md, hazard 1)."""
    if crm != "hubspot" or field != STEPWISE or old in {None, ""}:
        return False
    if old not in options or new not in options:
        return True
    return options.index(str(new)) < options.index(str(old))


@dataclass(frozen=True, slots=True)
class RecordPlanner:
    """Compares records with outcomes; ``tell`` hears of what differs and is not written."""

    book: Book
    frontier: datetime
    described: Described
    tell: Callable[[Skipped], None]

    def writes(self, person: PersonView, record: RecordView) -> Iterator[PlannedWrite]:
        """Yield what would be written to one record, and tell of each value that differs and is not."""
        crm, name = record.ref.crm, record.ref.object
        targets = self.book.write.get(crm)
        if targets is None or crm not in self.described or name not in PERSON_OBJECTS[crm]:
            return
        described = self.described[crm].get(name)
        if described is None:
            self._skip(record, None, "hidden", "the object is hidden from this user")
            return
        desired = desired_values(self.book, person.outcome, targets, described)
        marked = "stage" if any(item.role == "stage" for item in desired) else "why"
        if targets.stage is not None and marked != "stage":
            self._skip(record, None, "rule", f"stage {person.outcome.stage} has no value here")
        for item in desired:
            old = record.fields.get(item.field)
            if same(old, item.value, item.kind, crm):
                continue
            refused = ADOPTED if person.quiet else self._refused(item, record, described, person.outcome)
            if refused is not None:
                self._skip(record, item, *refused)
            else:
                yield from self._writes(person, record, item, old, targets, move=item.role == marked)

    def account_writes(self, account: AccountView) -> Iterator[PlannedWrite]:
        """Yield what would be written to one record of an account, and tell of each value that differs and is not."""
        record = account.record
        crm = record.ref.crm
        targets = self.book.write.get(crm)
        if targets is None or not targets.account or crm not in self.described:
            return
        described = self.described[crm].get(record.ref.object)
        if described is None:
            self._skip(record, None, "hidden", "the object is hidden from this user")
            return
        for item in desired_account_values(account.values, targets, described):
            old = record.fields.get(item.field)
            if same(old, item.value, item.kind, crm):
                continue
            refused = ADOPTED if account.quiet else self._refused(item, record, described)
            if refused is not None:
                self._skip(record, item, *refused)
            else:
                yield PlannedWrite(
                    record.ref, account.person, item.field, item.kind, old, item.value, decision=account.decision
                )

    def _refused(
        self, item: Desired, record: RecordView, described: ObjectDescription, outcome: Outcome | None = None
    ) -> Refused | None:
        known = described.fields.get(item.field)
        if known is None:
            return "hidden", f"{item.field} is hidden from this user or does not exist", None
        if not known.updateable:
            return "read-only", f"{item.field} is read-only for this user", None
        parked = item.field in record.parked and same(
            record.parked[item.field], item.value, item.kind, record.ref.crm
        )
        if parked:
            # Refusals end one by one, and some count only together: few enough to be looked at each time.
            return "parked", f"{item.field} is parked: the CRM refused this value before", AT_ONCE
        theirs = theirs_stands(self.book, self.frontier, item, record)
        if theirs is not None:
            return "conflict", theirs, stands_until(self.book, item, record)
        if item.role == "score" and outcome is not None and not self._due(record.published, outcome):
            return "drift", "score drift waits for its next publication", self._published_next(record.published)
        return None

    def _due(self, published: Published | None, outcome: Outcome) -> bool:
        if published is None:
            return True
        if published.basis != basis_of(outcome) and self.book.publish.on_grade_change:
            return True
        drift = self.book.publish.drift
        return drift is not None and self.frontier - published.scores_at >= drift

    def _published_next(self, published: Published | None) -> datetime | None:
        drift = self.book.publish.drift
        return None if drift is None or published is None else published.scores_at + drift

    def _writes(
        self, person: PersonView, record: RecordView, item: Desired, old: Raw, targets: WriteTargets, *, move: bool
    ) -> Iterator[PlannedWrite]:
        """Yield the write of one value; ``move`` says that it is the one by which this record tells of a move."""
        write = PlannedWrite(
            record.ref, person.person, item.field, item.kind, old, item.value, decision=person.decision
        )
        if not move or targets.stage is None:
            yield replace(write, basis=basis_of(person.outcome)) if item.role == "score" else write
            return
        stage = person.outcome.stage
        shown = item.role == "stage"
        before = _stage_shown(targets.stage.values, person, old) if shown else person.came_from
        write = replace(
            write,
            stage=stage,
            transition=f"{before or 'new'} -> {stage}" + (f" ({person.by})" if person.by else ""),
            backward=goes_back(self.book, before, stage),
        )
        if shown and self._must_clear(record, item, old):
            yield replace(write, new=None, phase=1)
            write = replace(write, old=None)
        yield write

    def _must_clear(self, record: RecordView, item: Desired, old: Raw) -> bool:
        if record.ref.crm != "hubspot" or item.field != STEPWISE:
            return False
        options = self.described["hubspot"][record.ref.object].fields[item.field].options
        return moves_back(record.ref.crm, item.field, old, item.value, options)

    def _skip(
        self, record: RecordView, item: Desired | None, cause: Cause, reason: str, until: datetime | None = None
    ) -> None:
        self.tell(Skipped(record, item, cause, reason, until))


def _stage_shown(values: Mapping[str, str | None], person: PersonView, old: Raw) -> str | None:
    """Return the stage that the record shows now, where that can be told; several stages may share a value."""
    shown = [stage for stage, value in values.items() if value is not None and value == old]
    return person.came_from if person.came_from in shown or not shown else shown[0]
