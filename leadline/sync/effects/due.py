"""The effects that a plan should show now, each with what is known of its person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from leadline.common.canonical import decimal_text
from leadline.common.values import CRMS, Crm, Raw, RecordRef
from leadline.common.vocabulary import ACCOUNT_OBJECTS, NAME_FIELDS, OWNER_FIELDS, PERSON_OBJECTS
from leadline.rules.deciding import Engine, decision_from_json, state_from_json
from leadline.rules.deciding.history import History, ordered
from leadline.rules.deciding.words import stage_title
from leadline.rules.model import AssignOwner, Book, CloseTask, WriteNote
from leadline.rules.state import PersonState
from leadline.sync.effects.recording import LATE, is_ripe
from leadline.sync.effects.waiting import refused_owners
from leadline.sync.handoff import HandOff, hand_off, spoken
from leadline.sync.intake import facts_of_persons
from leadline.sync.plan.source import DueEffect
from leadline.sync.store.allocations import answers
from leadline.sync.store.applying import decision_bodies
from leadline.sync.store.batches import PEOPLE_AT_ONCE, chunks
from leadline.sync.store.effects import OPEN, EffectRow, effects_by_key, effects_by_status
from leadline.sync.store.mirror import MirrorRecord, links_from, load_records, records_of_persons
from leadline.sync.store.outcomes import load_lifecycle

_TASKS: Final[Mapping[Crm, str]] = {"salesforce": "Task", "hubspot": "task"}


def due_effects(connection: Connection, book: Book, frontier: datetime) -> tuple[DueEffect, ...]:
    """Return every effect that nobody has carried out yet and that is ripe, in the order of what caused them."""
    rows = [row for row in effects_by_status(connection, OPEN) if is_ripe(row, frontier)]
    if not rows:
        return ()
    told: dict[str, Told] = {}
    engine = Engine(book)
    rows_of: dict[str, list[EffectRow]] = {}
    for row in rows:
        rows_of.setdefault(row.person_id, []).append(row)
    for persons in chunks(sorted(rows_of), PEOPLE_AT_ONCE):
        told |= _told(connection, engine, {person: rows_of[person] for person in persons})
    turns = answers(connection, "owner", [row.key for row in rows if isinstance(row.consequence, AssignOwner)])
    opened = effects_by_key(
        connection, [row.consequence.key for row in rows if isinstance(row.consequence, CloseTask)]
    )
    refused = refused_owners(connection, rows)
    nobody = Told({}, {}, None)
    return tuple(
        _due(row, told.get(row.key, nobody), turns.get(row.key), opened, refused.get(row.key, {}), frontier)
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What the texts of one effect may say of its person, and who owns their account in each CRM."""

    values: Mapping[str, str]
    account_owners: Mapping[Crm, str]
    note: HandOff | None


def _told(connection: Connection, engine: Engine, rows_of: Mapping[str, Sequence[EffectRow]]) -> dict[str, Told]:
    """Return what each effect tells, by its key; nothing for persons who are not in the lifecycle.

    It tells of the instant and the decision that caused it, however much later it is planned: a task that had to
    wait says what one in time would have said.
    """
    lives = load_lifecycle(connection, rows_of)
    records = records_of_persons(connection, lives)
    owners = account_owners(connection, records)
    bodies = decision_bodies(connection, (row.decision_id for person in lives for row in rows_of[person]))
    facts = facts_of_persons(connection, engine.book, lives, max((life.cycle for life in lives.values()), default=0))
    found: dict[str, Told] = {}
    for person, life in lives.items():
        known = (*facts[person].all(), *facts[person].shared(engine.unit, life.frontier))
        state = state_from_json(life.state, known)
        name = name_of(engine.book, records.get(person, ()), person)
        for row in rows_of[person]:
            body = bodies.get(row.decision_id)
            then = state if body is None else replace(state, outcome=decision_from_json(body).after)
            values = _values(engine, then, row.at, name)
            note = None
            if isinstance(row.consequence, WriteNote):
                note = hand_off(engine.book, then, engine.trace(then, row.at), name)
            found[row.key] = Told(values, owners.get(person, {}), note)
    return found


