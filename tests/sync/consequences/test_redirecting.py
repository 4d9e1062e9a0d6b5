"""Effects follow their person's record: chained merges, conversion, and deletion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leadline.common.values import RecordRef
from leadline.sync.apply.effects import EffectJournal
from leadline.sync.apply.effects.redirecting import redirect
from leadline.sync.plan import Plan
from leadline.sync.plan.model import Counts
from leadline.sync.store import Store, open_store
from leadline.sync.store.batches import insert
from leadline.sync.store.effects import add_effects, effects_by_key
from leadline.sync.store.schema import links, records
from tests.sync.consequences.staging import WALL, a_task, known_effects


def lead(number: int) -> RecordRef:
    """Return a lead."""
    return RecordRef("salesforce", "Lead", f"00Q{number:015d}")


CONTACT = RecordRef("salesforce", "Contact", "003000000000000001")


def place(ref: RecordRef) -> dict[str, str]:
    """Return a reference as columns."""
    return {"crm": ref.crm, "object": ref.object, "record_id": ref.id}


def mirrored(ref: RecordRef, **more: Any) -> dict[str, Any]:
    """Return a mirrored row."""
    usual = {"stamp": WALL, "fields": {}, "author": "", "deleted": False, "merged_into": None, "cycle": 1}
    return {**place(ref), **usual, **more}


def fill(store: Store) -> None:
    """Mirror a live lead, a chain of merges into a converted one, its contact, and a deleted lead."""
    rows = [
        mirrored(lead(1)),
        mirrored(lead(2), deleted=True, merged_into=lead(3).id),
        mirrored(lead(3), deleted=True, merged_into=lead(4).id),
        mirrored(lead(4), fields={"IsConverted": True}),
        mirrored(CONTACT),
        mirrored(lead(5), deleted=True),
    ]
    way = {"to_crm": CONTACT.crm, "to_object": CONTACT.object, "to_id": CONTACT.id}
    link = {**place(lead(4)), "name": "converted_contact", "position": 0, **way, "since_cycle": 1}
    with store.write() as connection:
        insert(connection, records, rows)
        insert(connection, links, [{name: value for name, value in link.items() if name in links.c}])


def test_effects_go_to_the_record_that_stands_for_the_person(tmp_path: Path) -> None:
    """A live record and one never mirrored stay; merges and conversion are followed; a deleted one is skipped."""
    ends = {lead(1): lead(1), lead(2): CONTACT, lead(4): CONTACT, lead(9): lead(9), lead(5): None}
    effects = [a_task(number, ref) for number, ref in enumerate(ends, 1)]
    plan = Plan("h", 1, WALL, "b", {}, False, (), {}, Counts(), effects=tuple(effects))
    with open_store(f"sqlite:///{tmp_path / 'state.db'}") as store:
        fill(store)
        journal = EffectJournal(store, plan, "me:1:x", lambda: WALL)
        with store.write() as connection:
            add_effects(connection, known_effects(effects), 1, WALL)
            journal.begin(connection)
        redirect(store, journal)
        with store.read() as connection:
            rows = effects_by_key(connection, [one.key for one in effects])
    for one, (ref, end) in zip(effects, ends.items(), strict=True):
        row = rows[one.key]
        assert (row.object, row.record_id) == ((end or ref).object, (end or ref).id)
        assert (row.status, row.code or "") == (("planned", "") if end else ("skipped", "RECORD_GONE"))
