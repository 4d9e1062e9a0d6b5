"""The runs: pull, plan, apply and sync, each under the one writer lease and each recorded as a cycle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from leadline.common.errors import LeadlineError, RefusedError
from leadline.common.values import Crm
from leadline.connectors.protocol import ReadConnector, WriteConnector
from leadline.sync.apply import ApplyReport, Run, apply_plan
from leadline.sync.apply.canary import Canary, Waves
from leadline.sync.cycle.deciding import decide, owners_for, require_whole, stopped_by, take_over
from leadline.sync.cycle.events import Ended, Pulled, Pulling
from leadline.sync.cycle.first import First
from leadline.sync.cycle.results import AppliedResult, PlannedResult, PulledResult, SyncResult
from leadline.sync.cycle.setting import CallMeter, CycleClock, Setting
from leadline.sync.cycle.work import bounds_of
from leadline.sync.guards import GuardError
from leadline.sync.lease import Lease
from leadline.sync.plan import Plan
from leadline.sync.plan.keeping import kept_plan
from leadline.sync.plan.narrowing import Narrowed
from leadline.sync.pull import pull
from leadline.sync.pull.hinted import Hinted
from leadline.sync.rationing import noted, ration
from leadline.sync.results import PullResult
from leadline.sync.store.applying import unfinished_plans
from leadline.sync.store.cycles import CycleStatus, finish_cycle
from leadline.sync.store.effect_journal import unfinished_effects
from leadline.sync.store.journal import INTERRUPTED, journal_counts

_REFUSED: Final = ("parked", "ignored", "failed")
"""Endings that have a CRM's code."""


def run_pull(setting: Setting, readers: Mapping[Crm, ReadConnector]) -> PulledResult:
    """Read what changed into the mirror. A CRM that is down is told in the result; the other one's data is kept.

    Raises what the connectors raise when not a single CRM answers, BusyError when another run is at work.
    """
    meter = CallMeter(readers)
    with setting.lease().held() as lease, noted(setting.store, readers):
        pulled = _pull(setting, readers, "pull", lease)
        _finish(setting, pulled, meter, "partial" if pulled.errors else "done", {})
    return PulledResult(pulled, meter.calls())


def make_plan(
    setting: Setting,
    readers: Mapping[Crm, ReadConnector],
    narrowed: Narrowed | None = None,
    look: Callable[[Connection], None] = lambda _: None,
    whole: bool = False,
) -> PlannedResult:
    """Pull, evaluate and plan; nothing given here can write to a CRM.

    Under the active book the decisions are kept. Under a book that is not active yet they are only tried out: the
    state stays as it was until the plan is applied. Raises the CRM's error when one could not be read, because
    then time stands still and nothing can be decided. ``narrowed`` plans a part of everything; ``look`` is shown the
    state as evaluated, kept or not. ``whole`` compares everybody, whatever the last comparison remembers.
    """
    meter = CallMeter(readers)
    with setting.lease().held() as lease, noted(setting.store, readers):
        pulled = _pull(setting, readers, "plan", lease)
        with _recorded(setting, pulled, meter):
            decided = decide(setting, readers, pulled, to_apply=False, narrowed=narrowed, look=look, whole=whole)
        _finish(setting, pulled, meter, "done", decided.counts())
    return PlannedResult(
        pulled, decided.evaluation, decided.plan, decided.stops, decided.kept, decided.stock, meter.calls()
    )


def run_apply(
    setting: Setting,
    writers: Mapping[Crm, WriteConnector],
    plan: Plan,
    first: First | None = None,
    waves: First | None = None,
) -> AppliedResult:
    """Apply a plan that a person has named: this accepts an adoption, by the plan's hash.

    Refreshes the people's records first, so that what changed since the plan is told as stale and not overwritten.
    With ``first`` a few people are written, and after a while the rest if nothing went wrong with them. ``waves``
    writes so many records again and again, with that while between.
    Raises RefusedError, with nothing written, when the plan may not be applied.
    """
    meter = CallMeter(writers)
    clock = CycleClock(plan.frontier)
    refreshed: list[PullResult] = []

    with setting.lease().held() as lease, noted(setting.store, writers):
        bounded = any(share.per_day or share.per_cycle for share in setting.shares.values())
        begun = {crm: writer.server_time() for crm, writer in writers.items()} if bounded else {}
        ration(setting.store, writers, setting.shares, begun)

        def refresh() -> None:
            refreshed.append(_pull(setting, writers, "apply", lease, persons_only=True))
            clock.told(max(refreshed[0].upper.values()))
            require_whole(refreshed[0])

        owners = owners_for(setting, plan, writers)
        run = Run(
            owner=lease.owner,
            clock=clock,
            keep=lease.keep,
            accepted=plan.hash,
            prepare=lambda connection: take_over(setting, plan, connection, owners),
            refresh=refresh,
            patience=setting.patience,
            on_event=setting.tell,
            notifier=setting.notifier,
            canary=None if first is None else Canary(first.records, partial(first.pass_time, lease)),
            waves=None if waves is None else Waves(waves.records, partial(waves.pass_time, lease)),
        )
        try:
            report = apply_plan(setting.store, plan, writers, setting.book, run)
        except (LeadlineError, KeyboardInterrupt) as error:
            for pulled in refreshed:
                _finish(setting, pulled, meter, _status_of(error), {"plan": plan.hash})
            raise
        _finish(setting, refreshed[0], meter, *_outcome(plan, report))
    bounds = bounds_of(setting.book, writers, refreshed[0], [plan])
    return AppliedResult(plan, report, refreshed[0], meter.calls(), bounds)


