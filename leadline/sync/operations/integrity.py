"""Whether a state is whole: what its tables say of one another, and whether stored decisions derive again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, func, select

from leadline.rules.deciding import Engine
from leadline.sync.lease import WRITER
from leadline.sync.operations.settled import differing
from leadline.sync.store import Store
from leadline.sync.store.cycles import lease_holder
from leadline.sync.store.journal import INTERRUPTED
from leadline.sync.store.schema import cycles, decisions, journal, lifecycle, person_records, persons, plans, records
from leadline.sync.verifying import verify


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the state. ``error``: it is damaged; ``warning``: somebody should look at it."""

    id: str
    severity: Literal["error", "warning"]
    message: str
    what_to_do: str


_FROM_BACKUP: Final = "put a backup back (`leadline state restore`), or begin anew with `leadline plan`"
_NEXT_RUN: Final = "the next `leadline sync` takes it up"


def check_state(store: Store, sample: int = 0) -> tuple[Finding, ...]:
    """Return what is wrong with the state; with a ``sample`` so many of the newest decisions are derived again."""
    with store.read() as connection:
        found = [*_damage(connection), *_people(connection), *_outcomes(connection), *_left_over(connection)]
        if not any(item.severity == "error" for item in found):
            found += _settled(connection)
        newest = select(decisions.c.id).order_by(decisions.c.cycle.desc(), decisions.c.id).limit(sample)
        chosen = list(connection.execute(newest).scalars()) if sample else []
    engines: dict[str, Engine] = {}
    different = [key for key in chosen if not ((told := verify(store, key, engines)).same and told.same_input)]
    if different:
        message = f"{len(different)} of {len(chosen)} decisions are not the same when derived again: {different[0]}"
        found.append(
            Finding("decision-differs", "error", message, f"`leadline verify {different[0]}` says what differs")
        )
    return tuple(found)


def _damage(connection: Connection) -> Iterator[Finding]:
    if connection.dialect.name != "sqlite":
        return
    told = list(connection.exec_driver_sql("PRAGMA integrity_check").scalars())
    if told != ["ok"]:
        yield Finding("damaged", "error", f"SQLite finds the file damaged in {len(told)} places", _FROM_BACKUP)


def _people(connection: Connection) -> Iterator[Finding]:
    known = select(persons.c.id)
    lost = _count(connection, person_records.c.person_id.not_in(known))
    if lost:
        yield Finding("person-missing", "error", f"{lost} records belong to persons that are not there", _FROM_BACKUP)
    ours = (
        (person_records.c.crm == records.c.crm)
        & (person_records.c.object == records.c.object)
        & (person_records.c.record_id == records.c.record_id)
        & person_records.c.until_cycle.is_(None)
    )
    query = select(func.count()).select_from(records.join(person_records, ours))
    apart = connection.execute(query.where(records.c.person_id != person_records.c.person_id)).scalar_one()
    if apart:
        yield Finding("person-differs", "error", f"{apart} records are given to two persons", _FROM_BACKUP)


def _outcomes(connection: Connection) -> Iterator[Finding]:
    broken = 0
    for stage, outcome in connection.execute(select(lifecycle.c.stage, lifecycle.c.outcome)):
        broken += not isinstance(outcome, dict) or outcome.get("stage") != stage
    if broken:
        yield Finding("stage-differs", "error", f"{broken} people have a stage beside their outcome", _FROM_BACKUP)
    unreadable = 0
    for (body,) in connection.execute(select(decisions.c.body)):
        try:
            json.loads(body)
        except json.JSONDecodeError:
            unreadable += 1
    if unreadable:
        yield Finding("decision-unreadable", "error", f"{unreadable} decisions cannot be read", _FROM_BACKUP)


def _left_over(connection: Connection) -> Iterator[Finding]:
    begun = connection.execute(
        select(func.count()).select_from(plans).where(plans.c.status == "applying")
    ).scalar_one()
    open_ones = journal.c.status.in_(INTERRUPTED)
    left = connection.execute(select(func.count()).select_from(journal).where(open_ones)).scalar_one()
    if begun:
        yield Finding("plan-unfinished", "warning", f"{begun} plans were begun, {left} writes are open", _NEXT_RUN)
    query = select(func.count()).select_from(cycles).where(cycles.c.status == "running")
    running = connection.execute(query).scalar_one()
    if running and lease_holder(connection, WRITER) is None:
        message = f"{running} runs never ended and nobody is at work: they were killed"
        yield Finding("run-killed", "warning", message, _NEXT_RUN)


def _settled(connection: Connection) -> Iterator[Finding]:
    """Find people whom the next plan would pass over though they differ from the CRMs."""
    found = list(differing(connection))
    if found:
        first = f"{found[0].person}: {found[0].what}"
        message = f"{len(found)} people or accounts are taken to be as the last plan left them, and are not: {first}"
        yield Finding("settled-differs", "error", message, "`leadline plan --all` compares everybody again")


def _count(connection: Connection, condition: object) -> int:
    query = select(func.count()).select_from(person_records).where(condition)  # type: ignore[arg-type]
    return int(connection.execute(query).scalar_one())
