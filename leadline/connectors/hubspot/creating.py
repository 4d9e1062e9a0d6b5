"""Making tasks and notes, each once under its key, 100 a call.

Where the portal has a unique property for the key, records are upserted by it and then associated; both may be
repeated. Without one, they are created together with their associations in one request that is never repeated, the
key stands as a mark in the text, and what became of a lost answer is looked up from the people's own associations.
https://developers.hubspot.com/docs/api-reference/latest/crm/objects/custom-objects/batch/upsert-custom-objects
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from leadline.common.chunking import chunk_count, chunks
from leadline.common.errors import UnavailableError
from leadline.common.values import RecordRef
from leadline.connectors.hubspot.answers import RejectedError, nameless_failures, rejected_write
from leadline.connectors.hubspot.associations import RECORDS_A_CALL as LINKS_A_CALL
from leadline.connectors.hubspot.associations import read_associations
from leadline.connectors.hubspot.client import HubSpotClient, raw, results_of
from leadline.connectors.hubspot.describing import describe
from leadline.connectors.hubspot.marks import MADE, body_of, mark, marked_key
from leadline.connectors.hubspot.memberships import MEMBERS, Memberships
from leadline.connectors.hubspot.names import kind_of
from leadline.connectors.hubspot.reading import RECORDS_A_CALL, read_rows
from leadline.connectors.instants import maybe_instant, milliseconds
from leadline.connectors.protocol import CreateResult, Creation, CreationKind, Made

_LONGEST_TEXT: Final = 65_000
_TO: Final[Mapping[tuple[str, str], int]] = {
    # HubSpot's own association types from an engagement (docs: association type id values)
    ("task", "contact"): 204,
    ("task", "company"): 192,
    ("task", "deal"): 216,
    ("note", "contact"): 202,
    ("note", "company"): 190,
    ("note", "deal"): 214,
}


Again = Callable[[Sequence[Creation]], Iterator[CreateResult]]
"""Makes a part of a batch that was refused."""


class Creator:
    """Makes things with one client; describes tasks and notes once, to know how keys are kept."""

    def __init__(self, client: HubSpotClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._keyed: dict[str, bool] = {}
        self._members = Memberships(client)

    def batches(self, creations: Sequence[Creation]) -> Sequence[tuple[Creation, ...]]:
        """Return what is sent together: 100 tasks or notes about one object, or the members of one list."""
        found: list[tuple[Creation, ...]] = []
        for kind in MADE:
            by_object: dict[str, list[Creation]] = {}
            for item in creations:
                if item.kind == kind:
                    by_object.setdefault(item.ref.object, []).append(item)
            found += [batch for group in by_object.values() for batch in chunks(group, RECORDS_A_CALL)]
        return (*found, *self._members.batches([item for item in creations if item.kind in MEMBERS]))

    def prepare(self, kinds: Collection[CreationKind]) -> None:
        """Ask whether the portal keeps keys of these kinds unique."""
        for kind in kinds:
            if kind in MADE:
                self.keyed(kind)

    def forecast(self, creations: Sequence[Creation]) -> Mapping[str, int]:
        """Return the calls of making and verifying these."""
        write = back = 0
        for batch in self.batches(creations):
            if batch[0].kind in MEMBERS:
                write += 1
            else:
                write += 2 if self.keyed(batch[0].kind) else 1
        for kind in MADE:
            mine = [item for item in creations if item.kind == kind]
            back += chunk_count(len(mine), RECORDS_A_CALL)
            for _, group in _by_object(mine):
                back += chunk_count(len(group), LINKS_A_CALL)
        return {"write": write, "read_back": back + self._members.read_calls(creations)}

    def create(self, creations: Sequence[Creation]) -> Iterator[tuple[CreateResult, ...]]:
        """Yield the results of each batch."""
        for batch in self.batches(creations):
            kind = batch[0].kind
            if kind in MEMBERS:
                yield self._members.change(batch)
            elif self.keyed(kind):
                yield tuple(self._upsert(batch))
            else:
                yield tuple(self._once(batch))

    def find(self, creations: Sequence[Creation], known: Mapping[str, str]) -> Mapping[str, Made]:
        """Return what stands there by key."""
        found: dict[str, Made] = {}
        for kind in MADE:
            mine = [item for item in creations if item.kind == kind]
            told = {known[item.key]: item.key for item in mine if known.get(item.key)}
            rows = {told[str(row["id"])]: row for row in self._rows(kind, list(told)) if str(row["id"]) in told}
            left = [item for item in mine if item.key not in rows]
            if left:
                rows |= self._by_key(kind, left) if self.keyed(kind) else self._by_people(kind, left)
            found |= self._made([item for item in mine if item.key in rows], rows)
        return {**found, **self._members.found(creations)}

    def settling(self, creations: Sequence[Creation]) -> timedelta:
        """Return how long a lost request may still create, where no unique property prevents a second one.

        That is twice the request timeout, because a server may go on after its client gave up.
        """
        once = any(item.kind in MADE and not self.keyed(item.kind) for item in creations)
        return timedelta(seconds=2 * self._client.timeout if once else 0)

    def keyed(self, kind: str) -> bool:
        """Say whether the portal keeps the keys of this kind unique."""
        if kind not in self._keyed:
            for name, described in {**dict.fromkeys(MADE), **describe(self._client, MADE)}.items():
                field = described.fields.get(self._client.task_key) if described is not None else None
                self._keyed[name] = field is not None and field.external_id and field.updateable
        return self._keyed[kind]

    def _upsert(self, batch: Sequence[Creation]) -> Iterator[CreateResult]:
        kind = batch[0].kind
        path, name = kind_of(kind).path, self._client.task_key
        inputs = [{"id": item.key, "idProperty": name, "properties": self._properties(item)} for item in batch]
        try:
            answer = self._client.call("write", lambda apis: apis.batch.upsert(path, {"inputs": inputs}, **raw()))
        except RejectedError as error:
            yield from self._halved(batch, error, self._upsert)
            return
        ids = {str((row.get("properties") or {}).get(name)): str(row["id"]) for row in results_of(answer, "a batch")}
        joined = self._associate(batch, ids)
        for item in batch:
            remote = ids.get(item.key)
            if remote is None:
                yield CreateResult(item.key, "transient", "", "NOT_CONFIRMED", "HubSpot said nothing of this record")
            elif remote not in joined:
                yield CreateResult(item.key, "gone", remote, "OBJECT_NOT_FOUND", "the person's record is not there")
            else:
                yield CreateResult(item.key, "done", remote)

    def _associate(self, batch: Sequence[Creation], ids: Mapping[str, str]) -> set[str]:
        """Associate what was upserted and return the ids that belong to their record now."""
        source, target = kind_of(batch[0].kind).path, kind_of(batch[0].ref.object).path
        pairs = [{"from": {"id": ids[item.key]}, "to": {"id": item.ref.id}} for item in batch if item.key in ids]
        if not pairs:
            return set()
        body = {"inputs": pairs}
        answer = self._client.call(
            "write", lambda apis: apis.associations.create_default(source, target, body, **raw())
        )
        return {str((row.get("from") or {}).get("id")) for row in results_of(answer, "a batch")}

    def _once(self, batch: Sequence[Creation]) -> Iterator[CreateResult]:
        """Create without a unique property: one request, repeated only where HubSpot surely did not take it."""
        kind = batch[0].kind
        path = kind_of(kind).path
        inputs = [
            {
                "properties": self._properties(item),
                "associations": [
                    {
                        "to": {"id": item.ref.id},
                        "types": [
                            {
                                "associationCategory": "HUBSPOT_DEFINED",
                                "associationTypeId": _TO[kind, item.ref.object],
                            }
                        ],
                    }
                ],
            }
            for item in batch
        ]
        try:
            answer = self._client.call(
                "write", lambda apis: apis.batch.create(path, {"inputs": inputs}, **raw()), repeatable=False
            )
        except RejectedError as error:
            yield from self._halved(batch, error, self._once)
            return
        except UnavailableError as error:
            yield from (CreateResult(item.key, "unknown", "", "NO_ANSWER", str(error)) for item in batch)
            return
        ids = {
            key: str(row["id"]) for row in results_of(answer, "a batch") if (key := marked_key(row, kind)) is not None
        }
        yield from (CreateResult(item.key, "done", ids[item.key]) for item in batch if item.key in ids)
        yield from self._unmade([item for item in batch if item.key not in ids], answer)

    def _unmade(self, missing: Sequence[Creation], answer: Mapping[str, Any]) -> Iterator[CreateResult]:
        """Say what became of those that were not confirmed: a part's error names no record that has no id yet.

        What was surely refused is so for good; of all else it must be looked for whether it stands there.
        """
        told = nameless_failures(answer)
        if len(told) != len(missing) or any(status != "permanent" for status, *_ in told):
            for item in missing:
                yield CreateResult(item.key, "unknown", "", "NOT_CONFIRMED", "HubSpot said nothing of this record")
        elif len({code for _, code, _, _ in told}) > 1:
            for item in missing:  # asking for each alone tells whose error is whose
                yield from self._once([item])
        else:
            for item, (status, code, text, _) in zip(missing, told, strict=True):
                yield CreateResult(item.key, status, "", code, text)

    def _halved(self, batch: Sequence[Creation], error: RejectedError, again: Again) -> Iterator[CreateResult]:
        """Find the one that HubSpot refuses: one bad value makes it refuse all."""
        if len(batch) == 1:
            refused = rejected_write(batch[0].ref, error)
            yield CreateResult(batch[0].key, refused.status, "", refused.code, refused.message)
            return
        middle = len(batch) // 2
        yield from again(batch[:middle])
        yield from again(batch[middle:])

    def _properties(self, item: Creation) -> dict[str, str]:
        given, kind = item.fields, item.kind
        text = str(given.get("text") or "")[:_LONGEST_TEXT]
        at = maybe_instant(given.get("at" if kind == "note" else "due")) or self._now()
        found = {"hs_timestamp": str(milliseconds(at))}
        if kind == "note":
            text = "\n".join(part for part in (str(given.get("subject") or ""), text) if part)
        else:
            found |= {
                "hs_task_subject": str(given.get("subject") or "Leadline"),
                "hs_task_status": "NOT_STARTED",
                "hs_task_type": "TODO",
                "hs_task_priority": "HIGH" if given.get("urgent") else "NONE",
            }
        if given.get("owner"):
            found["hubspot_owner_id"] = str(given["owner"])
        if self.keyed(kind):
            found[self._client.task_key] = item.key
        else:
            text = f"{text}\n{mark(item.key)}"
        return {**found, body_of(kind): text}

    def _by_key(self, kind: str, items: Sequence[Creation]) -> dict[str, Mapping[str, Any]]:
        name = self._client.task_key
        rows = self._rows(kind, [item.key for item in items], by=name)
        return {str((row.get("properties") or {}).get(name)): row for row in rows}

    def _by_people(self, kind: str, items: Sequence[Creation]) -> dict[str, Mapping[str, Any]]:
        """Find marked records among all that belong to these people: no search index stands in between."""
        candidates: list[str] = []
        for name, group in _by_object(items):
            ids = list(dict.fromkeys(item.ref.id for item in group))
            linked = read_associations(self._client, name, kind, ids, "read_back")
            candidates += [ref.id for refs in linked.values() for ref in refs]
        wanted = {item.key for item in items}
        found: dict[str, Mapping[str, Any]] = {}
        for row in self._rows(kind, list(dict.fromkeys(candidates))):
            key = marked_key(row, kind)
            if key in wanted:
                found.setdefault(str(key), row)
        return found

    def _rows(self, kind: str, ids: Sequence[str], by: str = "") -> Iterator[Mapping[str, Any]]:
        wanted = [body_of(kind), "hubspot_owner_id", "hs_task_status", self._client.task_key]
        return read_rows(self._client, "read_back", kind_of(kind), ids, wanted, by=by)

    def _made(self, items: Sequence[Creation], rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Made]:
        """Return what was made and belongs to its record; what is not associated yet is not made yet."""
        found: dict[str, Made] = {}
        for name, group in _by_object(items):
            ids = [str(rows[item.key]["id"]) for item in group]
            linked = read_associations(self._client, group[0].kind, name, ids, "read_back")
            for item, remote in zip(group, ids, strict=True):
                about = linked.get(remote, ())
                values = rows[item.key].get("properties") or {}
                if about:
                    owner, closed = values.get("hubspot_owner_id"), values.get("hs_task_status") == "COMPLETED"
                    found[item.key] = Made(item.key, remote, owner or None, about, closed)
        return found


def _by_object(items: Sequence[Creation]) -> Iterator[tuple[str, list[Creation]]]:
    ordered = sorted(items, key=lambda item: item.ref.object)
    for name, group in groupby(ordered, key=lambda item: item.ref.object):
        yield name, list(group)


def task_ref(ident: str) -> RecordRef:
    """Return the reference of a task."""
    return RecordRef("hubspot", "task", ident)
