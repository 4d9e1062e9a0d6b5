"""Past values from the CRMs' own histories: kept with both times, at the fewest calls, for who looks back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from leadline.common.values import RecordRef
from leadline.history.mirror import open_mirror
from leadline.sync.cycle import run_pull
from leadline.sync.cycle.work import bounds_of
from leadline.sync.pull.upkeep import Upkeep
from leadline.sync.store.past import coverage, past_of
from tests.hazards.outside import Outside
from tests.sync.writing.rehearsal import Rehearsal

CHOSEN = Upkeep(history=("Lead.Status", "contact.jobtitle"))


def test_history_comes_with_both_times_and_its_coverage_is_told(rehearsal: Rehearsal, outside: Outside) -> None:
    """What a Lead's status was, since when, and when we learnt it; a backtest says per field how far back it goes."""
    with rehearsal.at_work() as (setting, readers):
        found = run_pull(replace(setting, upkeep=CHOSEN), readers)
        bounds = bounds_of(setting.book, readers, found.pull, [])
        with setting.store.read() as connection:
            told = {(item.object, item.field): item for item in coverage(connection)}
        limits = open_mirror(setting.store, str(setting.store.engine.url)).limits(setting.book)
    rows = outside.rows("SELECT LeadId, NewValue, CreatedDate FROM LeadHistory WHERE Field = 'Status'")
    assert rows
    assert told["Lead", "Status"].changes == len(rows) == found.pull.past["salesforce Lead"]
    assert told["contact", "jobtitle"].changes > 0
    assert set(told) == {("Lead", "Status"), ("contact", "jobtitle")}
    oldest = min(datetime.fromisoformat(row["CreatedDate"]) for row in rows)
    assert told["Lead", "Status"].since == oldest
    assert any(f"salesforce Lead.Status is known since {oldest:%Y-%m-%d}" in text for text in limits.sentences)
    ref = RecordRef("salesforce", "Lead", rows[0]["LeadId"])
    with rehearsal.at_work() as (setting, _), setting.store.read() as connection:
        [first, *_] = past_of(connection, [ref])[ref]
    assert first.seen == found.pull.upper["salesforce"] > first.at
    for crm, bound in bounds.items():
        assert found.calls[crm]["read"] <= 1.1 * bound.read + 2


def test_what_looks_back_knows_the_past(rehearsal: Rehearsal, outside: Outside) -> None:
    """A value counts since it was set, not since the record was made; the live evaluation is not changed by it."""
    with rehearsal.at_work() as (setting, readers):
        run_pull(replace(setting, upkeep=CHOSEN), readers)
        mirror = open_mirror(setting.store, f"sqlite:///{rehearsal.home}/leadline.db")
        status = next(
            name
            for name, field in setting.book.fields.items()
            if any(str(source).endswith("Lead.Status") for source in field.sources)
        )
        people = list(mirror.load(setting.book))
        with setting.store.read() as connection:
            known = past_of(
                connection, [RecordRef("salesforce", "Lead", row["LeadId"]) for row in _statuses(outside)]
            )
    past = [(str(ref), item.at) for ref, values in known.items() for item in values]
    told = {(fact.record, fact.at) for person in people for fact in person.facts if fact.name == status}
    live = [place for place in past if place[0] in {record for record, _ in told}]
    assert live
    assert set(live) <= told


def test_later_changes_are_added_once(rehearsal: Rehearsal, outside: Outside) -> None:
    """A change between two pulls is told by the second one; reading again what the look-back gives adds nothing."""
    with rehearsal.at_work() as (setting, readers):
        chosen = replace(setting, upkeep=CHOSEN)
        run_pull(chosen, readers)
        lead = outside.rows("SELECT Id FROM Lead WHERE IsDeleted = false AND IsConverted = false")[0]["Id"]
        rehearsal.pass_time(hours=1)
        outside.salesforce("PATCH", f"/sobjects/Lead/{lead}", json={"Status": "Nurturing"})
        rehearsal.pass_time(minutes=1)
        ref = RecordRef("salesforce", "Lead", lead)
        run_pull(chosen, readers)
        with setting.store.read() as connection:
            once = past_of(connection, [ref])[ref]
        rehearsal.pass_time(**{"minutes": timedelta(minutes=1).seconds // 60})
        run_pull(chosen, readers)
        with setting.store.read() as connection:
            twice = past_of(connection, [ref])[ref]
    assert once[-1].value == "Nurturing"
    assert [(item.field, item.at, item.value) for item in twice] == [(i.field, i.at, i.value) for i in once]


def _statuses(outside: Outside) -> list[dict[str, str]]:
    return outside.rows("SELECT LeadId FROM LeadHistory WHERE Field = 'Status'")
