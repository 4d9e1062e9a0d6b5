"""From what was pulled to a plan: evaluate, plan and guard, in one transaction that may be taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from leadline.common.errors import RefusedError
from leadline.common.values import Crm
from leadline.connectors.protocol import ReadConnector
from leadline.rules.model import Book
from leadline.sync.allocating import give_turns
from leadline.sync.apply.admission import HOUR
from leadline.sync.cycle.events import Evaluating, Planned
from leadline.sync.cycle.setting import Setting
from leadline.sync.evaluating import evaluate
from leadline.sync.evaluating.choosing import EVALUATED_BOOK
from leadline.sync.guards import AdoptionError, GuardError, GuardStop, check_guards
from leadline.sync.plan import Plan, build_plan
from leadline.sync.plan.limits import enough_for
from leadline.sync.plan.narrowing import Narrowed
from leadline.sync.plan.owners import Owners, UnaskedError
from leadline.sync.plan.remembering import Scope, begin_comparing
from leadline.sync.plan.stored import StoredPlanSource
from leadline.sync.results import EvaluationResult, PullResult
from leadline.sync.shadow import follow
from leadline.sync.slas.asking import users_told
from leadline.sync.slas.owners import remember_users
from leadline.sync.store.accounts import account_records_of
from leadline.sync.store.applying import population, written_since
from leadline.sync.store.cycles import active_book, last_cycles, remember_book, set_meta
from leadline.sync.store.outcomes import stock


@dataclass(frozen=True, slots=True)
class Decided:
    """An evaluation, the plan that follows, the guards that stop it, and whether the evaluation was kept.

    ``stock`` has the people by stage as evaluated, kept or not.
    """

    evaluation: EvaluationResult
    plan: Plan
    stops: tuple[GuardStop, ...]
    kept: bool
    stock: Mapping[str, int]

    def counts(self) -> dict[str, Any]:
        """Return what the cycle's record says of it."""
        return {
            "evaluated": self.evaluation.evaluated,
            "decisions": self.evaluation.decisions,
            "planned": self.plan.record_count(),
            "plan": self.plan.hash,
            **stopped_by(self.stops),
        }


def decide(
    setting: Setting,
    readers: Mapping[Crm, ReadConnector],
    pulled: PullResult,
    *,
    to_apply: bool,
    narrowed: Narrowed | None = None,
    look: Callable[[Connection], None] = lambda _: None,
    whole: bool = False,
) -> Decided:
    """Evaluate and plan. Under the active book the decisions are kept; under another one they are tried out only.

    ``to_apply``: the plan is applied next. Then the decisions under a new book are kept too, once its guards let
    the plan through; else AdoptionError or GuardError is raised with the state as it was. ``narrowed`` plans a part.
    ``look`` is shown the state as evaluated, before what was only tried out is taken back. ``whole`` compares
    everybody with the CRMs, and not only who may differ from the last comparison; the plan is the same.
    """
    require_whole(pulled)
    if pulled.frontier is None:
        raise RefusedError("nothing was ever read completely, so nothing can be decided; run `leadline pull` again")
    setting.tell(Evaluating())
    book = setting.book
    for reader in readers.values():
        reader.organisation()  # asked before the transaction, which must not wait for a network
    told = users_told(setting.store, readers, pulled.frontier) if book.slas else {}
    with setting.store.write() as connection:
        remember_book(connection, book.hash, book.name, setting.sources)
        for crm, users in told.items():
            remember_users(connection, crm, users, pulled.frontier)
        live = active_book(connection) == book.hash
        evaluation = _evaluate(setting, pulled, connection) if live else None
    # Only effects that are due ask for users, lists and campaigns: known when all is evaluated, and asked when the
    # transaction, which must not wait for a network, has been taken back.
    owners = Owners(readers, quiet=True)
    asked = _Asked(to_apply, narrowed or Narrowed(), look, whole)
    while True:
        try:
            decided = _plan(setting, owners, pulled, evaluation, asked)
            break
        except UnaskedError as unasked:
            owners.ask(unasked)
    setting.tell(Planned(decided.counts(), decided.stops))
    if to_apply and decided.plan.adoption:
        raise AdoptionError(decided.plan)
    if to_apply and decided.stops:
        raise GuardError(decided.stops)
    return decided


@dataclass(frozen=True, slots=True)
class _Asked:
    to_apply: bool
    part: Narrowed
    look: Callable[[Connection], None]
    whole: bool


