"""Turning a plan file's JSON into a plan, naming the place of whatever is not as it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar, get_args

from leadline.common.errors import UsageError
from leadline.common.values import CRMS, Crm, Raw, RecordRef
from leadline.sync.plan.model import Counts, EffectKind, Held, NotWritten, Plan, PlannedEffect
from leadline.sync.plan.normal import Kind
from leadline.sync.plan.packing import Writes
from leadline.sync.plan.write import Phase, PlannedWrite

T = TypeVar("T")


class PlanReader:
    """Reads parsed JSON into a plan. Raises UsageError for the first thing that is not as it should be."""

    def __init__(self, name: str) -> None:
        self._name = name

    def plan(self, top: Mapping[str, Any]) -> Plan:
        writes = top.get("writes")
        if not isinstance(writes, Writes):
            raise self._wrong("writes", "should be a list")
        calls = self.mapping(self._get(top, "calls", dict), "calls")
        return Plan(
            hash=self._get(top, "hash", str),
            cycle=self._get(top, "cycle", int),
            frontier=self._instant(top, "frontier"),
            book_hash=self._get(top, "book_hash", str),
            organisations=self._by_crm(top, "organisations", str),
            adoption=self._get(top, "adoption", bool),
            writes=writes,
            calls={self._crm(crm, "calls"): self._numbers(calls, crm) for crm in calls},
            counts=self._counts(self.mapping(self._get(top, "counts", dict), "counts")),
            not_written=self._list(top, "not_written", self._unwritten),
            effects=self._list(top, "effects", self._effect) if "effects" in top else (),
            held=self._list(top, "held", self._held) if "held" in top else (),
            undoes=self._get(top, "undoes", str) if "undoes" in top else "",
            only=self._get(top, "only", str) if "only" in top else "",
        )

    def packed(self, items: Iterable[Any]) -> Writes:
        """Pack the items of ``writes`` as they come."""
        return Writes.of(
            self._planned(self.mapping(item, f"writes[{number}]"), f"writes[{number}]")
            for number, item in enumerate(items)
        )

    def mapping(self, value: Any, place: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self._wrong(place, "should be an object")
        return value

    def _planned(self, item: Mapping[str, Any], place: str) -> PlannedWrite:
        return PlannedWrite(
            ref=RecordRef(
                self._crm(item.get("crm"), f"{place}.crm"),
                self._get(item, "object", str, place),
                self._get(item, "id", str, place),
            ),
            person=self._get(item, "person", str, place),
            field=self._get(item, "field", str, place),
            kind=self._one_of(item, "kind", get_args(Kind), place),
            old=self._raw(item, "old", place),
            new=self._raw(item, "new", place),
            decision=self._get(item, "decision", str, place),
            phase=self._one_of(item, "phase", get_args(Phase), place),
            stage=self._optional(item, "stage", place),
            transition=self._optional(item, "transition", place),
            backward=self._get(item, "backward", bool, place),
            basis=self._optional(item, "basis", place),
            effect=self._optional(item, "effect", place),
            account=self._optional(item, "account", place),
        )

    def _effect(self, item: Mapping[str, Any], place: str) -> PlannedEffect:
        record, inner = item.get("record"), f"{place}.record"
        ref = None
        if record is not None:
            found = self.mapping(record, inner)
            crm = self._crm(found.get("crm"), f"{inner}.crm")
            ref = RecordRef(crm, self._get(found, "object", str, inner), self._get(found, "id", str, inner))
        payload = self.mapping(item.get("payload"), f"{place}.payload")
        return PlannedEffect(
            key=self._get(item, "key", str, place),
            person=self._get(item, "person", str, place),
            kind=self._one_of(item, "kind", get_args(EffectKind), place),
            at=self._instant(item, "at", place),
            cause=self._get(item, "cause", str, place),
            number=self._get(item, "number", int, place),
            decision=self._get(item, "decision", str, place),
            ref=ref,
            payload={name: self._raw(payload, name, f"{place}.payload") for name in payload},
            title=self._get(item, "title", str, place),
        )

    def _held(self, item: Mapping[str, Any], place: str) -> Held:
        return Held(
            self._get(item, "kind", str, place),
            self._get(item, "reason", str, place),
            self._get(item, "effects", int, place),
        )

    def _unwritten(self, item: Mapping[str, Any], place: str) -> NotWritten:
        return NotWritten(
            self._crm(item.get("crm"), f"{place}.crm"),
            self._get(item, "object", str, place),
            self._get(item, "reason", str, place),
            self._get(item, "records", int, place),
        )

    def _counts(self, item: Mapping[str, Any]) -> Counts:
        return Counts(
            records=self._by_crm(item, "records", int),
            stages=self._numbers(item, "stages"),
            transitions=self._numbers(item, "transitions"),
            backward=self._get(item, "backward", int, "counts"),
            people=self._get(item, "people", int, "counts"),
            effects=self._numbers(item, "effects", "counts.effects") if "effects" in item else {},
        )

    def _list(self, top: Mapping[str, Any], key: str, read: Callable[[Mapping[str, Any], str], T]) -> tuple[T, ...]:
        items = self._get(top, key, list)
        return tuple(read(self.mapping(item, f"{key}[{n}]"), f"{key}[{n}]") for n, item in enumerate(items))

    def _by_crm(self, item: Mapping[str, Any], key: str, kind: type[T]) -> dict[Crm, T]:
        found = self.mapping(item.get(key), key)
        return {self._crm(crm, key): self._get(found, crm, kind, key) for crm in found}

    def _numbers(self, item: Mapping[str, Any], key: str, place: str = "") -> dict[str, int]:
        found = self.mapping(item.get(key), place or key)
        return {name: self._get(found, name, int, place or key) for name in found}

    def _get(self, item: Mapping[str, Any], key: str, kind: type[T], place: str = "") -> T:
        value = item.get(key)
        # A boolean is an int to Python but not to a plan.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self._wrong(f"{place}.{key}" if place else key, f"should be {_WORDS[kind]}")
        return value

    def _optional(self, item: Mapping[str, Any], key: str, place: str) -> str | None:
        return None if item.get(key) is None else self._get(item, key, str, place)

    def _one_of(self, item: Mapping[str, Any], key: str, allowed: tuple[Any, ...], place: str) -> Any:
        value = item.get(key)
        if isinstance(value, bool) or value not in allowed:
            raise self._wrong(f"{place}.{key}", f"should be one of {', '.join(map(str, allowed))}")
        return value

    def _crm(self, value: Any, place: str) -> Crm:
        for crm in CRMS:
            if crm == value:
                return crm
        raise self._wrong(place, f"should be one of {', '.join(CRMS)}")

    def _raw(self, item: Mapping[str, Any], key: str, place: str) -> Raw:
        try:
            return raw_from_json(item.get(key))
        except ValueError as error:
            raise self._wrong(f"{place}.{key}", str(error)) from None

    def _instant(self, item: Mapping[str, Any], key: str, place: str = "") -> datetime:
        try:
            at = datetime.fromisoformat(self._get(item, key, str, place))
            if at.tzinfo is not None:
                return at.astimezone(UTC)
        except (ValueError, OverflowError):  # OverflowError: there is no such instant in UTC
            pass
        raise self._wrong(f"{place}.{key}" if place else key, "should be an instant with a time zone")

    def _wrong(self, place: str, message: str) -> UsageError:
        return UsageError(
            f"{self._name}: {place or 'the file'} {message}; is this a file that `leadline plan -o` wrote?"
        )


def raw_to_json(raw: Raw) -> Any:
    """Return a JSON value that keeps a Decimal apart from a text."""
    return {"decimal": str(raw)} if isinstance(raw, Decimal) else raw


def raw_from_json(value: Any) -> Raw:
    """Undo ``raw_to_json``. Raises ValueError for anything else."""
    if isinstance(value, dict) and list(value) == ["decimal"] and isinstance(value["decimal"], str):
        try:
            return Decimal(value["decimal"])
        except InvalidOperation:
            raise ValueError("not a decimal") from None
    if value is None or isinstance(value, bool | int | str):
        return value
    raise ValueError("not a field value")


_WORDS: Final[Mapping[type, str]] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}
