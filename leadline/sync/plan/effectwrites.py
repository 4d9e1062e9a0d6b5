"""The field writes of effects: owners assigned and fields set, by the same writes that a plan's stages take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from leadline.common.canonical import instant_text, raw_text
from leadline.common.values import Crm, ObjectDescription, Raw, Value
from leadline.common.vocabulary import OWNER_FIELDS
from leadline.connectors.protocol import User
from leadline.rules.model import AssignOwner, SetField
from leadline.rules.model.actions import MANAGER
from leadline.sync.plan.normal import kind_of, same
from leadline.sync.plan.owners import Owners
from leadline.sync.plan.source import DueEffect, PersonView, RecordView
from leadline.sync.plan.write import PlannedWrite

NO_MANAGER: Final = "the manager of the owner is not known"


class NotPlannedError(Exception):
    """An effect that cannot be planned now, and why; caught by the planner, which counts it."""


@dataclass(slots=True)
class EffectWrites:
    """Collects the writes of ``assign`` and ``set``; of two on one field the later one stays."""

    described: Mapping[Crm, Mapping[str, ObjectDescription]]
    owners: Owners
    _found: dict[tuple[object, str], tuple[RecordView, PlannedWrite]] = field(default_factory=dict)

    def all(self) -> Iterator[tuple[RecordView, PlannedWrite]]:
        """Yield each write with its record; what is so already is left out."""
        for record, write in self._found.values():
            if not same(write.old, write.new, write.kind, write.ref.crm):
                yield record, write

    def owner_of(self, record: RecordView) -> str | None:
        """Return who owns a record once this plan is carried out."""
        found = self._found.get((record.ref, OWNER_FIELDS[record.ref.crm]))
        owner = found[1].new if found is not None else record.fields.get(OWNER_FIELDS[record.ref.crm])
        return str(owner) if owner else None

    def manager_in(self, crm: Crm, records: Sequence[RecordView]) -> User | None:
        """Return, as a user of ``crm``, to whom the owner of the first record reports whose owner has a manager."""
        for record in records:
            owner = self.owner_of(record)
            found = self.owners.manager_of(record.ref.crm, owner) if owner is not None else None
            if found is not None and record.ref.crm != crm:
                found = self.owners.same_in(crm, found)
            if found is not None:
                return found
        return None

    def assign(self, due: DueEffect, person: PersonView, action: AssignOwner) -> tuple[dict[str, Raw], str]:
        """Give every live record of a person its new owner; return the new values and the owner's name.

        Raises NotPlannedError when nobody is found in any CRM.
        """
        values: dict[str, Raw] = {}
        names: list[str] = []
        barred = ""
        # Who becomes the owner is chosen before any owner changes.
        chosen = {
            crm: self._chosen(due, action, crm, person) for crm in {record.ref.crm for record in person.records}
        }
        for record in person.records:
            crm = record.ref.crm
            user = chosen[crm]
            if user is None:
                continue
            if user.queue and record.ref.object == "Contact":
                barred = f"a contact of Salesforce cannot belong to the queue `{user.name}`"
                continue
            if self._write(due, person, record, OWNER_FIELDS[crm], user.id):
                values[f"{record.ref.object}.{OWNER_FIELDS[crm]}"] = user.id
                names.append(user.name or user.email)
            else:
                barred = f"{record.ref.object}.{OWNER_FIELDS[crm]} of {crm} cannot be written by this user"
        if not names:
            raise NotPlannedError(barred or _nobody(due, action))
        return values, names[0]

    def set_field(self, due: DueEffect, person: PersonView, action: SetField) -> dict[str, Raw]:
        """Set a field of every live record of one object; return the new value. Raises NotPlannedError."""
        mine = [record for record in person.records if record.ref.object == action.object]
        written = [
            record
            for record in mine
            if self._write(due, person, record, action.field, _raw(action.value, action.crm))
        ]
        if not mine:
            raise NotPlannedError(f"the person has no live {action.object} of {action.crm}")
        if not written:
            raise NotPlannedError(f"{action.object}.{action.field} of {action.crm} cannot be written by this user")
        return {f"{action.object}.{action.field}": _raw(action.value, action.crm)}

    def _write(self, due: DueEffect, person: PersonView, record: RecordView, name: str, new: Raw) -> bool:
        shown = self.described.get(record.ref.crm, {}).get(record.ref.object)
        known = shown.fields.get(name) if shown is not None else None
        if known is None or not known.updateable:
            return False
        write = PlannedWrite(
            record.ref,
            person.person,
            name,
            kind_of(known),
            record.fields.get(name),
            new,
            decision=person.decision,
            effect=due.key,
        )
        self._found[record.ref, name] = (record, write)
        return True

    def _chosen(self, due: DueEffect, action: AssignOwner, crm: Crm, person: PersonView) -> User | None:
        """Return who becomes the owner in one CRM: the account's owner, or whom the book or the rota names."""
        if action.account_owner_first:
            found = self._account_owner(due, crm)
            if found is not None:
                return found
        if action.to == MANAGER and action.rota is None:
            return self.manager_in(crm, person.records)
        named = action.to if action.rota is None else due.turn
        return self.owners.named(crm, named) if named is not None else None

    def _account_owner(self, due: DueEffect, crm: Crm) -> User | None:
        own = due.account_owners.get(crm)
        found = self.owners.of_id(crm, own) if own is not None else None
        if found is not None:
            return found
        for other, ident in due.account_owners.items():
            elsewhere = self.owners.of_id(other, ident) if other != crm else None
            if elsewhere is not None:
                return self.owners.same_in(crm, elsewhere)
        return None


def _nobody(due: DueEffect, action: AssignOwner) -> str:
    if action.to == MANAGER and action.rota is None:
        return NO_MANAGER
    if action.rota is not None and due.turn is None:
        return f"no turn of the rota `{action.rota}` was given yet"
    named = action.to if action.rota is None else due.turn
    return f"`{named}` is no active user or queue" if named else "the account has no active owner"


def _raw(value: Value, crm: Crm) -> Raw:
    """Return the value as the CRM takes it: typed JSON for Salesforce, texts for HubSpot."""
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return ";".join(value)
    if crm == "hubspot" and value is not None:
        return raw_text(value)
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value
