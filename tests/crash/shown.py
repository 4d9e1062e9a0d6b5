"""What the practice CRMs show, in a form that two runs can be compared by: server-made ids and stamps apart."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

_STAMPS = {"CreatedDate", "LastModifiedDate", "SystemModstamp", "LastActivityDate", "CompletedDateTime"}
_LATE = re.compile(r"\n\d+ \w+ late: it was due \S+ \S+")
_FIRST_MADE = 900_000_000_000_001
"""HubSpot's ids of what was made after the beginning."""
NAMES = ("Id", "Leadline_Key__c", "values.leadline_key")
"""What tells that two rows are one record."""


@dataclass(frozen=True)
class Shown:
    """Rows by object, associations and members as sorted texts; the idempotency keys of the notices that came."""

    salesforce: dict[str, list[str]]
    hubspot: dict[str, list[str]]
    notices: list[str]

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    def differences(self, other: Shown) -> list[str]:
        """Say what differs in ``other``; a notice may come twice under its key."""
        return [one.told() for one in self.apart(other)]

    def apart(self, other: Shown) -> list[Apart]:
        """Return what differs in ``other``, record by record; a notice may come twice under its key."""
        found = [*_apart(self.salesforce, other.salesforce), *_apart(self.hubspot, other.hubspot)]
        missing, added = set(self.notices) - set(other.notices), set(other.notices) - set(self.notices)
        found += [Apart("notice", {"Id": key}, None) for key in sorted(missing)]
        return found + [Apart("notice", None, {"Id": key}) for key in sorted(added)]


@dataclass(frozen=True)
class Apart:
    """One record that differs: its fields as texts in the one world and in the other; None: it is not there."""

    object: str
    one: Mapping[str, str] | None
    other: Mapping[str, str] | None

    @property
    def fields(self) -> dict[str, tuple[str | None, str | None]]:
        """Return the fields that differ, with both values."""
        one, other = self.one or {}, self.other or {}
        return {
            key: (one.get(key), other.get(key)) for key in sorted({*one, *other}) if one.get(key) != other.get(key)
        }

    def told(self) -> str:
        """Return it in words."""
        if self.one is None or self.other is None:
            what = "missing" if self.other is None else "too many"
            return f"{self.object} {what}: {json.dumps(dict(self.one or self.other or {}), sort_keys=True)[:600]}"
        told = "; ".join(f"{key} {was} became {now}" for key, (was, now) in self.fields.items())
        return f"{self.object} {_name(self.one) or 'made by a server'}: {told}"


def shown(store: Any, portal: Any, came: Sequence[Mapping[str, Any]], *, values_only: bool = False) -> Shown:
    """Read both practice CRMs' memory; with ``values_only`` without the history of values."""
    salesforce, hubspot = dict(_salesforce(store, not values_only)), dict(_hubspot(portal, not values_only))
    return Shown(salesforce, hubspot, sorted(one["key"] for one in came))


def values_ever(store: Any, portal: Any) -> list[str]:
    """Return every value that a tracked field of either practice CRM ever had, as texts: record, field, value."""
    found = {
        _text([name, row.id, key, one.value])
        for name, table in portal.tables.items()
        for row in table.rows.values()
        for key, changes in row.history.items()
        if int(row.id) < _FIRST_MADE and not _stamp(key) and not key.startswith("hs_v2_date_")
        for one in changes
    }
    for name in ("Lead", "Contact"):
        past = store.rows(f"{name}History")
        found |= {_text([name, row[f"{name}Id"], row["Field"], row["NewValue"]]) for row in past}
    return sorted(found)


def _salesforce(store: Any, past: bool) -> Iterator[tuple[str, list[str]]]:
    for name in store.schema.objects:
        if not past and name.endswith("History"):
            continue
        rows = []
        for row in store.rows(name):
            made = "Hs1" in row["Id"]
            dropped = _STAMPS | ({"Id"} if made else set())
            told = {key: value for key, value in row.items() if key not in dropped}
            rows.append(_text(told if past else _whenever(told)))
        yield name, sorted(rows)


def _hubspot(portal: Any, past: bool) -> Iterator[tuple[str, list[str]]]:
    labels: dict[tuple[str, str], str] = {}
    for name, table in portal.tables.items():
        rows = []
        for row in table.rows.values():
            made = int(row.id) >= _FIRST_MADE
            history = {
                key: [(one.value, one.source.type) for one in changes]
                for key, changes in row.history.items()
                if past and not _stamp(key)
            }
            values = {key: value for key, value in row.values.items() if not _stamp(key)}
            if not past:  # when a stage was entered and left is history too
                values = {key: value for key, value in values.items() if not key.startswith("hs_v2_date_")}
                values = _whenever({key: value for key, value in values.items() if not made or key != "hs_timestamp"})
            told = {"values": values, "history": history, "archived": row.archived is not None}
            text = _text(told if made else {"Id": row.id, **told})
            labels[name, row.id] = values.get("leadline_key") or text if made else row.id
            rows.append(text)
        yield name, sorted(rows)
    yield (
        "links",
        sorted(
            _text([name, labels[name, row.id], to, labels[to, other]])
            for name, table in portal.tables.items()
            for row in table.rows.values()
            for to, other in portal.links.all_of((name, row.id))
        ),
    )
    yield "members", sorted(f"{one.name} {member}" for one in portal.lists.values() for member in one.members)


def _whenever(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says how late a task was made."""
    return {key: _LATE.sub("", value) if isinstance(value, str) else value for key, value in values.items()}


def _stamp(name: str) -> bool:
    return name in {"hs_lastmodifieddate", "lastmodifieddate", "hs_object_id"}


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _apart(one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> Iterator[Apart]:
    for name in sorted({*one, *other}):
        here, there = Counter(one.get(name, ())), Counter(other.get(name, ()))
        missing = [_flat(row) for row in sorted((here - there).elements())]
        added = [_flat(row) for row in sorted((there - here).elements())]
        for row in missing:
            same = _same(row, added)
            if same is not None:
                added.remove(same)
            yield Apart(name, row, same)
        yield from (Apart(name, None, row) for row in added)


def _same(row: Mapping[str, str], others: Sequence[dict[str, str]]) -> dict[str, str] | None:
    """Return the row with the same name, else, among those without one, the row that has most in common."""
    alike = [one for one in others if _name(one) == _name(row)]
    return max(alike, key=lambda one: len(row.items() & one.items()), default=None)


def _name(row: Mapping[str, str]) -> str | None:
    return next((f"{key} {row[key]}" for key in NAMES if row.get(key, "null") != "null"), None)


def _flat(row: str) -> dict[str, str]:
    """Return a row's fields as texts; those of HubSpot's values and histories by name."""
    told = json.loads(row) if row.startswith("{") else {"": row}
    return {
        ".".join(filter(None, (key, name))): _text(one)
        for key, value in told.items()
        for name, one in (value.items() if isinstance(value, dict) else [("", value)])
    }