def name_of(book: Book, records: Iterable[MirrorRecord], person: str) -> str:
    """Return what the CRMs call a person, the primary record first; their id where no CRM has a name."""
    order = {name: place for place, name in enumerate(book.primary)}
    live = [record for record in records if not record.deleted and record.ref.object in order]
    for record in sorted(live, key=lambda record: (order[record.ref.object], record.ref)):
        parts = [str(record.fields.get(field) or "").strip() for field in NAME_FIELDS[record.ref.crm]]
        name = " ".join(part for part in parts if part)
        if name:
            return name
    return person


def _due(
    row: EffectRow,
    told: Told,
    turn: str | None,
    opened: Mapping[str, EffectRow],
    refused: Mapping[RecordRef, Raw],
    frontier: datetime,
) -> DueEffect:
    consequence = row.consequence
    late = frontier - row.at
    return DueEffect(
        key=row.key,
        person=row.person_id,
        at=row.at,
        cause=row.cause,
        number=row.number,
        decision=row.decision_id,
        consequence=consequence,
        values=told.values,
        account_owners=told.account_owners,
        turn=turn,
        refused=refused,
        opened=_task(opened.get(consequence.key)) if isinstance(consequence, CloseTask) else None,
        note=told.note,
        late=late if late >= LATE else None,
    )


def _task(row: EffectRow | None) -> RecordRef | None:
    if row is None or not row.stands or not row.remote_id:
        return None
    crm = next((crm for crm in CRMS if crm == row.crm), None)
    return None if crm is None else RecordRef(crm, _TASKS[crm], row.remote_id)


def _values(engine: Engine, state: PersonState, at: datetime, name: str) -> dict[str, str]:
    """Return what fills the placeholders of texts at ``at`` (UTC); what is not known is absent."""
    outcome = state.outcome
    book = engine.book
    history = History(ordered(state.history), book.fields, book.deals)
    found = {field: spoken(history, field, at) for field in book.fields}
    found |= {score: decimal_text(value.value) for score, value in outcome.scores.items()}
    found |= {
        "stage": stage_title(outcome.stage),
        "previous": stage_title(outcome.previous) if outcome.previous else None,
        "why": outcome.why,
        "grade": outcome.cell,
        "temperature": outcome.temperature,
        "pass": str(outcome.pass_number),
        "name": found.get("name") or name,
    }
    return {key: value for key, value in found.items() if value is not None}


def account_owners(
    connection: Connection, records: Mapping[str, Sequence[MirrorRecord]]
) -> dict[str, dict[Crm, str]]:
    """Return the owner of each person's account by CRM: of a contact's account, of a contact's primary company."""
    people = [record for own in records.values() for record in own if not record.deleted]
    people = [record for record in people if record.ref.object in PERSON_OBJECTS[record.ref.crm]]
    links = links_from(connection, [record.ref for record in people if record.ref.crm == "hubspot"])
    account_of: dict[RecordRef, RecordRef] = {}
    for record in people:
        linked = record.fields.get("AccountId")
        companies = [link.target for link in links.get(record.ref, ()) if link.name == "company"]
        if companies:
            account_of[record.ref] = companies[0]
        elif linked:
            account_of[record.ref] = RecordRef("salesforce", ACCOUNT_OBJECTS["salesforce"], str(linked))
    accounts = load_records(connection, account_of.values())
    found: dict[str, dict[Crm, str]] = {}
    for person, own in records.items():
        for record in own:
            account = accounts.get(account_of[record.ref]) if record.ref in account_of else None
            owner = account.fields.get(OWNER_FIELDS[record.ref.crm]) if account and not account.deleted else None
            if owner:
                found.setdefault(person, {}).setdefault(record.ref.crm, str(owner))
    return found
