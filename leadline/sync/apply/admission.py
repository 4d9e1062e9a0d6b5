"""What a plan must be before it may be applied: made here, for these CRMs, by this book, and not yet applied."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from leadline.common.errors import RefusedError
from leadline.common.values import Crm
from leadline.connectors.protocol import ReadConnector
from leadline.rules.model import Book
from leadline.sync.guards import AdoptionError, require_guards
from leadline.sync.pausing import require_writing
from leadline.sync.plan.limits import enough_for
from leadline.sync.plan.model import Plan
from leadline.sync.rationing import require_calls
from leadline.sync.store import Store
from leadline.sync.store.applying import population, written_since
from leadline.sync.store.cycles import active_book, get_cycle
from leadline.sync.store.journal import get_plan

HOUR: Final = timedelta(hours=1)
_AGAIN = "make a new plan with `leadline plan -o plan.json`"


def admit(
    store: Store,
    plan: Plan,
    crms: Mapping[Crm, ReadConnector],
    book: Book,
    accepted: str | None,
    now: datetime | None = None,
) -> bool:
    """Raise RefusedError when this plan may not be applied now; return whether an earlier run left it unfinished.

    ``accepted`` is the hash that a person accepted by naming the plan file; an adoption needs it. Nothing was
    written anywhere when this raises. An unfinished plan was accepted and had passed its guards before it began, so
    neither holds it now. ``now`` is the CRMs' present, for what counts by the hour; without, the plan's frontier.
    """
    _same_book(plan, book)
    _same_organisations(plan, crms)
    with store.read() as connection:
        require_writing(connection, undoes=bool(plan.undoes))
        known = get_plan(connection, plan.hash)
        cycle = get_cycle(connection, plan.cycle)
        active = active_book(connection)
        people = population(connection, enough_for(book.guards, plan.record_count()))
        recent = written_since(connection, (now or plan.frontier) - HOUR) if book.guards.per_hour is not None else 0
    status = known.status if known else "made"
    resumed = status == "applying"
    if status == "applied":
        raise RefusedError(f"this plan was applied already; {_AGAIN}")
    if status == "stale":
        raise RefusedError(f"a newer plan was applied after this one was begun; {_AGAIN}")
    if cycle is None or cycle.frontier != plan.frontier:
        raise RefusedError(f"this plan was not made from this state store; {_AGAIN} there")
    if plan.adoption and active is not None and not resumed:
        raise RefusedError(f"this plan would adopt the CRMs, but that was done already; {_AGAIN}")
    if plan.adoption and accepted != plan.hash and not resumed:
        raise AdoptionError(plan)
    if plan.only and (plan.adoption or active != plan.book_hash):
        raise RefusedError(f"a part of a plan ({plan.only}) activates no rule book; apply a whole plan of it first")
    if not plan.adoption and active is None:
        raise RefusedError(f"no rule book is active on these CRMs yet, so the first plan must adopt them; {_AGAIN}")
    if not resumed:
        require_guards(plan, book, people, recent)
        if accepted is not None:  # what `sync` cannot finish it finishes in its next run
            require_calls(plan, crms)
        # What a person names must be to the letter a plan made here; `sync` applies what it has just made itself.
        if accepted is not None and cycle.counts.get("plan") != plan.hash:
            raise RefusedError(f"this plan is not as it was made here: somebody changed it and its hash; {_AGAIN}")
    return resumed


def _same_book(plan: Plan, book: Book) -> None:
    if plan.book_hash != book.hash:
        raise RefusedError(
            f"this plan was made by another rule book (plan {plan.book_hash[:12]}, now {book.hash[:12]}); {_AGAIN}"
        )


def _same_organisations(plan: Plan, crms: Mapping[Crm, ReadConnector]) -> None:
    effects = {effect.ref.crm for effect in plan.effects if effect.ref is not None}
    for crm in sorted({crm for crm, _ in plan.writes.records()} | effects):
        if crm not in crms:
            raise RefusedError(f"this plan writes to {crm}, which leadline.yml does not connect to; {_AGAIN}")
        planned, found = plan.organisations.get(crm), crms[crm].organisation()
        if planned != found:
            raise RefusedError(f"this plan is for {crm} {planned}, but {found} is connected; {_AGAIN}")
