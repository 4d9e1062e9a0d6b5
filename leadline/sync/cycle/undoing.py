"""Planning to take a plan back, over freshly read records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from sqlalchemy import Connection, select

from leadline.common.errors import RefusedError
from leadline.common.values import Crm
from leadline.connectors.protocol import ReadConnector
from leadline.sync.cycle.deciding import require_whole
from leadline.sync.cycle.events import Pulling
from leadline.sync.cycle.setting import Setting
from leadline.sync.plan import Plan
from leadline.sync.plan.keeping import ERASED, kept_plan
from leadline.sync.plan.undoing import Occasion, plan_to_undo
from leadline.sync.pull import pull
from leadline.sync.store.cycles import active_book, finish_cycle
from leadline.sync.store.journal import PlanRow
from leadline.sync.store.schema import plans

_SHORTEST = 6


@dataclass(frozen=True, slots=True)
class UndoPlanned:
    """The plan that takes ``of`` back, and how many things that ``of`` created stay as they are."""

    plan: Plan
    of: PlanRow
    stays: int


def make_undo(setting: Setting, readers: Mapping[Crm, ReadConnector], plan_hash: str) -> UndoPlanned:
    """Read people's records again and plan the old values back; nothing given here can write to a CRM.

    ``plan_hash`` may be shortened to six digits. Raises RefusedError for a plan that is not known or was never
    applied, and when the configured book is not the active one; what the connectors raise when a CRM cannot be read.
    """
    with setting.store.read() as connection:
        row = _applied_plan(connection, plan_hash)
        if active_book(connection) != setting.book.hash:
            raise RefusedError(
                "the configured rule book is not the active one; undo under the active book, then change it"
            )
        plan = kept_plan(connection, row, f"plan {row.hash[:12]}")
    with setting.lease().held() as lease:

        def tell(stream: str, rows: int) -> None:
            lease.renew()
            setting.tell(Pulling(stream, rows))

        pulled = pull(setting.store, readers, setting.book, kind="undo", tell=tell, persons_only=True)
        require_whole(pulled)
        frontier = pulled.frontier or plan.frontier
        with setting.store.write() as connection:
            occasion = Occasion(pulled.cycle, frontier, setting.book.hash)
            made = plan_to_undo(connection, plan, occasion, readers, pulled.described)
            counts = {"plan": made.hash, "planned": made.record_count(), "undoes": row.hash}
            finish_cycle(connection, pulled.cycle, "done", max(pulled.upper.values()), counts)
    return UndoPlanned(made, row, len(plan.effects))


def _applied_plan(connection: Connection, wanted: str) -> PlanRow:
    rows = list(connection.execute(select(plans.c.hash, plans.c.status)))
    near = [row for row in rows if row.hash.startswith(wanted.lower())] if len(wanted) >= _SHORTEST else []
    if len(near) > 1:
        raise RefusedError(f"{len(near)} plans begin with {wanted}; give more of the hash")
    if not near:
        close = get_close_matches(wanted, [row.hash[: max(len(wanted), 12)] for row in rows], 1, 0.6)
        hint = f"did you mean {close[0]}?" if close else "`leadline runs --json` names the plans of each run"
        raise RefusedError(f"no plan {wanted[:64]} was applied from this state; {hint}")
    row = connection.execute(select(plans).where(plans.c.hash == near[0].hash)).mappings().one()
    if row["status"] == "applying":
        raise RefusedError("this plan is unfinished; `leadline sync` or `leadline apply` finishes it, then undo it")
    if row["body"] == ERASED:
        raise RefusedError("a person in this plan was erased and its text with them, so it cannot be undone")
    return PlanRow(**row)
