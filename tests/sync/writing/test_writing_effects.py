"""Effects in plans: shown before they happen, counted by a guard, carried out once, and closed with their stage."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from leadline.common.values import RecordRef
from leadline.sync.cycle import Setting, make_plan, run_apply, run_sync
from leadline.sync.guards import GuardError
from leadline.sync.plan import Plan
from leadline.sync.store.effects import effects_of_persons
from leadline.sync.store.mirror import records_of_persons
from leadline.sync.store.outcomes import all_lifecycle
from tests.sync.looking import parse_plan, plan_text
from tests.sync.writing.rehearsal import Rehearsal

ACTIONS = """on_enter:
  sal:
    - {assign: {to: lukasz.nowak@acme.example, account_owner_first: true}}
    - {task: {to: owner, subject: "Call {name} ({grade})", due: 1d, urgent: true}}
    - {note: hand-off}
    - {set: {Lead.Rating: Hot}}
    - {add_to: {hubspot_list: Nurture, salesforce_campaign: Nurture}}
write:
"""


def accepted_lead(rehearsal: Rehearsal, seconds: float = 300) -> tuple[str, RecordRef]:
    """Adopt, and so much later let sales accept the first MQL that is a lead; return the person and the lead."""
    rehearsal.adopt()
    with rehearsal.at_work() as (setting, _), setting.store.read() as connection:
        mqls = [row.person_id for row in all_lifecycle(connection) if row.stage == "mql"]
        records = records_of_persons(connection, mqls)
    person, lead = next((who, own.ref) for who in mqls for own in records[who] if own.ref.object == "Lead")
    rehearsal.pass_time(seconds=seconds)
    rehearsal.by_hand(lead, {"Status": "Accepted"})
    rehearsal.pass_time(seconds=seconds)
    return person, lead


def planned(rehearsal: Rehearsal) -> Plan:
    """Make a plan."""
    with rehearsal.at_work() as (setting, writers):
        return make_plan(setting, writers).plan


def stored(setting: Setting, person: str) -> dict[str, str]:
    """Return (cause, number) and status of a person's effects."""
    with setting.store.read() as connection:
        rows = effects_of_persons(connection, [person])
    return {f"{row.cause} {row.number}": row.status for row in rows}


def test_a_plan_shows_every_effect_and_its_price(rehearsal: Rehearsal) -> None:
    """Who gets what, in the order of the book; the file comes back as it was; planning twice shows the same."""
    rehearsal.edit("write:\n", ACTIONS)
    person, lead = accepted_lead(rehearsal)
    plan = planned(rehearsal)
    assert [effect.kind for effect in plan.effects] == ["assign", "task", "note", "set", "member", "member"]
    assert plan.counts.effects == {"assign": 1, "member": 2, "note": 1, "set": 1, "task": 1}
    assert not plan.held
    assert {effect.person for effect in plan.effects} == {person}
    task = plan.effects[1]
    assert task.ref == lead
    owners = {write.new for write in plan.writes if write.effect == plan.effects[0].key}
    assert task.payload["owner"] in owners, "the task goes to whom the plan makes the owner"
    assert task.title == "task for owner: Call {name} ({grade})"
    assert "{" not in str(task.payload["subject"])
    assert parse_plan(plan_text(plan)) == plan
    again = planned(rehearsal)
    assert [effect.key for effect in again.effects] == [effect.key for effect in plan.effects]
    assert {item.field for item in plan.writes if item.effect} == {"OwnerId", "hubspot_owner_id", "Rating"}


def test_effects_are_carried_out_once_and_as_priced(rehearsal: Rehearsal) -> None:
    """A sync does them all, the next one none; when the stage is left, the task that it opened is closed."""
    rehearsal.edit("write:\n", ACTIONS)
    person, lead = accepted_lead(rehearsal)
    with rehearsal.at_work() as (setting, writers):
        done = run_sync(setting, writers)
        assert done.exit_code == 0, done.report
        assert done.report.calls == done.plan.calls
        assert set(stored(setting, person).values()) == {"done"}
    rehearsal.pass_time(minutes=10)
    with rehearsal.at_work() as (setting, writers):
        assert not run_sync(setting, writers).plan.effects
    rehearsal.by_hand(lead, {"Status": "Unqualified"})
    rehearsal.pass_time(minutes=10)
    with rehearsal.at_work() as (setting, writers):
        left = run_sync(setting, writers)
        assert [effect.kind for effect in left.plan.effects] == ["close"]
        assert left.exit_code == 0
        assert stored(setting, person)["leave sal 0"] == "done"


