"""Applying a plan: that plan and nothing else, crash anywhere, believe nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from leadline.common.errors import LeadlineError, OutsideError
from leadline.common.values import Crm, Raw, RecordRef
from leadline.connectors.protocol import WriteConnector
from leadline.rules.model import Book
from leadline.sync.apply.admission import admit
from leadline.sync.apply.canary import STOPPED, TOLERATED, Canary, Waves, first_people, went_wrong
from leadline.sync.apply.effects import Carrier, EffectJournal, Notifier, with_effects
from leadline.sync.apply.reading_back import read_back
from leadline.sync.apply.remedies import remedy_for
from leadline.sync.apply.report import ApplyEvent, ApplyReport, ReadingBack, RecordOutcome
from leadline.sync.apply.staleness import judge
from leadline.sync.apply.writing import Patience, write_phase
from leadline.sync.journal import Entry, Journal
from leadline.sync.pausing import pause_writing
from leadline.sync.plan.model import Plan
from leadline.sync.plan.stored import is_live
from leadline.sync.plan.write import Phase
from leadline.sync.store import Store
from leadline.sync.store.applying import Settlement, verified_writes
from leadline.sync.store.cycles import activate_book, active_book
from leadline.sync.store.journal import IntentStatus
from leadline.sync.store.mirror import load_records
from leadline.sync.store.outcomes import latest_decisions

_SEVERITY = ("verified", "done", "planned", "claimed", "released", "stale", "gone", "ignored", "failed", "parked")
_OPEN: Final = frozenset({"planned", "done"})
"""Intents of which something is left to do in a run."""

_PHASES: Final[tuple[Phase, ...]] = (1, 2)

_AT_ONCE: Final = 2_000
"""Records that are compared with the mirror, or reported on, at a time."""


@dataclass(frozen=True, slots=True)
class Run:
    """Who applies and how: the journal's owner and clock, the lease to keep, patience, and who listens.

    ``accepted`` is the hash of an adoption plan that a person accepted. ``prepare`` runs in the transaction that
    accepts the plan, before its book is activated. ``refresh`` pulls what changed since the
    plan was made; without it the mirror is taken as it is. ``notifier`` delivers notices to channels.
    With a ``canary`` a few people are written first, and the rest only if nothing went wrong with them. ``waves``
    write everybody in portions; where too much goes wrong with one, the rest is left for another run of the plan.
    """

    owner: str
    clock: Callable[[], datetime]
    keep: Callable[[Connection], None] = lambda _: None
    accepted: str | None = None
    prepare: Callable[[Connection], None] = lambda _: None
    refresh: Callable[[], None] | None = None
    patience: Patience = field(default_factory=Patience)
    on_event: Callable[[ApplyEvent], None] = lambda _: None
    notifier: Notifier | None = None
    canary: Canary | None = None
    waves: Waves | None = None


def apply_plan(store: Store, plan: Plan, writers: Mapping[Crm, WriteConnector], book: Book, run: Run) -> ApplyReport:
    """Write a plan, read every value back, and report what did not become so.

    Raises RefusedError, with nothing written, when the plan may not be applied (another organisation or book,
    applied before, stopped by a guard, an adoption nobody accepted). A CRM that breaks off in the middle is told in
    the report; the other one is still served. Applying the same plan again continues where this run stopped.
    """
    resumed = admit(store, plan, writers, book, run.accepted, run.clock())
    before = {crm: dict(writers[crm].calls()) for crm in writers}
    journal = Journal(store, plan, run.owner, run.clock, run.keep, lambda crm: writers[crm].heard())
    effects = EffectJournal(store, plan, run.owner, run.clock, run.keep)

    def accept(connection: Connection) -> None:
        _accept(connection, plan, run)
        effects.begin(connection)

    journal.open(accept)
    if run.refresh is not None:
        run.refresh()
    for people in plan.writes.portions(_AT_ONCE):
        _drop_unfit(store, journal, people)
    serving = _Serving(journal, writers, plan, run)
    stopped, errors = serving.serve(), serving.errors
    if stopped is None:
        errors = Carrier(store, effects, run.patience, run.notifier).carry_out(writers, journal.carrying(), errors)
    undone = journal.close() and bool(plan.undoes) and stopped is None
    if undone:
        # The next cycle would decide the same again and write it.
        pause_writing(store, f"plan {plan.undoes[:12]} was undone", run.clock(), undone=True)
    calls = {
        crm: {what: writers[crm].calls().get(what, 0) - before[crm].get(what, 0) for what in ("write", "read_back")}
        for crm in writers
    }
    report = _report(plan, journal, calls, errors, resumed=resumed)
    return replace(with_effects(report, effects.items()), paused=undone, stopped=stopped or "")


def _accept(connection: Connection, plan: Plan, run: Run) -> None:
    """Activating a book is recorded only here: its plan has passed the guards."""
    run.prepare(connection)
    if active_book(connection) != plan.book_hash:
        activate_book(connection, plan.book_hash, plan.frontier, plan.cycle)


def _drop_unfit(store: Store, journal: Journal, people: frozenset[str]) -> None:
    """Settle, without a call, what of these people is gone, stale, or already as it should be."""
    by_record: dict[RecordRef, list[Entry]] = {}
    for entry in journal.entries(people=people, status="planned"):
        by_record.setdefault(entry.ref, []).append(entry)
    with store.read() as connection:
        mirrored = load_records(connection, by_record)
        ours = verified_writes(connection, by_record)
        decisions = latest_decisions(connection, {entries[0].person for entries in by_record.values()})
    results: list[Settlement] = []
    for ref, entries in by_record.items():
        record = mirrored.get(ref)
        present: Mapping[str, Raw] | None = None
        if record is not None and is_live(record):
            present = {**record.fields, **ours.get(ref, {})}
        verdicts = judge(entries, present, decisions.get(entries[0].person))
        for number, verdict in verdicts.items():
            if verdict == "there":
                results.append(Settlement(number, "done"))
            elif verdict != "write":
                results.append(Settlement(number, verdict, verdict.upper()))
    journal.settle(results)


@dataclass(slots=True)
class _Serving:
    """The writes of one plan on their way to the CRMs; ``errors`` are those that broke off, and are left alone."""

    journal: Journal
    writers: Mapping[Crm, WriteConnector]
    plan: Plan
    run: Run
    errors: dict[Crm, LeadlineError] = field(default_factory=dict)

    def serve(self) -> str | None:
        """Write everybody, as the run wants it.

        Return None when nobody was left out on purpose, else why ("" where that is told elsewhere).
        """
        if self.run.canary is not None and not self._try_first(self.run.canary):
            return ""
        if self.run.waves is not None:
            return self._in_waves(self.run.waves)
        for crm in self._crms():
            for people in self.plan.writes.portions(crm=crm):
                self._serve(crm, people)
        return None

    def _try_first(self, canary: Canary) -> bool:
        """Write the canary's people, wait, and return whether to go on; otherwise the rest is given up."""
        people = first_people(self.plan, canary.records)
        self._serve_all(people)
        if went_wrong(self.journal.entries(people=people)) or self.errors:
            self.journal.give_up(STOPPED, "something went wrong with the first records, so no more were written")
            return False
        if not canary.wait():
            self.journal.give_up(STOPPED, "it was stopped after the first records")
            return False
        return True

    def _in_waves(self, waves: Waves) -> str | None:
        """Write one portion after the other, but those of an earlier run.

        Return None when all were reached, else why not ("" where a CRM broke off, which is told by itself).
        """
        begun = False
        for people in self.plan.writes.portions(waves.records):
            if not any(entry.status in _OPEN for entry in self.journal.entries(people=people)):
                continue
            if begun and not waves.wait():
                return "it was stopped between two waves"
            begun = True
            self._serve_all(people)
            if self.errors:
                return ""
            wrong = went_wrong(self.journal.entries(people=people))
            if wrong > len(people) * TOLERATED:
                return f"too much went wrong with one wave: {wrong:,} writes for {len(people):,} people"
        return None

    def _crms(self) -> Sequence[Crm]:
        return sorted({crm for crm, _ in self.plan.writes.records()})

    def _serve_all(self, people: frozenset[str]) -> None:
        for crm in self._crms():
            self._serve(crm, people)

    def _serve(self, crm: Crm, people: frozenset[str]) -> None:
        """Write these people to one CRM, unless it has broken off before, and read back what it took."""
        if crm in self.errors:
            return
        try:
            for phase in _PHASES:
                self._write(crm, people, phase)
            self._read_back(crm, people)
        except OutsideError as error:
            self.errors[crm] = error

    def _write(self, crm: Crm, people: frozenset[str], phase: Phase) -> None:
        mine = self.journal.entries(crm, people)
        held = _held_back(mine) if phase == 2 else {}
        self.journal.settle(list(held.values()))
        due = [e for e in mine if e.phase == phase and e.status == "planned" and e.id not in held]
        if due:
            write_phase(self.journal, self.writers[crm], due, self.run.patience, self.run.on_event)

    def _read_back(self, crm: Crm, people: frozenset[str]) -> None:
        written = self.journal.entries(crm, people, "done")
        if written:
            self.run.on_event(ReadingBack(crm, len({entry.ref for entry in written})))
            read_back(self.journal, self.writers[crm], self.plan, written)


