"""From effects that are due to effects that are planned: whom they are about, in which CRM, and what is sent.

An effect that cannot be planned now (no such user, list or channel, no live record) is held: told, and tried again by
the next plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from leadline.common.canonical import instant_text
from leadline.common.values import Crm, Raw, RecordRef
from leadline.connectors.protocol import ReadConnector
from leadline.rules.model import (
    AddTo,
    AssignOwner,
    Book,
    CloseTask,
    Consequence,
    CreateTask,
    Notify,
    SetField,
    WriteNote,
)
from leadline.rules.model.actions import MANAGER, OWNER, RELATIVES
from leadline.sync.handoff import html_note, plain_note
from leadline.sync.plan.effectwrites import NO_MANAGER, EffectWrites, NotPlannedError
from leadline.sync.plan.model import EffectKind, Held, PlannedEffect
from leadline.sync.plan.source import DueEffect, PersonView, RecordView
from leadline.sync.plan.texts import notice_of, notice_template, reason_of, subject_of, subject_template

NOT_ASSIGNED: Final = "its assignment was refused: `leadline parked` says why"
"""Why a task waits whose owner is still to be assigned."""


@dataclass(frozen=True, slots=True)
class Made:
    """What an action becomes: its kind, the record it is about, what is sent, and a few words."""

    kind: EffectKind
    ref: RecordRef | None
    payload: Mapping[str, Raw]
    title: str


@dataclass(slots=True)
class EffectPlanner:
    """Plans the effects of one plan, in the order in which they were caused."""

    book: Book
    readers: Mapping[Crm, ReadConnector]
    writes: EffectWrites
    channels: Collection[str] | None = None
    planned: list[PlannedEffect] = field(default_factory=list)
    _held: Counter[tuple[str, str]] = field(default_factory=Counter)

    def plan(self, due: Sequence[DueEffect], people: Mapping[str, PersonView]) -> None:
        """Plan all that can be planned; the rest is counted under ``held``."""
        for effect in due:
            maker = _MAKERS[type(effect.consequence)]
            person = people.get(effect.person)
            try:
                if person is None:
                    raise NotPlannedError("the person has no stage any more")
                made = maker(self, effect, person, effect.consequence)
            except NotPlannedError as error:
                self._held[KINDS[type(effect.consequence)], str(error)] += 1
                continue
            self.planned.append(_planned(effect, made))

    def held(self) -> tuple[Held, ...]:
        """Return what could not be planned, and why."""
        return tuple(Held(kind, reason, count) for (kind, reason), count in sorted(self._held.items()))

    def _primary(self, person: PersonView, crm: Crm | None = None) -> RecordView:
        """Return the record that gets tasks and notes: the first of the book's ``primary`` that is live."""
        for name in self.book.primary:
            for record in person.records:
                if record.ref.object == name and record.ref.crm in self.readers and crm in (None, record.ref.crm):
                    return record
        raise NotPlannedError("the person has no live record" + (f" in {crm}" if crm else ""))

    def _owner(self, due: DueEffect, person: PersonView, record: RecordView, to: str) -> str | None:
        """Return the id of who gets a task: the record's owner (None: nobody), or whom the book names."""
        crm = record.ref.crm
        owners = self.writes.owners
        if record.ref in due.refused and self.writes.owner_of(record) == _text(due.refused[record.ref]):
            raise NotPlannedError(NOT_ASSIGNED)
        if to == MANAGER:
            manager = self.writes.manager_in(crm, [record, *person.records])
            if manager is None:
                raise NotPlannedError(NO_MANAGER)
            return manager.id
        if to == OWNER:
            owner = self.writes.owner_of(record)
            return owner if owner and owners.of_id(crm, owner) is not None else None
        user = owners.named(crm, to)
        if user is None:
            raise NotPlannedError(f"`{to}` is no active user or queue of {crm}")
        return user.id

    def _task(self, due: DueEffect, person: PersonView, action: CreateTask) -> Made:
        record = self._primary(person)
        subject = subject_of(due, action.subject)
        at = due.at + action.due if action.due is not None else None
        payload = _given(
            subject=subject,
            text=reason_of(due),
            owner=self._owner(due, person, record, action.to),
            due=_instant(at),
            urgent=action.urgent or None,
        )
        title = f"task for {_whom(action.to, payload)}: {subject_template(due, action.subject)}"
        return Made("task", record.ref, payload, title)

    def _notify(self, due: DueEffect, person: PersonView, action: Notify) -> Made:
        text = notice_of(due, action.text)
        if action.to in RELATIVES:
            record = self._primary(person)
            subject = subject_of(due, action.text)
            payload = _given(subject=subject, text=reason_of(due), owner=self._owner(due, person, record, action.to))
            title = f"notice for {_whom(action.to, payload)}: {subject_template(due, action.text)}"
            return Made("task", record.ref, payload, title)
        if self.channels is not None and action.to not in self.channels:
            raise NotPlannedError(f"leadline.yml has no channel `{action.to}` under `channels`")
        return Made(
            "notify",
            None,
            {"channel": action.to, "text": text},
            f"notice in {action.to}: {notice_template(due, action.text)}",
        )

    def _note(self, due: DueEffect, person: PersonView, action: WriteNote) -> Made:
        record = self._primary(person)
        if due.note is None:
            raise NotPlannedError("the person has no stage any more")
        text = html_note(due.note) if record.ref.crm == "hubspot" else plain_note(due.note)
        payload = _given(
            subject=f"Hand-off: {due.note.title}",
            text=text,
            owner=self._owner(due, person, record, OWNER),
            at=instant_text(due.at),
        )
        return Made("note", record.ref, payload, f"{action.template} note")

    def _member(self, due: DueEffect, person: PersonView, action: AddTo) -> Made:
        del due
        word = "list" if action.crm == "hubspot" else "campaign"
        if action.crm not in self.readers:
            raise NotPlannedError(f"{action.crm} is not connected")
        record = self._primary(person, action.crm)
        group = self.writes.owners.group(action.crm, action.name)
        if group is None:
            raise NotPlannedError(f"{action.crm} has no {word} `{action.name}`")
        if not group.open:
            raise NotPlannedError(
                f"the {word} `{action.name}` of {action.crm} is dynamic: it chooses its own members"
            )
        status = f" as {action.status}" if action.status else ""
        verb = "out of" if action.remove else "into"
        payload = _given(group=group.id, status=action.status)
        kind: EffectKind = "unmember" if action.remove else "member"
        return Made(kind, record.ref, payload, f"{verb} the {word} {action.name}{status}")

    def _assign(self, due: DueEffect, person: PersonView, action: AssignOwner) -> Made:
        values, name = self.writes.assign(due, person, action)
        return Made("assign", self._primary(person).ref, values, f"owner {name}")

    def _set(self, due: DueEffect, person: PersonView, action: SetField) -> Made:
        values = self.writes.set_field(due, person, action)
        shown = "(empty)" if action.value is None else action.value
        return Made("set", self._primary(person, action.crm).ref, values, f"{action.object}.{action.field} = {shown}")

    def _close(self, due: DueEffect, person: PersonView, action: CloseTask) -> Made:
        del person
        if due.opened is None:
            raise NotPlannedError("the task is still being made")
        if due.opened.crm not in self.readers:
            raise NotPlannedError(f"{due.opened.crm} is not connected")
        payload: dict[str, Raw] = {"task": due.opened.id, "closes": action.key}
        return Made("close", due.opened, payload, f"close the task of {due.cause.removeprefix('leave ')}")


