"""The writes of one record in one phase as a short text, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, cast

from leadline.common.values import Crm, Raw, RecordRef, RecordWrite
from leadline.sync.plan.write import PlannedWrite


class Row(NamedTuple):
    """One group: what its writes have in common, and the rest as JSON (see ``row_of``)."""

    crm: str
    phase: int
    object: str
    record_id: str
    person: str
    body: str

    @property
    def ref(self) -> RecordRef:
        """The record."""
        return RecordRef(cast(Crm, self.crm), self.object, self.record_id)


def row_of(group: Sequence[PlannedWrite]) -> Row:
    """Pack the writes of one record in one phase.

    The body begins with the phase, the decision and the account, where there is one; of each write only what differs
    from the first one or is there at all is said: most have no more than a field and two values.
    """
    first = group[0]
    body: list[Any] = [first.phase, first.decision, *([first.account] if first.account is not None else [])]
    for write in group:
        values: list[Any] = [write.field, write.kind, _packed(write.old), _packed(write.new)]
        rest: list[Any] = [
            write.stage,
            write.transition,
            write.backward or None,
            write.basis,
            write.effect,
            None if write.person == first.person else write.person,
            None if write.decision == first.decision else write.decision,
            None if write.account == first.account else [write.account],
        ]
        while rest and rest[-1] is None:
            rest.pop()
        body.append([*values, *rest])
    ref = first.ref
    return Row(ref.crm, first.phase, ref.object, ref.id, first.person, _ENCODE(body))


def phase_of(body: str) -> int:
    """Return the phase of a group: its body begins with it."""
    return int(body[1])


def group_of(ref: RecordRef, person: str, body: str) -> tuple[PlannedWrite, ...]:
    """Undo ``row_of``."""
    phase, decision, *writes = cast(list[Any], json.loads(body))
    account = writes.pop(0) if writes and isinstance(writes[0], str) else None
    found = []
    for name, kind, old, new, *rest in writes:
        stage, transition, backward, basis, effect, own, made, other = rest + _NOTHING[len(rest) :]
        found.append(
            PlannedWrite(
                ref, person if own is None else own, name, kind, _raw(old), _raw(new),
                decision if made is None else made, phase,
                stage, transition, bool(backward), basis, effect,
                account if other is None else other[0],
            )
        )  # fmt: skip
    return tuple(found)


def place_of(row: Row) -> RecordWrite:
    """Return what a connector has to know of a packed group to say which records it sends together: no values."""
    account = json.loads(row.body)[2:3]
    return RecordWrite(row.ref, {}, account[0] if account and isinstance(account[0], str) else "")


_NOTHING: Final[list[Any]] = [None] * 8
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _packed(value: Raw) -> Any:
    return [str(value)] if isinstance(value, Decimal) else value


def _raw(value: Any) -> Raw:
    return Decimal(value[0]) if isinstance(value, list) else value
