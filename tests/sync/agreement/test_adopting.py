"""Adoption: a table to accept, waves that end when too much goes wrong, nothing caused, or nothing written at all."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from leadline.common.errors import RefusedError
from leadline.common.values import Raw, RecordRef
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.connectors.protocol import RecordRequest, WriteConnector
from leadline.sync.cycle import make_plan, run_apply, run_sync
from leadline.sync.cycle.adopting import adopt_without_writing, plan_adoption
from leadline.sync.cycle.first import First
from leadline.sync.drift import drift
from leadline.sync.plan.write import grouped
from leadline.sync.store.applying import IntentState, intent_states
from leadline.terminal.applying import render_applied
from tests.sync.writing.rehearsal import Rehearsal, rehearse

ACTIONS = """
on_enter:
  mql: [{task: owner}, {assign: leadline@practice.example}, {note: hand-off}]
  inquiry: [{task: owner}]
"""


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Rehearsal]:
    """Give practice CRMs with 300 people, and a book whose stages cause tasks, notes and assignments."""
    with rehearse(tmp_path, people=300) as made:
        rules = tmp_path / "rules" / "rules.yml"
        rules.write_text(rules.read_text(encoding="utf-8") + ACTIONS, encoding="utf-8")
        yield made


def owners(writers: Mapping[str, WriteConnector]) -> dict[RecordRef, Raw]:
    """Return who owns each lead, contact and HubSpot contact."""
    found: dict[RecordRef, Raw] = {}
    for crm, field in (("salesforce", "OwnerId"), ("hubspot", "hubspot_owner_id")):
        for name in PERSON_OBJECTS[crm]:  # type: ignore[index]
            request = RecordRequest(name, (field,), writers[crm].server_time())
            found |= {row.ref: row.fields.get(field) for page in writers[crm].records(request) for row in page}
    return found


def created(rehearsal: Rehearsal) -> dict[str, int]:
    """Return what both CRMs have made so far: tasks, notes, memberships."""
    return {**rehearsal.practice.salesforce.created, **rehearsal.practice.hubspot.created}


def test_waves_read_of_the_journal_what_concerns_them(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many waves there are, each intent is read a few times, and not once for every wave."""
    read: list[int] = []

    def counted(*given: Any, **more: Any) -> list[IntentState]:
        found = intent_states(*given, **more)
        read.append(len(found))
        return found

    monkeypatch.setattr("leadline.sync.journal.intent_states", counted)
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        done = run_apply(setting, writers, plan, waves=First(4, timedelta(0), lambda _: False))
    assert done.report.ok
    assert sum(read) <= 9 * len(list(grouped(plan.writes)))


def test_300_people_are_adopted_and_nothing_is_caused(many: Rehearsal) -> None:
    """The table adds up, waves write all, no task, note or assignment is made, the next cycle is empty."""
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return False

    with many.at_work() as (setting, writers):
        before = owners(writers)
        before_made = created(many)
        found = plan_adoption(setting, writers)
        plan = found.planned.plan
        counted = sum(line.records for line in found.table)
        assert counted == sum(sum(line.becomes.values()) for line in found.table) >= plan.record_count() > 300
        assert {line.crm for line in found.table} == {"salesforce", "hubspot"}
        assert plan.effects == ()
        applied = run_apply(setting, writers, plan, waves=First(100, timedelta(seconds=90), wait))
        assert applied.report.counts == {"verified": plan.record_count()}
        waves = waited.count(60.0)
        assert waves >= plan.record_count() // 120
        assert waited == [60.0, 30.0] * waves  # the lease is kept alive meanwhile
        assert owners(writers) == before
        assert created(many) == before_made
        many.pass_time(minutes=10)
        synced = run_sync(setting, writers)
        assert (synced.plan.record_count(), synced.plan.effects) == (0, ())
        with pytest.raises(RefusedError, match="adopted already"):
            plan_adoption(setting, writers)


def test_a_bad_wave_is_the_last_one_and_the_next_run_goes_on(rehearsal: Rehearsal) -> None:
    """When a validation rule meets everybody the first wave ends it; once it is mended the same plan is finished."""
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        rehearsal.disturb("partial_failure", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", rate=1)
        waves = First(10, timedelta(0), lambda _: False)
        first = run_apply(setting, writers, plan, waves=waves).report
        assert first.counts["planned"] > 0
        assert first.exit_code == 3
        assert "too much went wrong with one wave" in first.stopped
        said = io.StringIO()
        render_applied(Console(file=said, width=200), first)
        assert "Stopped: too much" in said.getvalue()
        assert "a validation rule" in said.getvalue(), "the reason stands before what was not reached"
        rehearsal.calm()
        second = run_apply(setting, writers, plan, waves=waves).report
        assert second.counts.get("planned", 0) == 0
        assert second.counts["verified"] >= first.counts["planned"]


def test_nothing_is_written_until_things_change(rehearsal: Rehearsal) -> None:
    """The book is active and the CRMs untouched, cycle after cycle; who moves is written, and only they."""
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        shown = rehearsal.shown()
        adopted = adopt_without_writing(setting, writers, plan)
        assert adopted > 20
        for days in (0, 2):
            rehearsal.pass_time(days=days, minutes=5)
            synced = run_sync(setting, writers)
            assert days or synced.evaluation.evaluated < adopted // 2  # everybody was decided a moment ago
            untouched = {write.person for write in plan.writes} - {write.person for write in synced.plan.writes}
            moved = set(synced.evaluation.changed)
            assert {write.person for write in synced.plan.writes} <= moved
        assert len(untouched) > 15
        compared = drift(setting.store, setting.book)
        assert compared.by_why["adopted"] > 0
        lead = min(write.ref for write in plan.writes if write.ref.object == "Lead" and write.person in untouched)
        assert rehearsal.shown()[lead] == shown[lead]
        rehearsal.by_hand(lead, {"Status": "Working"})
        rehearsal.pass_time(minutes=5)
        moved = run_sync(setting, writers)
        assert lead in {write.ref for write in moved.plan.writes}
        with pytest.raises(RefusedError, match="applied already"):
            adopt_without_writing(setting, writers, plan)
