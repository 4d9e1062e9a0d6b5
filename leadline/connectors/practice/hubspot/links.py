"""Associations between records: which ids belong together, and under which labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from leadline.connectors.practice.hubspot.kinds import PLAIN_TYPES, PRIMARY_TYPES

_PRIMARY_LABEL: Final = "Primary"


class Links:
    """Every association, kept in both directions. Types are HubSpot's own numbers (``HUBSPOT_DEFINED``)."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], dict[str, dict[str, set[int]]]] = {}

    def join(self, source: tuple[str, str], target: tuple[str, str], *, primary: bool = False) -> bool:
        """Associate two records, each (object's singular name, id); tells whether they were not before.

        A primary company takes the place of the former one, which stays associated.
        """
        new = target[1] not in self._of(source, target[0])
        for one, other in ((source, target), (target, source)):
            self._of(one, other[0], make=True).setdefault(other[1], set()).add(PLAIN_TYPES[one[0], other[0]])
        if primary and (source[0], target[0]) in PRIMARY_TYPES:
            many, one = (target, source) if source[0] == "company" else (source, target)
            for company in list(self._of(many, "company")):
                self._label(many, ("company", company), drop=True)
            self._label(many, one)
        return new

    def part(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Take every association of two records away."""
        for one, other in ((source, target), (target, source)):
            self._of(one, other[0]).pop(other[1], None)

    def leave(self, record: tuple[str, str]) -> None:
        """Take every association of a record away, because it was archived or merged away."""
        for other in list(self.all_of(record)):
            self.part(record, other)

    def of(self, record: tuple[str, str], to: str) -> dict[str, set[int]]:
        """Return the ids of ``to`` objects associated with a record, primary first, with their type numbers."""
        held = self._of(record, to)
        primary = PRIMARY_TYPES.get((record[0], to))
        return dict(sorted(held.items(), key=lambda pair: (primary not in pair[1], int(pair[0]))))

    def all_of(self, record: tuple[str, str]) -> Iterator[tuple[str, str]]:
        """Walk every record associated with a record."""
        for (source, to), held in list(self._held.items()):
            if source == record[0]:
                for other in list(held.get(record[1], ())):
                    yield to, other

    def primary(self, record: tuple[str, str]) -> str | None:
        """Return the id of a contact's or deal's primary company."""
        wanted = PRIMARY_TYPES.get((record[0], "company"))
        return next((other for other, types in self._of(record, "company").items() if wanted in types), None)

    def _of(self, record: tuple[str, str], to: str, *, make: bool = False) -> dict[str, set[int]]:
        held = self._held.setdefault((record[0], to), {})
        return held.setdefault(record[1], {}) if make else held.get(record[1], {})

    def _label(self, many: tuple[str, str], company: tuple[str, str], *, drop: bool = False) -> None:
        for one, other in ((many, company), (company, many)):
            types = self._of(one, other[0], make=True).setdefault(other[1], set())
            number = PRIMARY_TYPES[one[0], other[0]]
            if drop:
                types.discard(number)
            else:
                types.add(number)


def spec(number: int) -> dict[str, Any]:
    """Return an association type as v4 answers it: category, typeId and label (null when it has none)."""
    label = _PRIMARY_LABEL if number in PRIMARY_TYPES.values() else None
    return {"category": "HUBSPOT_DEFINED", "typeId": number, "label": label}


def labels(source: str, to: str) -> list[dict[str, Any]]:
    """Return every association type from one object type to another."""
    numbers = [PRIMARY_TYPES.get((source, to)), PLAIN_TYPES.get((source, to))]
    return [spec(number) for number in numbers if number is not None]


def v3_name(source: str, to: str, number: int) -> str:
    """Return the name that v3 answers for an association type: ``contact_to_company``."""
    plain = f"{source}_to_{to}"
    return (
        plain
        if number == PRIMARY_TYPES.get((source, to)) or (source, to) not in PRIMARY_TYPES
        else f"{plain}_unlabeled"
    )