def test_no_crm_is_asked_inside_a_transaction(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Users, lists and campaigns are asked for while anybody else may write to the state."""
    rehearsal.edit("write:\n", ACTIONS)
    accepted_lead(rehearsal)
    asked: list[str] = []
    with rehearsal.at_work() as (setting, writers):
        for crm, writer in writers.items():
            for name in ("users", "groups"):
                _watch(monkeypatch, writer, name, setting, asked, f"{crm} {name}")
        done = run_sync(setting, writers)
    assert done.exit_code == 0
    assert sorted(set(asked)) == ["hubspot groups", "hubspot users", "salesforce groups", "salesforce users"]


def _watch(
    monkeypatch: pytest.MonkeyPatch, writer: object, name: str, setting: Setting, asked: list[str], call: str
) -> None:
    real = getattr(writer, name)

    def watched(*given: object) -> object:
        asked.append(call)
        other = sqlite3.connect(str(setting.store.engine.url.database), timeout=0, isolation_level=None)
        with closing(other):
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        return real(*given)

    monkeypatch.setattr(writer, name, watched)


def test_what_cannot_be_planned_is_held_and_told(rehearsal: Rehearsal) -> None:
    """Nobody of that name, no such list, no such channel: the rest goes on, and the plan says why."""
    rehearsal.edit(
        "write:\n",
        "on_enter:\n  sal: [{task: Nobody Here}, {add_to: {hubspot_list: Nowhere}}, "
        '{notify: "#none"}, {note: hand-off}]\n'
        "write:\n",
    )
    accepted_lead(rehearsal)
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(replace(setting, channels=frozenset()), writers).plan
    assert [effect.kind for effect in plan.effects] == ["note"]
    assert [(item.kind, item.reason) for item in plan.held] == [
        ("member", "hubspot has no list `Nowhere`"),
        ("notify", "leadline.yml has no channel `#none` under `channels`"),
        ("task", "`Nobody Here` is no active user or queue of salesforce"),
    ]


def test_a_guard_counts_actions(rehearsal: Rehearsal) -> None:
    """More actions than the book allows stop the plan, and nothing is decided."""
    rehearsal.edit("write:\n", ACTIONS)
    rehearsal.edit("guards:\n", "guards:\n  actions: 3\n")
    person, _ = accepted_lead(rehearsal)
    with rehearsal.at_work() as (setting, writers):
        with pytest.raises(GuardError) as stopped:
            run_sync(setting, writers)
        assert [str(stop) for stop in stopped.value.stops] == [
            "guards.actions: 6 actions would be carried out, 3 may"
        ]
        assert stored(setting, person)


def test_a_book_without_actions_has_the_plans_it_had(rehearsal: Rehearsal) -> None:
    """Nothing of effects stands in its file."""
    accepted_lead(rehearsal)
    text = plan_text(planned(rehearsal))
    assert '"effect' not in text
    assert '"held"' not in text


def test_a_book_that_is_only_tried_out_leaves_no_effects(rehearsal: Rehearsal) -> None:
    """A plan under a new book shows them and keeps nothing; accepting it carries out what it showed."""
    person, _ = accepted_lead(rehearsal)
    rehearsal.edit("write:\n", ACTIONS)
    with rehearsal.at_work() as (setting, writers):
        tried = make_plan(setting, writers)
        assert not tried.kept
        assert len(tried.plan.effects) == 6
        assert stored(setting, person) == {}
    with rehearsal.at_work() as (setting, writers):
        assert run_apply(setting, writers, tried.plan).exit_code == 0
        assert set(stored(setting, person).values()) == {"done"}