def run_sync(setting: Setting, writers: Mapping[Crm, WriteConnector], hinted: Hinted | None = None) -> SyncResult:
    """One whole cycle: pull, evaluate, plan, guards, apply, read back. With ``hinted`` its pull is a quick one.

    An apply that was interrupted is finished first, unless the book has changed since. Raises AdoptionError when
    no book is active yet, GuardError when a guard stops the plan (nothing is written and nothing decided), and the
    CRM's error when one could not be read.
    """
    meter = CallMeter(writers)
    with setting.lease().held() as lease, noted(setting.store, writers):
        pulled = _pull(setting, writers, "sync", lease, hinted=hinted)
        run = Run(
            owner=lease.owner,
            clock=CycleClock(max(pulled.upper.values())),
            keep=lease.keep,
            patience=setting.patience,
            on_event=setting.tell,
            notifier=setting.notifier,
        )
        with _recorded(setting, pulled, meter):
            resumed = _resume(setting, writers, run, pulled)
            # A CRM that still breaks off would meet the next plan the same way, behind a guard's refusal.
            for error in resumed.report.errors.values() if resumed else ():
                raise error
            decided = decide(setting, writers, pulled, to_apply=True)
            report = apply_plan(setting.store, decided.plan, writers, setting.book, run)
        result = SyncResult(
            pull=pulled,
            evaluation=decided.evaluation,
            plan=decided.plan,
            report=report,
            resumed=resumed.report if resumed else None,
            calls=meter.calls(),
            bounds=bounds_of(setting.book, writers, pulled, [decided.plan, *([resumed.plan] if resumed else [])]),
        )
        status, counts = _outcome(decided.plan, report)
        ending = "partial" if result.exit_code else status
        _finish(setting, pulled, meter, ending, {**decided.counts(), **counts})
    return result


@dataclass(frozen=True, slots=True)
class _Resumed:
    plan: Plan
    report: ApplyReport


def _pull(
    setting: Setting,
    readers: Mapping[Crm, ReadConnector],
    kind: str,
    lease: Lease,
    *,
    persons_only: bool = False,
    hinted: Hinted | None = None,
) -> PullResult:
    def tell(stream: str, rows: int) -> None:
        lease.renew()
        setting.tell(Pulling(stream, rows))

    pulled = pull(
        setting.store,
        readers,
        setting.book,
        kind=kind,
        tell=tell,
        persons_only=persons_only,
        upkeep=setting.upkeep,
        begun=partial(ration, setting.store, readers, setting.shares),
        hinted=hinted,
    )
    setting.tell(Pulled(kind, pulled))
    return pulled


def _resume(setting: Setting, writers: Mapping[Crm, WriteConnector], run: Run, pulled: PullResult) -> _Resumed | None:
    """Finish the newest plan that was interrupted; rows that only failed are left to the next plan."""
    require_whole(pulled)
    with setting.store.read() as connection:
        begun = [
            row
            for row in unfinished_plans(connection)
            if any(journal_counts(connection, row.hash).get(status) for status in INTERRUPTED)
            or unfinished_effects(connection, row.hash, ("planned", "claimed"))
        ]
        if not begun:
            return None
        plan = kept_plan(connection, begun[-1], "the interrupted plan")
    crms = {*plan.counts.records, *(effect.ref.crm for effect in plan.effects if effect.ref is not None)}
    if plan.book_hash != setting.book.hash or not crms <= set(writers):
        return None
    return _Resumed(plan, apply_plan(setting.store, plan, writers, setting.book, run))


@contextmanager
def _recorded(setting: Setting, pulled: PullResult, meter: CallMeter) -> Iterator[None]:
    """Record a cycle that ends with an expected failure or with Ctrl-C."""
    try:
        yield
    except (LeadlineError, KeyboardInterrupt) as error:
        stops = error.stops if isinstance(error, GuardError) else ()
        _finish(setting, pulled, meter, _status_of(error), stopped_by(stops))
        raise


def _status_of(error: BaseException) -> CycleStatus:
    return "refused" if isinstance(error, RefusedError) else "failed"


def _outcome(plan: Plan, report: ApplyReport) -> tuple[CycleStatus, dict[str, Any]]:
    endings: list[tuple[str, str]] = [(item.status, item.code) for item in report.records]
    endings += [(item.status, item.code) for item in report.undone]
    refused = Counter(code for status, code in endings if status in _REFUSED and code)
    counts: dict[str, Any] = {"plan": plan.hash, "written": dict(report.counts)}
    counts["refused"] = dict(sorted(refused.items()))
    if report.effects:
        counts["effects"] = dict(report.effects)
    return "done" if report.ok else "partial", counts


def _finish(
    setting: Setting, pulled: PullResult, meter: CallMeter, status: CycleStatus, counts: Mapping[str, Any]
) -> None:
    kept = {"rows": dict(pulled.rows), **counts, **meter.counts()}
    with setting.store.write() as connection:
        finish_cycle(connection, pulled.cycle, status, max(pulled.upper.values()), kept)
    setting.tell(Ended(pulled.cycle, status, kept))
