"""What a record may be joined by: its address by the book's rule, and further addresses in other fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from leadline.common.canonical import digest
from leadline.common.folding import fold
from leadline.common.values import Raw, RecordRef
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.rules.model import Identity
from leadline.sync.store.batches import by_object, chunks, insert, upsert
from leadline.sync.store.cycles import get_meta, set_meta
from leadline.sync.store.mirror import load_records
from leadline.sync.store.schema import addresses, records, touched

RULE = "identity_rule"
"""The key under which the state keeps which rule people were last joined by."""


def key_of(address: Raw, rule: Identity) -> str | None:
    """Return what an address joins by: folded, without its tag where the rule says so; None where it joins nobody."""
    if not isinstance(address, str) or "@" not in address:
        return None
    plain = plain_address(address, rule)
    return None if plain.rpartition("@")[0] in rule.never else plain


def plain_address(address: str, rule: Identity) -> str:
    """Return an address folded, without its tag where the rule says so."""
    name, at, domain = fold(address).rpartition("@")
    return f"{name.partition('+')[0] or name}{at}{domain}" if rule.plus_tags == "ignore" else fold(address)


def keys_of(email: str | None, more: Iterable[str], rule: Identity) -> set[str]:
    """Return what a record joins by: its own address, unless the rule spells it otherwise, and further ones."""
    own = {email} if email is not None and key_of(email, rule) == email else set()
    return own | set(more)


def settle_addresses(connection: Connection, rule: Identity, cycle: int) -> None:
    """Bring the further addresses of what a pull changed up to date; with another rule, of every record.

    Everybody is looked at again then, because anybody may belong to somebody else.
    """
    text = "" if rule == Identity() else digest([rule.plus_tags, [str(one) for one in rule.also], list(rule.never)])
    if (get_meta(connection, RULE) or "") != text:
        kinds = [(crm, name) for crm, names in PERSON_OBJECTS.items() for name in names]
        for crm, name in kinds:
            own = (records.c.crm == crm) & (records.c.object == name)
            for ids in chunks(connection.execute(select(records.c.record_id).where(own)).scalars()):
                refs = [RecordRef(crm, name, key) for key in ids]
                _refresh(connection, refs, rule)
                place = {"crm": crm, "object": name, "cycle": cycle}
                upsert(connection, touched, [{**place, "record_id": key} for key in ids])
        set_meta(connection, RULE, text)
    elif text:
        query = select(touched.c.crm, touched.c.object, touched.c.record_id).where(touched.c.object != "")
        for changed in chunks([RecordRef(*row) for row in connection.execute(query)]):
            _refresh(connection, changed, rule)


def further(connection: Connection, refs: Iterable[RecordRef]) -> Mapping[RecordRef, set[str]]:
    """Return the further addresses of these records."""
    found: dict[RecordRef, set[str]] = {}
    for crm, name, ids in by_object(refs):
        own = (addresses.c.crm == crm) & (addresses.c.object == name) & addresses.c.record_id.in_(ids)
        for key, email in connection.execute(select(addresses.c.record_id, addresses.c.email).where(own)):
            found.setdefault(RecordRef(crm, name, key), set()).add(email)  # type: ignore[arg-type]
    return found


def _refresh(connection: Connection, refs: Iterable[RecordRef], rule: Identity) -> None:
    found = load_records(connection, refs)
    for crm, name, ids in by_object(found):
        own = (addresses.c.crm == crm) & (addresses.c.object == name) & addresses.c.record_id.in_(ids)
        connection.execute(addresses.delete().where(own))
    rows = []
    for ref, record in found.items():
        if ref.object not in PERSON_OBJECTS[ref.crm]:
            continue
        named = [record.fields.get(one.field) for one in rule.also if (one.crm, one.object) == (ref.crm, ref.object)]
        keys = {key_of(value, rule) for value in (record.email, *named)} - {None, record.email}
        place = {"crm": ref.crm, "object": ref.object, "record_id": ref.id}
        rows += [{**place, "email": key} for key in sorted(key for key in keys if key is not None)]
    insert(connection, addresses, rows)