def _held_back(entries: Sequence[Entry]) -> dict[int, Settlement]:
    """Settle second steps as their first step ended when it did not succeed: they would be dropped in silence."""
    firsts = {entry.ref: entry for entry in entries if entry.phase == 1 and entry.status not in {"done", "verified"}}
    return {
        entry.id: Settlement(entry.id, firsts[entry.ref].status, "PHASE", blamed=firsts[entry.ref].fields)
        for entry in entries
        if entry.phase == 2 and entry.status == "planned" and entry.ref in firsts
    }


def _report(
    plan: Plan,
    journal: Journal,
    calls: Mapping[Crm, Mapping[str, int]],
    errors: Mapping[Crm, LeadlineError],
    *,
    resumed: bool,
) -> ApplyReport:
    outcomes: list[RecordOutcome] = []
    counts: Counter[IntentStatus] = Counter()
    for people in plan.writes.portions(_AT_ONCE):
        worst: dict[RecordRef, Entry] = {}
        for entry in journal.entries(people=people):
            known = worst.get(entry.ref)
            if known is None or _SEVERITY.index(entry.status) > _SEVERITY.index(known.status):
                worst[entry.ref] = entry
        outcomes += (_outcome(entry) for entry in worst.values() if entry.status != "verified")
        counts.update(entry.status for entry in worst.values())
    return ApplyReport(plan.hash, dict(sorted(counts.items())), tuple(outcomes), calls, dict(errors), resumed)


def _outcome(entry: Entry) -> RecordOutcome:
    return RecordOutcome(
        ref=entry.ref,
        person=entry.person,
        status=entry.status,
        code=entry.code,
        message=entry.message,
        remedy=remedy_for(entry.status, entry.code),
        fields=entry.blamed or entry.fields,
    )