def _plan(
    setting: Setting, owners: Owners, pulled: PullResult, evaluation: EvaluationResult | None, asked: _Asked
) -> Decided:
    """Plan what was evaluated; under a book that is not active evaluate first, and keep it only if it is applied.

    Raises UnaskedError, with everything taken back, when a CRM must be asked something first.
    """
    book = setting.book
    assert pulled.frontier is not None
    with setting.store.write() as connection:
        trial = connection.begin_nested()
        live = evaluation is not None
        evaluation = evaluation or _evaluate(setting, pulled, connection)
        give_turns(connection, book, owners, pulled.cycle, pulled.frontier)
        plan = _compare(setting, owners, pulled, connection, asked.part, whole=asked.whole)
        people = population(connection, enough_for(book.guards, plan.record_count()))
        stops = check_guards(plan, book, people, _recent(connection, book, pulled))
        by_stage = stock(connection)
        asked.look(connection)
        kept = live or (asked.to_apply and active_book(connection) is not None and not stops)
        if kept:
            trial.commit()
            if setting.shadow is not None:
                follow(connection, setting.shadow, pulled.cycle, pulled.frontier)
        else:
            trial.rollback()
    return Decided(evaluation, plan, stops, kept, by_stage)


def _compare(
    setting: Setting, owners: Owners, pulled: PullResult, connection: Connection, part: Narrowed, *, whole: bool
) -> Plan:
    """Plan, and remember what agrees, so that the next plan need not look at it."""
    book, readers, frontier = setting.book, owners.readers, pulled.frontier
    assert frontier is not None
    given = (book, readers, pulled.described, setting.channels, part, owners)
    if part.person is not None:
        scope = Scope((part.person,), tuple(account_records_of(connection, part.person)))
        return build_plan(StoredPlanSource(connection, pulled.cycle, frontier, scope), *given)
    shown = {crm: pulled.described.get(crm, {}) for crm in readers}
    scope, remembering = begin_comparing(connection, book, shown, pulled.cycle, frontier, whole=whole)
    plan = build_plan(StoredPlanSource(connection, pulled.cycle, frontier, scope, remembering.hear), *given)
    remembering.finish()
    return plan


def _evaluate(setting: Setting, pulled: PullResult, connection: Connection) -> EvaluationResult:
    assert pulled.frontier is not None
    return evaluate(setting.store, setting.book, cycle=pulled.cycle, frontier=pulled.frontier, connection=connection)


def _recent(connection: Connection, book: Book, pulled: PullResult) -> int:
    if book.guards.per_hour is None:
        return 0
    return written_since(connection, max(pulled.upper.values()) - HOUR)


def owners_for(setting: Setting, plan: Plan, readers: Mapping[Crm, ReadConnector]) -> Owners:
    """Return whom ``take_over`` needs, asked before its transaction: users, where a plan assigns by rotas."""
    owners = Owners(readers)
    with setting.store.read() as connection:
        live = active_book(connection) == plan.book_hash
    if not live and setting.book.rotas and any(effect.kind == "assign" for effect in plan.effects):
        for crm in readers:
            owners.ask(UnaskedError(crm))
    return owners


def take_over(setting: Setting, plan: Plan, connection: Connection, owners: Owners) -> None:
    """Keep the decisions of a plan whose book was only tried out, now that the plan is accepted.

    The same facts, frontier and book give the same decisions again; what a later pull touched is looked at anew.
    """
    if active_book(connection) == plan.book_hash:
        return
    remember_book(connection, setting.book.hash, setting.book.name, setting.sources)
    evaluate(setting.store, setting.book, cycle=plan.cycle, frontier=plan.frontier, connection=connection)
    give_turns(connection, setting.book, owners, plan.cycle, plan.frontier)
    if last_cycles(connection)[0].id != plan.cycle:
        set_meta(connection, EVALUATED_BOOK, "")


def stopped_by(stops: Sequence[GuardStop]) -> dict[str, list[str]]:
    """Return what a cycle's record says of the guards that stopped its plan; nothing where none did."""
    return {"stops": [str(stop) for stop in stops]} if stops else {}


def require_whole(pulled: PullResult) -> None:
    """Raise the error of a CRM that could not be read: without it time stands still and nothing is decided."""
    for error in pulled.errors.values():
        raise error
