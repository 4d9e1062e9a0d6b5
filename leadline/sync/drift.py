"""Where the CRMs and the decisions disagree, and why each of it is so; by the state alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection, func, select

from leadline.common.errors import RefusedError
from leadline.common.values import CRMS, Crm, ObjectDescription, Raw, RecordRef
from leadline.rules.convert import stage_of
from leadline.rules.model import Book
from leadline.sync.knowing import described_before
from leadline.sync.plan.records import RecordPlanner, Skipped
from leadline.sync.plan.source import AccountView, PersonView, RecordView
from leadline.sync.plan.stored import account_views, person_views
from leadline.sync.plan.write import PlannedWrite
from leadline.sync.store import Store
from leadline.sync.store.accounts import each_account_values
from leadline.sync.store.batches import PEOPLE_AT_ONCE, chunks
from leadline.sync.store.cycles import last_evaluated, last_planned
from leadline.sync.store.mirror import records_of_persons
from leadline.sync.store.outcomes import all_lifecycle
from leadline.sync.store.schema import touched

Why = Literal[
    "planned", "guarded", "picklist", "hidden", "read-only", "parked", "human", "conflict", "publishing", "rule",
    "adopted", "converted",
]  # fmt: skip

WORDS: Final[Mapping[Why, str]] = {
    "planned": "not synced yet: the next plan writes it",
    "guarded": "not synced yet: a guard stops the plan until the book or a person lets it through",
    "picklist": "the CRM's picklist has no such value: add it there, or map the stage in `values`",
    "hidden": "the integration user cannot see the object or field",
    "read-only": "the integration user may not write the field",
    "parked": "the CRM refused the value: see `leadline parked`",
    "human": "a person's value stands for now, by the book's `on_conflict`",
    "conflict": "somebody else's value stands, by the book's `on_conflict`",
    "publishing": "scores drift, and are published as the book says",
    "rule": "the book has no value of this CRM for the stage",
    "adopted": "adopted without writing: nothing has changed about this person since",
    "converted": "a converted lead: its contact shows the stage",
}
BY_DESIGN: Final[frozenset[Why]] = frozenset({"publishing", "rule", "adopted", "converted"})
"""What is as the book or the CRM wants it; nobody need look after it."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One field of one record that does not show what was decided; ``decided`` is None where a stage has no value."""

    person: str
    ref: RecordRef
    field: str
    shown: Raw
    decided: Raw
    why: Why
    detail: str = ""

    @property
    def by_design(self) -> bool:
        """Whether nobody need look after it."""
        return self.why in BY_DESIGN


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Everybody and their accounts compared. ``apart`` are people whose stage differs between the CRMs, by CRM.

    ``waiting`` records changed since the last evaluation. ``as_of`` is the frontier that was compared at. ``stops``
    are the guards that stopped the plan that was made last.
    """

    as_of: datetime
    people: int
    disagreements: tuple[Disagreement, ...]
    apart: Mapping[str, Mapping[Crm, str]]
    waiting: int
    stops: tuple[str, ...] = ()

    @property
    def by_why(self) -> dict[Why, int]:
        """Return how many fields disagree, by reason."""
        return dict(sorted(Counter(item.why for item in self.disagreements).items()))

    @property
    def agreed(self) -> bool:
        """Whether there is nothing that somebody must look after."""
        return all(item.by_design for item in self.disagreements)


def drift(store: Store, book: Book) -> DriftReport:
    """Compare what live records showed at the last pull with what was decided. Raises RefusedError before that."""
    with store.read() as connection:
        evaluated = last_evaluated(connection)
        frontier = evaluated.evaluated if evaluated is not None else None
        rows = all_lifecycle(connection)
        if frontier is None or not rows:
            raise RefusedError("nobody was decided about yet: run `leadline sync`, or accept a first plan")
        described = {crm: described_before(connection, crm) or {} for crm in CRMS}
        planned = last_planned(connection)
        stops = tuple(planned.counts.get("stops", ())) if planned is not None else ()
        comparing = _Comparing(book, frontier, {crm: shown for crm, shown in described.items() if shown}, stops)
        for view in person_views(connection, frontier, rows):
            comparing.person(view)
        for account in account_views(connection, frontier, each_account_values(connection)):
            comparing.account(account)
        for people in chunks(comparing.stages, PEOPLE_AT_ONCE):
            comparing.converted(connection, people)
        waiting = connection.execute(select(func.count()).select_from(touched)).scalar_one()
    found = sorted(comparing.found, key=lambda item: (item.person, item.ref, item.field))
    return DriftReport(frontier, len(rows), tuple(found), comparing.apart, waiting, stops)


@dataclass(slots=True)
class _Comparing:
    book: Book
    frontier: datetime
    described: Mapping[Crm, Mapping[str, ObjectDescription]]
    stops: tuple[str, ...] = ()
    found: list[Disagreement] = field(default_factory=list)
    apart: dict[str, Mapping[Crm, str]] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)

    def person(self, view: PersonView) -> None:
        skipped: list[Skipped] = []
        planner = RecordPlanner(self.book, self.frontier, self.described, skipped.append)
        for record in view.records:
            self._unsynced(record, planner.writes(view, record))
        self.found += [item for one in skipped if (item := self._skipped(view, one)) is not None]
        shown_stages = self._stages(view)
        if len(set(shown_stages.values())) > 1:
            self.apart[view.person] = shown_stages
        self.stages[view.person] = view.outcome.stage

    def account(self, view: AccountView) -> None:
        skipped: list[Skipped] = []
        planner = RecordPlanner(self.book, self.frontier, self.described, skipped.append)
        self._unsynced(view.record, planner.account_writes(view))
        self.found += [item for one in skipped if (item := self._skipped(view, one)) is not None]

    def _unsynced(self, record: RecordView, writes: Iterable[PlannedWrite]) -> None:
        last = {write.field: write for write in writes}
        for write in last.values():
            why: Why = ("guarded" if self.stops else "planned") if self._offered(write) else "picklist"
            shown, detail = record.fields.get(write.field), "; ".join(self.stops) if why == "guarded" else ""
            self.found.append(Disagreement(write.person, record.ref, write.field, shown, write.new, why, detail))

    def converted(self, connection: Connection, people: Sequence[str]) -> None:
        """Find converted leads that show another stage than their person has."""
        targets = self.book.write.get("salesforce")
        if targets is None or targets.stage is None:
            return
        for person, records in records_of_persons(connection, people).items():
            wanted = targets.stage.values.get(self.stages[person])
            for record in records:
                leftover = record.fields.get("IsConverted") is True and not record.deleted
                shown = record.fields.get(targets.stage.field)
                if leftover and shown is not None and wanted is not None and shown != wanted:
                    self.found.append(
                        Disagreement(person, record.ref, targets.stage.field, shown, wanted, "converted")
                    )

    def _offered(self, write: PlannedWrite) -> bool:
        known = self.described[write.ref.crm][write.ref.object].fields.get(write.field)
        restricted = known is not None and known.options and (known.restricted or write.ref.crm == "hubspot")
        return not restricted or write.new in {None, ""} or known is None or str(write.new) in known.options

    def _skipped(self, view: PersonView | AccountView, one: Skipped) -> Disagreement | None:
        ref = one.record.ref
        if isinstance(view, PersonView) and one.item is None and one.cause == "rule":
            return self._without_value(view, one)
        if one.item is None:
            return Disagreement(view.person, ref, "", None, None, _why(one.cause), one.reason)
        shown = one.record.fields.get(one.item.field)
        why = _why(one.cause)
        if why == "conflict" and self.book.write[ref.crm].policy(ref.object, one.item.field).wins == "human":
            why = "human"
        return Disagreement(view.person, ref, one.item.field, shown, one.item.value, why, one.reason)

    def _without_value(self, view: PersonView, one: Skipped) -> Disagreement | None:
        """Tell of a stage that this CRM has no value for, where it shows another stage instead."""
        ref = one.record.ref
        target = self.book.write[ref.crm].stage
        if target is None:
            return None
        shown = one.record.fields.get(target.field)
        if shown in {None, ""}:
            return None
        return Disagreement(view.person, ref, target.field, shown, None, "rule", one.reason)

    def _stages(self, view: PersonView) -> dict[Crm, str]:
        """Return the stage that each CRM shows, where it shows just one."""
        shown: dict[Crm, set[str]] = {}
        for record in view.records:
            targets = self.book.write.get(record.ref.crm)
            if targets is not None and targets.stage is not None:
                stage = stage_of(self.book, record.ref.crm, record.fields.get(targets.stage.field))
                if stage is not None:
                    shown.setdefault(record.ref.crm, set()).add(stage)
        return {crm: min(stages) for crm, stages in sorted(shown.items())}


def _why(cause: str) -> Why:
    return {"drift": "publishing"}.get(cause, cause)  # type: ignore[return-value]
