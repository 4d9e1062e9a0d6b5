"""What a pull by cursor cannot see, looked for on a schedule: rows deleted for good, and fields that move no stamp.

A row that was purged (the recycle bin emptied, a GDPR deletion) is in no list of deleted rows: all ids are read now
and then, and what the mirror has and the CRM has not any more is marked deleted. A formula or a roll-up changes
without its record's stamp: objects with such an input are read anew now and then.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from leadline.common.chunking import chunks
from leadline.common.values import Crm, RecordRef, SourceRecord
from leadline.connectors.protocol import ReadConnector
from leadline.sync.needs import ObjectNeed, rule_fields
from leadline.sync.pull.bounds import Bound
from leadline.sync.pull.rows import store_records
from leadline.sync.store import Store
from leadline.sync.store.cycles import get_meta, set_meta
from leadline.sync.store.mirror import load_records
from leadline.sync.store.schema import records

FEW: Final = 50
"""So many records may vanish at once without a question, however few there are."""

_ID: Final = {"salesforce": "Id", "hubspot": "hs_object_id"}
_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How often ids are compared and calculated fields read anew (None: never), and how far.

    ``pages`` is how many pages of ids one cycle reads at most; the next one goes on. When more than the share
    ``vanished`` of an object's records (and more than 50) are gone, that is told and nothing is marked: lost access
    looks the same. ``history`` are the fields whose past values are pulled: none, all that rules read, or these.
    """

    ids: timedelta | None = timedelta(days=1)
    calculated: timedelta | None = timedelta(days=1)
    pages: int = 100
    vanished: float = 0.2
    history: bool | tuple[str, ...] = False

    def history_of(self, bound: Bound, need: ObjectNeed) -> tuple[str, ...]:
        """Return the fields of one object whose past is wanted, named as ``Lead.Status``; only what rules read."""
        ruled = [name for name in rule_fields(bound.book, bound.crm, need.object) if name in need.fields]
        if isinstance(self.history, bool):
            return tuple(ruled) if self.history else ()
        return tuple(name for name in ruled if f"{need.object}.{name}" in self.history)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one look at the ids cost and found: ids ``listed``, records looked at again, those gone, and a warning."""

    listed: int = 0
    confirmed: int = 0
    gone: int = 0
    warning: str = ""


@dataclass(frozen=True, slots=True)
class _Progress:
    """``done``: when all ids were compared last. ``after`` and ``missing`` are of a round that is not over."""

    done: datetime
    after: str = ""
    missing: tuple[str, ...] = ()


def reread_due(connection: Connection, bound: Bound, need: ObjectNeed, upkeep: Upkeep) -> bool:
    """Say whether an object with calculated inputs was last read in full too long ago."""
    described = bound.described[need.object].fields
    ruled = (described.get(name) for name in rule_fields(bound.book, bound.crm, need.object))
    if upkeep.calculated is None or not any(field is not None and field.calculated for field in ruled):
        return False
    last = get_meta(connection, _key("full", bound.crm, need.object))
    return last is None or bound.upper - datetime.fromisoformat(last) >= upkeep.calculated


def remember_full(connection: Connection, bound: Bound, name: str) -> None:
    """Note that an object was read in full, which also tells every id."""
    set_meta(connection, _key("full", bound.crm, name), bound.upper.isoformat())
    _save(connection, bound, name, _Progress(bound.upper))


def reconcile_ids(
    store: Store, connector: ReadConnector, bound: Bound, need: ObjectNeed, upkeep: Upkeep
) -> Reconciled | None:
    """Compare ids when it is time, at most ``upkeep.pages`` pages of them; a later cycle goes on where this stopped.

    None: it was not time. What is missing is looked for by a direct read before it is marked deleted: a search index
    may lag.
    """
    with store.read() as connection:
        progress = _load(connection, bound, need.object)
        if upkeep.ids is None or (
            progress is not None and not progress.after and bound.upper - progress.done < upkeep.ids
        ):
            return None
        standing = _standing(connection, bound.crm, need.object)
    progress, listed = progress or _Progress(bound.upper), 0
    for number, page in enumerate(connector.ids(need.object, progress.after), 1):
        listed += len(page)
        missing = _between(standing, progress.after, page[-1], set(page), _order(bound.crm))
        progress = replace(progress, after=page[-1], missing=(*progress.missing, *missing))
        with store.write() as connection:
            _save(connection, bound, need.object, progress)
        if number == upkeep.pages:
            return Reconciled(listed)
    missing = (*progress.missing, *_between(standing, progress.after, "", set(), _order(bound.crm)))
    return replace(_settle(store, connector, bound, need, missing, len(standing), upkeep), listed=listed)


def _settle(
    store: Store,
    connector: ReadConnector,
    bound: Bound,
    need: ObjectNeed,
    missing: Sequence[str],
    standing: int,
    upkeep: Upkeep,
) -> Reconciled:
    """Mark what is surely gone as deleted, and end the round."""
    if len(missing) > max(FEW, upkeep.vanished * standing):
        with store.write() as connection:
            _save(connection, bound, need.object, _Progress(bound.upper))
        text = (
            f"{bound.crm}: {len(missing):,} of {standing:,} {need.object} records are not shown any more; nothing "
            "was marked deleted, because lost access looks the same; grant it again, or raise upkeep.vanished"
        )
        return Reconciled(warning=text)
    gone = confirmed = 0
    for ids in chunks(tuple(missing), _AT_ONCE):
        refs = [RecordRef(bound.crm, need.object, ident) for ident in ids]
        there = connector.read_back(refs, (_ID[bound.crm],))
        confirmed += len(refs)
        with store.write() as connection:
            gone += _mark(connection, bound, need, [ref for ref in refs if ref not in there])
    with store.write() as connection:
        _save(connection, bound, need.object, _Progress(bound.upper))
    return Reconciled(confirmed=confirmed, gone=gone)


def _mark(connection: Connection, bound: Bound, need: ObjectNeed, refs: Sequence[RecordRef]) -> int:
    known = load_records(connection, refs)
    rows = [
        SourceRecord(ref, bound.upper, old.created, {}, deleted=True) for ref, old in known.items() if not old.deleted
    ]
    return store_records(connection, bound, need, rows)


def _standing(connection: Connection, crm: Crm, name: str) -> list[str]:
    own = (records.c.crm == crm) & (records.c.object == name) & records.c.deleted.is_(False)
    ids = connection.execute(select(records.c.record_id).where(own)).scalars()
    return sorted(ids, key=_order(crm))


def _between(
    standing: Sequence[str], after: str, last: str, shown: set[str], order: Callable[[str], Any]
) -> Iterable[str]:
    """Return the ids behind ``after`` up to ``last`` ("": to the end) that are not shown."""
    begin = bisect_right(standing, order(after), key=order) if after else 0
    end = bisect_right(standing, order(last), key=order) if last else len(standing)
    return [ident for ident in standing[begin:end] if ident not in shown]


def _order(crm: Crm) -> Callable[[str], Any]:
    return int if crm == "hubspot" else str


def _load(connection: Connection, bound: Bound, name: str) -> _Progress | None:
    text = get_meta(connection, _key("ids", bound.crm, name))
    if text is None:
        return None
    told = json.loads(text)
    return _Progress(datetime.fromisoformat(told["done"]), told["after"], tuple(told["missing"]))


def _save(connection: Connection, bound: Bound, name: str, progress: _Progress) -> None:
    told = {"done": progress.done.isoformat(), "after": progress.after, "missing": progress.missing}
    set_meta(connection, _key("ids", bound.crm, name), json.dumps(told))


def _key(what: str, crm: Crm, name: str) -> str:
    return f"upkeep:{what}:{crm}:{name}"
