"""One client's writes of records: checks, the faults that strike single records, and what HubSpot then does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadline.connectors.practice.faults import FaultBox
from leadline.connectors.practice.hubspot.answers import ApiError, bad_request, bad_values, standard_error
from leadline.connectors.practice.hubspot.kinds import PLAIN_TYPES, PRIMARY_TYPES, Kind, kind_of
from leadline.connectors.practice.hubspot.portal import Portal
from leadline.connectors.practice.hubspot.records import Row, Source
from leadline.connectors.practice.hubspot.validation import Validator

_MINUTE = 60_000
_MARK = re.compile(r"\[leadline (e-[0-9a-f]+)\]")


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes by one call, to one endpoint, from one source."""

    portal: Portal
    validator: Validator
    faults: FaultBox
    endpoint: str
    source: Source
    created: Counter[str]

    def checked(self, kind: Kind, listed: Sequence[Mapping[str, str]], *, new: bool = False) -> None:
        """Refuse the whole call when one value of one record is bad: HubSpot does not say which record."""
        problems = [problem for values in listed for problem in self.validator.problems(kind, values, new=new)]
        if problems:
            raise bad_values(problems, self.portal.id)

    def refusal(self, row_id: str) -> dict[str, Any] | None:
        """Return the 207 error of a record that a fault picks out of its batch."""
        fault = self.faults.draw("partial_failure", endpoint=self.endpoint, key=row_id)
        if fault is None:
            return None
        context = {"ids": [row_id]} | ({"propertyName": list(fault["fields"])} if fault["fields"] else {})
        return standard_error(fault["code"] or "INTERNAL_ERROR", "This record could not be written.", context)

    def create(self, kind: Kind, values: Mapping[str, str]) -> Row:
        """Make one record from checked values; raises ApiError 409 when another has its unique value."""
        taken = self.validator.taken(kind, values)
        if taken is not None:
            raise taken
        row = self.portal.create(kind, values, self.source, late=self._late("new"), at=self._at("new"))
        if (key := created_key(kind, values)) is not None:
            self.created[key] += 1
        return row

    def update(self, kind: Kind, row: Row, values: Mapping[str, str]) -> None:
        """Change one record by checked values, unless a fault lets HubSpot pretend to."""
        taken = self.validator.taken(kind, values, row.id)
        if taken is not None:
            raise taken
        ignored = self.faults.draw("silent_ignore", endpoint=self.endpoint, key=row.id)
        if ignored is not None:
            fields = ignored["fields"] or tuple(values)
            values = {name: value for name, value in values.items() if name not in fields}
        self.portal.update(kind, row, values, self.source, late=self._late(row.id), at=self._at(row.id))

    def associate(self, kind: Kind, row: Row, given: object) -> None:
        """Make the associations that a create asked for; raises ApiError 400 when one cannot be."""
        for target, primary in self.targets(kind, given):
            self.portal.join((kind.singular, row.id), target, primary=primary)

    def targets(self, kind: Kind, given: object) -> list[tuple[tuple[str, str], bool]]:
        """Read ``associations`` of a create: ((object's singular name, id), primary) of each."""
        found = []
        for one in _objects(given):
            to_id = str(next(iter(_objects([one.get("to")])), {}).get("id", ""))
            for named in _objects(one.get("types")):
                to, primary = _end(kind.singular, named.get("associationTypeId"))
                row = self.portal.tables[to].live(to_id)
                if row is None:
                    raise bad_request(f"One or more associations are invalid: no {to} with id {to_id}")
                found.append(((to, row.id), primary))
        return found

    def _late(self, key: str) -> int:
        fault = self.faults.draw("late_commit", endpoint=self.endpoint, key=key)
        return 0 if fault is None else int(fault["seconds"] * 1000)

    def _at(self, key: str) -> int | None:
        """Return the stamp of a bulk load (the minute's start) where a fault makes stamps equal."""
        if self.faults.draw("equal_timestamps", endpoint=self.endpoint, key=key) is None:
            return None
        now = self.portal.now()
        return now - now % _MINUTE


def created_key(kind: Kind, values: Mapping[str, str]) -> str | None:
    """Return Leadline's key of a new task or note: its own property, or the mark in its text."""
    marked = _MARK.search(values.get(f"hs_{kind.singular}_body", ""))
    return values.get("leadline_key") or (marked[1] if marked else None)


def _objects(given: object) -> list[Mapping[str, Any]]:
    """Return a JSON list of objects; null is an empty one. Raises ApiError 400 for anything else."""
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise bad_request("Invalid input JSON: associations must be a list of objects with to and types")
    return given


def _end(source: str, number: object) -> tuple[str, bool]:
    """Return where an association type of ``source`` leads, and whether it is the primary one."""
    for types, primary in ((PLAIN_TYPES, False), (PRIMARY_TYPES, True)):
        for (one, other), known in types.items():
            if one == source and known == number:
                return other, primary
    raise bad_request(f"One or more associations are invalid: invalid association type {number}")


def kind_or_404(word: str) -> Kind:
    """Find an object type of a path, or raise the 400 that HubSpot answers for an unknown one."""
    kind = kind_of(word)
    if kind is None:
        raise ApiError(400, "VALIDATION_ERROR", f"Unable to infer object type from: {word}")
    return kind
