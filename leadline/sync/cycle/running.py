"""The runs: pull, plan, apply and sync, each under the one writer lease and each recorded as a cycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from leadline.common.errors import LeadlineError, RefusedError
from leadline.common.values import Crm
from leadline.connectors.protocol import ReadConnector, WriteConnector
from leadline.sync.apply import ApplyReport, Run, apply_plan
from leadline.sync.cycle.results import AppliedResult, PlannedResult, PulledResult, SyncResult
from leadline.sync.cycle.setting import CallMeter, CycleClock, Evaluating, Pulling, Setting
from leadline.sync.cycle.work import bounds_of
from leadline.sync.evaluating import evaluate
from leadline.sync.evaluating.choosing import EVALUATED_BOOK
from leadline.sync.guards import AdoptionError, GuardError, GuardStop, check_guards
from leadline.sync.lease import Lease
from leadline.sync.plan import Plan, build_plan, parse_plan
from leadline.sync.plan.stored import StoredPlanSource
from leadline.sync.pull import pull
from leadline.sync.results import EvaluationResult, PullResult
from leadline.sync.store.applying import population, unfinished_plans
from leadline.sync.store.cycles import (
    CycleStatus,
    active_book,
    finish_cycle,
    last_cycles,
    remember_book,
    set_meta,
)
from leadline.sync.store.journal import IntentStatus, intents_of
from leadline.sync.store.outcomes import stock

_INTERRUPTED: Final[tuple[IntentStatus, ...]] = ("planned", "claimed", "done")
"""Intents that only a run which was cut short leaves behind."""


def run_pull(setting: Setting, readers: Mapping[Crm, ReadConnector]) -> PulledResult:
    """Read what changed into the mirror. A CRM that is down is told in the result; the other one's data is kept.

    Raises what the connectors raise when not a single CRM answers, BusyError when another run is at work.
    """
    meter = CallMeter(readers)
    with setting.lease().held() as lease:
        pulled = _pull(setting, readers, "pull", lease)
        _finish(setting, pulled, "partial" if pulled.errors else "done", {"rows": dict(pulled.rows)})
    return PulledResult(pulled, meter.calls())


def make_plan(setting: Setting, readers: Mapping[Crm, ReadConnector]) -> PlannedResult:
    """Pull, evaluate and plan; nothing given here can write to a CRM.

    Under the active book the decisions are kept. Under a book that is not active yet they are only tried out: the
    state stays as it was until the plan is applied. Raises the CRM's error when one could not be read, because
    then time stands still and nothing can be decided.
    """
    meter = CallMeter(readers)
    with setting.lease().held() as lease:
        pulled = _pull(setting, readers, "plan", lease)
        with _recorded(setting, pulled):
            decided = _decide(setting, readers, pulled, keep=False)
        _finish(setting, pulled, "done", _counts(decided))
    return PlannedResult(
        pulled, decided.evaluation, decided.plan, decided.stops, decided.kept, decided.stock, meter.calls()
    )


def run_apply(setting: Setting, writers: Mapping[Crm, WriteConnector], plan: Plan) -> AppliedResult:
    """Apply a plan that a person has named: this accepts an adoption, by the plan's hash.

    Refreshes the mirror first, so that what changed since the plan is told as stale and not overwritten. Raises
    RefusedError, with nothing written, when the plan may not be applied.
    """
    meter = CallMeter(writers)
    clock = CycleClock(plan.frontier)
    refreshed: list[PullResult] = []
    with setting.lease().held() as lease:

        def refresh() -> None:
            pulled = _pull(setting, writers, "apply", lease)
            refreshed.append(pulled)
            clock.told(max(pulled.upper.values()))
            with _recorded(setting, pulled):
                _require_whole(pulled)

        run = Run(
            owner=lease.owner,
            clock=clock,
            keep=lease.keep,
            accepted=plan.hash,
            prepare=lambda connection: _take_over(setting, plan, connection),
            refresh=refresh,
            patience=setting.patience,
            on_event=setting.tell,
        )
        report = apply_plan(setting.store, plan, writers, setting.book, run)
        _finish(setting, refreshed[-1], "done" if report.ok else "partial", {"written": dict(report.counts)})
    bounds = bounds_of(setting.book, writers, refreshed[-1], [plan])
    return AppliedResult(plan, report, refreshed[-1], meter.calls(), bounds)


def run_sync(setting: Setting, writers: Mapping[Crm, WriteConnector]) -> SyncResult:
    """One whole cycle: pull, evaluate, plan, guards, apply, read back.

    An apply that was interrupted is finished first, unless the book has changed since. Raises AdoptionError when
    no book is active yet, GuardError when a guard stops the plan (nothing is written and nothing decided), and the
    CRM's error when one could not be read.
    """
    meter = CallMeter(writers)
    with setting.lease().held() as lease:
        pulled = _pull(setting, writers, "sync", lease)
        run = Run(
            owner=lease.owner,
            clock=CycleClock(max(pulled.upper.values())),
            keep=lease.keep,
            patience=setting.patience,
            on_event=setting.tell,
        )
        with _recorded(setting, pulled):
            resumed = _resume(setting, writers, run, pulled)
            decided = _decide(setting, writers, pulled, keep=True)
            report = apply_plan(setting.store, decided.plan, writers, setting.book, run)
        ok = report.ok and (resumed is None or resumed.report.ok)
        _finish(setting, pulled, "done" if ok else "partial", {**_counts(decided), "written": dict(report.counts)})
    plans = [decided.plan, *([resumed.plan] if resumed else [])]
    return SyncResult(
        pull=pulled,
        evaluation=decided.evaluation,
        plan=decided.plan,
        report=report,
        resumed=resumed.report if resumed else None,
        calls=meter.calls(),
        bounds=bounds_of(setting.book, writers, pulled, plans),
    )


@dataclass(frozen=True, slots=True)
class _Decided:
    evaluation: EvaluationResult
    plan: Plan
    stops: tuple[GuardStop, ...]
    kept: bool
    stock: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Resumed:
    plan: Plan
    report: ApplyReport


def _pull(setting: Setting, readers: Mapping[Crm, ReadConnector], kind: str, lease: Lease) -> PullResult:
    def tell(stream: str, rows: int) -> None:
        lease.renew()
        setting.tell(Pulling(stream, rows))

    return pull(setting.store, readers, setting.book, kind=kind, tell=tell)


def _require_whole(pulled: PullResult) -> None:
    for error in pulled.errors.values():
        raise error


def _decide(setting: Setting, readers: Mapping[Crm, ReadConnector], pulled: PullResult, *, keep: bool) -> _Decided:
    """Evaluate and plan in one transaction; kept under the active book, or when ``keep`` and its guards pass."""
    _require_whole(pulled)
    if pulled.frontier is None:
        raise RefusedError("nothing was ever read completely, so nothing can be decided; run `leadline pull` again")
    setting.tell(Evaluating())
    book = setting.book
    for reader in readers.values():
        reader.organisation()  # asked before the transaction, which must not wait for a network
    with setting.store.write() as connection:
        remember_book(connection, book.hash, book.name, setting.sources)
        active = active_book(connection)
        trial = connection.begin_nested()
        evaluation = evaluate(
            setting.store, book, cycle=pulled.cycle, frontier=pulled.frontier, connection=connection
        )
        source = StoredPlanSource(connection, pulled.cycle, pulled.frontier)
        plan = build_plan(source, book, readers, pulled.described)
        stops = check_guards(plan, book, population(connection))
        people = stock(connection)
        kept = active == book.hash or (keep and active is not None and not stops)
        if kept:
            trial.commit()
        else:
            trial.rollback()
    if keep and plan.adoption:
        raise AdoptionError(plan)
    if keep and stops:
        raise GuardError(stops)
    return _Decided(evaluation, plan, stops, kept, people)


def _take_over(setting: Setting, plan: Plan, connection: Connection) -> None:
    """Keep the decisions of a plan whose book was only tried out, now that the plan is accepted.

    The same facts, frontier and book give the same decisions again; what a later pull touched is looked at anew.
    """
    if active_book(connection) == plan.book_hash:
        return
    remember_book(connection, setting.book.hash, setting.book.name, setting.sources)
    evaluate(setting.store, setting.book, cycle=plan.cycle, frontier=plan.frontier, connection=connection)
    if last_cycles(connection)[0].id != plan.cycle:
        set_meta(connection, EVALUATED_BOOK, "")


def _resume(setting: Setting, writers: Mapping[Crm, WriteConnector], run: Run, pulled: PullResult) -> _Resumed | None:
    """Finish the newest plan that was interrupted; only failed rows are left to the next plan."""
    _require_whole(pulled)
    with setting.store.read() as connection:
        begun = [row for row in unfinished_plans(connection) if intents_of(connection, row.hash, _INTERRUPTED)]
    if not begun:
        return None
    plan = parse_plan(begun[-1].body, "the interrupted plan")
    if plan.book_hash != setting.book.hash or not set(plan.calls) <= set(writers):
        return None
    return _Resumed(plan, apply_plan(setting.store, plan, writers, setting.book, run))


@contextmanager
def _recorded(setting: Setting, pulled: PullResult) -> Iterator[None]:
    """Record a cycle that ends with an expected failure."""
    try:
        yield
    except LeadlineError as error:
        _finish(setting, pulled, "refused" if isinstance(error, RefusedError) else "failed", {})
        raise


def _finish(setting: Setting, pulled: PullResult, status: CycleStatus, counts: Mapping[str, Any]) -> None:
    at = max(pulled.upper.values())
    with setting.store.write() as connection:
        finish_cycle(connection, pulled.cycle, status, at, counts)


def _counts(decided: _Decided) -> dict[str, Any]:
    evaluation, plan = decided.evaluation, decided.plan
    return {
        "evaluated": evaluation.evaluated,
        "decisions": evaluation.decisions,
        "planned": plan.record_count(),
        "plan": plan.hash,
    }