KINDS: Final[Mapping[type[Consequence], str]] = {
    CreateTask: "task",
    Notify: "notify",
    AssignOwner: "assign",
    WriteNote: "note",
    AddTo: "member",
    SetField: "set",
    CloseTask: "close",
}
_MAKERS: Final[Mapping[type[Consequence], Callable[..., Made]]] = {
    CreateTask: EffectPlanner._task,
    Notify: EffectPlanner._notify,
    AssignOwner: EffectPlanner._assign,
    WriteNote: EffectPlanner._note,
    AddTo: EffectPlanner._member,
    SetField: EffectPlanner._set,
    CloseTask: EffectPlanner._close,
}


def effect_counts(effects: Sequence[PlannedEffect]) -> dict[str, int]:
    """Count effects by kind."""
    return dict(sorted(Counter(effect.kind for effect in effects).items()))


def _planned(due: DueEffect, made: Made) -> PlannedEffect:
    return PlannedEffect(
        key=due.key,
        person=due.person,
        kind=made.kind,
        at=due.at,
        cause=due.cause,
        number=due.number,
        decision=due.decision,
        ref=made.ref,
        payload=made.payload,
        title=made.title,
    )


def _given(**parts: Any) -> dict[str, Raw]:
    return {name: value for name, value in parts.items() if value is not None}


def _whom(to: str, payload: Mapping[str, Raw]) -> str:
    """Return who gets a task: also where that is nobody, because a queue or somebody inactive owns the record."""
    return to if "owner" in payload else f"{to} (nobody: a queue, or who is not active)"


def _text(owner: Raw) -> str | None:
    return str(owner) if owner else None


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)
