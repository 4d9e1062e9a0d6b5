"""Believing nothing: every value that a CRM said it took is read back and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from leadline.common.chunking import chunks
from leadline.common.values import Raw, RecordRef
from leadline.connectors.protocol import ReadConnector
from leadline.sync.apply.publishing import remember_published
from leadline.sync.apply.writing import refs_of
from leadline.sync.journal import Entry, Journal
from leadline.sync.plan.model import Plan
from leadline.sync.plan.normal import same
from leadline.sync.plan.source import Published
from leadline.sync.plan.write import PlannedWrite
from leadline.sync.store.applying import Settlement

AT_ONCE: Final = 10_000
"""Records that are read back at a time: a multiple of what either CRM gives by one call."""


def read_back(journal: Journal, reader: ReadConnector, plan: Plan, entries: Sequence[Entry]) -> None:
    """Read back the values of these written entries and settle each as verified, ignored or gone.

    What was published is remembered in the same transaction. The mirror is left to the next pull, which sees our
    values come back as an echo; until then planning takes verified values over mirrored ones.
    """
    by_record: dict[str, dict[RecordRef, list[Entry]]] = {}
    for entry in entries:
        by_record.setdefault(entry.ref.object, {}).setdefault(entry.ref, []).append(entry)
    for _, of_object in sorted(by_record.items()):
        for some in chunks(of_object.values(), AT_ONCE):
            _read_back(journal, reader, plan, [entry for mine in some for entry in mine])


def _read_back(journal: Journal, reader: ReadConnector, plan: Plan, entries: Sequence[Entry]) -> None:
    """Read back the records of one object in the fewest calls: all fields at once."""
    fields = sorted({write.field for entry in entries for write in entry.group})
    present = reader.read_back(refs_of(entries), fields)
    expected: dict[RecordRef, dict[str, PlannedWrite]] = {}
    for entry in sorted(entries, key=lambda entry: entry.phase):
        expected.setdefault(entry.ref, {}).update({write.field: write for write in entry.group})
    results = [_compare(entry, expected[entry.ref], present.get(entry.ref)) for entry in entries]
    verified = {result.id for result in results if result.status == "verified"}
    published = [
        write for entry in entries if entry.id in verified for write in entry.group if write.basis is not None
    ]

    def follow(connection: Connection) -> None:
        remember_published(
            connection,
            {
                (write.person, write.ref): Published(plan.frontier, write.basis)
                for write in published
                if write.basis is not None
            },
        )

    journal.settle(results, follow)


def _compare(entry: Entry, expected: Mapping[str, PlannedWrite], present: Mapping[str, Raw] | None) -> Settlement:
    if present is None:
        return Settlement(entry.id, "gone", "NOT_FOUND")
    wanted = [expected[write.field] for write in entry.group]
    differing = [
        write.field
        for write in wanted
        if write.field in present and not same(present[write.field], write.new, write.kind, entry.ref.crm)
    ]
    if differing:
        return Settlement(entry.id, "ignored", "IGNORED", blamed=tuple(sorted(differing)))
    hidden = sorted(write.field for write in wanted if write.field not in present)
    if hidden:  # since it was written the CRM has ceased to show it: nobody can say what it holds
        return Settlement(entry.id, "ignored", "INVALID_FIELD", blamed=tuple(hidden))
    return Settlement(entry.id, "verified")
