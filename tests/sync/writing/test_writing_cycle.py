"""Whole runs against both practice CRMs: adoption, a quiet second cycle, changed books, and who may apply what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from leadline.common.errors import LeadlineError, RefusedError, UnavailableError
from leadline.connectors.protocol import ReadConnector
from leadline.sync.cycle import Setting, make_plan, run_apply, run_pull, run_sync
from leadline.sync.guards import AdoptionError, GuardError
from leadline.sync.lease import BusyError, Lease
from leadline.sync.plan import Plan, load_plan, plan_hash, save_plan
from leadline.sync.store.cycles import acquire_lease, active_book, last_cycles
from leadline.sync.store.outcomes import all_lifecycle
from leadline.sync.store.schema import decisions
from tests.sync.looking import plan_text
from tests.sync.writing.rehearsal import WALL, Rehearsal, rehearse


def decided(setting: Setting) -> tuple[int, int, str | None]:
    """Return how many people and decisions the state has, and the active book."""
    with setting.store.read() as connection:
        count = connection.execute(select(func.count()).select_from(decisions)).scalar_one()
        return len(all_lifecycle(connection)), count, active_book(connection)


def test_a_first_plan_is_applied_as_it_was_priced(rehearsal: Rehearsal) -> None:
    """The plan's calls are exactly the calls made, everything is verified, and the next plan is empty."""
    with rehearsal.at_work() as (setting, writers):
        planned = make_plan(setting, writers)
        assert planned.plan.adoption
        assert planned.calls["hubspot"]["write"] == planned.calls["salesforce"]["write"] == 0
        save_plan(planned.plan, rehearsal.home / "plan.json")
    with rehearsal.at_work() as (setting, writers):
        applied = run_apply(setting, writers, load_plan(rehearsal.home / "plan.json"))
        assert applied.report.ok
        assert applied.exit_code == 0
        assert applied.report.counts == {"verified": planned.plan.record_count()}
        assert applied.report.calls == planned.plan.calls
        assert applied.refresh is not None
        assert set(applied.refresh.rows) == {"salesforce Lead", "salesforce Contact", "hubspot contact"}
        for crm, bound in applied.bounds.items():
            assert applied.calls[crm]["write"] == bound.write
            assert applied.calls[crm]["read_back"] == bound.read_back
    with rehearsal.at_work() as (setting, writers):
        synced = run_sync(setting, writers)
        assert synced.plan.empty
        assert synced.evaluation.changed == ()
        assert all(calls["write"] == calls["read_back"] == 0 for calls in synced.calls.values())


def test_our_own_writes_are_not_news(rehearsal: Rehearsal) -> None:
    """After an adoption and a week of cycles nobody is looked at for it, nor counts as moved by hand."""
    rehearsal.edit("  - leadline@practice.example\n", "")  # the author alone would say that a person did it
    rehearsal.adopt()
    rehearsal.pass_time(minutes=1)
    with rehearsal.at_work() as (setting, writers):
        again = run_pull(setting, writers).pull
    assert again.news["salesforce Lead"] and again.news["hubspot contact"] and again.touched == 0
    for _ in range(3):
        rehearsal.pass_time(days=2)
        with rehearsal.at_work() as (setting, writers):
            assert run_sync(setting, writers).report.ok
    with rehearsal.at_work() as (setting, _), setting.store.read() as connection:
        bodies = connection.execute(select(decisions.c.body)).scalars()
        assert not [body for body in bodies if '"by":"human"' in body]


def test_a_stage_set_by_hand_is_kept(rehearsal: Rehearsal) -> None:
    """A person who moves a lead in the CRM is believed, not overwritten."""
    rehearsal.adopt()
    with rehearsal.at_work() as (setting, writers):
        run_sync(setting, writers)
    ref = next(ref for ref, shown in rehearsal.shown().items() if shown.get("Lifecycle_Stage__c") == "inquiry")
    rehearsal.edit("  - leadline@practice.example\n", "")  # the practice user is nobody's machine for once
    with rehearsal.at_work() as (setting, writers):
        run_sync(setting, writers)
    rehearsal.pass_time(minutes=30)
    rehearsal.by_hand(ref, {"Lifecycle_Stage__c": "sql"})
    rehearsal.pass_time(minutes=30)
    with rehearsal.at_work() as (setting, writers):
        synced = run_sync(setting, writers)
        assert synced.report.ok
    assert rehearsal.shown()[ref]["Lifecycle_Stage__c"] == "sql"
    assert rehearsal.shown()[ref]["Previous_Stage__c"] == "inquiry"


def test_sync_never_adopts_by_itself(rehearsal: Rehearsal) -> None:
    """A first sync stops, writes nothing, decides nothing, and names the two commands."""
    with rehearsal.at_work() as (setting, writers):
        with pytest.raises(AdoptionError, match="accepted by a person"):
            run_sync(setting, writers)
        assert decided(setting) == (0, 0, None)
        assert all(writer.calls().get("write", 0) == 0 for writer in writers.values())
        with setting.store.read() as connection:
            assert last_cycles(connection)[0].status == "refused"


def test_planning_under_a_new_book_leaves_the_state_as_it_was(rehearsal: Rehearsal) -> None:
    """A plan with an edited book is a question, not a decision: states, decisions and the active book stay."""
    rehearsal.adopt()
    with rehearsal.at_work() as (setting, writers):
        before = decided(setting)
    rehearsal.edit("{A: 60, B: 40, C: 20, D: 0}", "{A: 10, B: 5, C: 2, D: 0}")
    with rehearsal.at_work() as (setting, writers):
        planned = make_plan(setting, writers)
        assert not planned.plan.empty
        assert not planned.plan.adoption
        assert not planned.kept
        assert decided(setting) == before


def test_a_new_book_becomes_active_when_its_plan_passes(rehearsal: Rehearsal) -> None:
    """Sync activates an edited book with the plan that its guards let through; by plan file it is the same."""
    rehearsal.adopt()
    rehearsal.edit("{A: 60, B: 40, C: 20, D: 0}", "{A: 10, B: 5, C: 2, D: 0}")
    with rehearsal.at_work() as (setting, writers):
        synced = run_sync(setting, writers)
        assert synced.report.ok
        assert synced.evaluation.activated > 0
        assert decided(setting)[2] == setting.book.hash
    rehearsal.edit("{A: 10, B: 5, C: 2, D: 0}", "{A: 90, B: 5, C: 2, D: 0}")
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        assert run_apply(setting, writers, plan).report.ok
        assert decided(setting)[2] == setting.book.hash
        assert run_sync(setting, writers).plan.empty


def test_guards_stop_a_book_before_anything_is_decided(rehearsal: Rehearsal) -> None:
    """A book that would write too much is refused whole: exit code 1, no write, the old book stays active."""
    rehearsal.adopt()
    with rehearsal.at_work() as (setting, writers):
        before = decided(setting)
    rehearsal.edit("{A: 60, B: 40, C: 20, D: 0}", "{A: 10, B: 5, C: 2, D: 0}")
    rehearsal.edit("most: 2000", "most: 3")
    with rehearsal.at_work() as (setting, writers):
        with pytest.raises(GuardError, match=r"guards\.most") as caught:
            run_sync(setting, writers)
        assert caught.value.exit_code == 1
        assert decided(setting) == before
        planned = make_plan(setting, writers)
        assert [stop.guard for stop in planned.stops] == ["most"]
        with pytest.raises(GuardError):
            run_apply(setting, writers, planned.plan)
        assert all(writer.calls().get("write", 0) == 0 for writer in writers.values())


def edited(plan: Plan, **changes: object) -> Plan:
    """Return a plan changed and hashed again, as a forger would."""
    changed = replace(plan, **changes)  # type: ignore[arg-type]
    return replace(changed, hash=plan_hash(changed))


def test_a_plan_is_refused_where_it_does_not_belong(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """Another organisation, another book, another state, a foreign field, or twice: refused with nothing written."""
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        foreign = replace(plan.writes[0], field="hs_lead_status", new="OPEN")
        wrong = {
            "but .* is connected": edited(plan, organisations={**plan.organisations, "hubspot": "1"}),
            "another rule book": edited(plan, book_hash="0" * 64),
            "not made from this state": edited(plan, frontier=plan.frontier + timedelta(1)),
            "may never be written": edited(plan, writes=(foreign, *plan.writes)),
            "must adopt": edited(plan, adoption=False),
            "is not as it was made": edited(plan, writes=(replace(plan.writes[0], new="customer"), *plan.writes[1:])),
        }
        for said, forged in wrong.items():
            with pytest.raises(RefusedError, match=said):
                run_apply(setting, writers, forged)
        with pytest.raises(RefusedError, match="does not connect to"):
            run_apply(setting, {"salesforce": writers["salesforce"]}, plan)
        assert all(writer.calls().get("write", 0) == 0 for writer in writers.values())
        assert decided(setting) == (0, 0, None)
        assert run_apply(setting, writers, plan).report.ok
        with pytest.raises(RefusedError, match="applied already"):
            run_apply(setting, writers, plan)
        with pytest.raises(RefusedError, match="that was done already"):
            run_apply(setting, writers, edited(plan, cycle=last_cycle(setting)))


def last_cycle(setting: Setting) -> int:
    """Return the number of the first cycle with the newest frontier."""
    with setting.store.read() as connection:
        return last_cycles(connection)[0].id


def test_one_writer_at_a_time(rehearsal: Rehearsal) -> None:
    """While a run that is alive holds the lease, every other run is refused and says by whom."""
    with rehearsal.at_work() as (setting, writers):
        with Lease(setting.store, lambda: WALL).held():
            for run in (run_pull, make_plan, run_sync):
                with pytest.raises(BusyError, match="another run is at work"):
                    run(setting, writers)
        assert run_pull(setting, writers).exit_code == 0


def test_a_lease_of_another_host_is_waited_for(rehearsal: Rehearsal) -> None:
    """Nobody can tell whether a process elsewhere is alive, so its lease must run out first."""
    with rehearsal.at_work() as (setting, writers):
        with setting.store.write() as connection:
            acquire_lease(connection, "writer", "elsewhere:1:x", WALL, timedelta(minutes=5))
        with pytest.raises(BusyError, match="process 1 on elsewhere"):
            run_pull(setting, writers)
        later = replace(setting, now=lambda: WALL + timedelta(minutes=6))
        assert run_pull(later, writers).exit_code == 0


def test_a_run_that_lost_its_lease_stops_writing(rehearsal: Rehearsal) -> None:
    """A run that slept through its lease writes nothing more once another one has taken over."""
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan

        def steal(_: object) -> None:
            with setting.store.write() as connection:
                acquire_lease(connection, "writer", "thief:1:x", WALL + timedelta(hours=1), timedelta(hours=1))

        slept = replace(setting, tell=steal)
        with pytest.raises(BusyError, match="took over"):
            run_apply(slept, writers, plan)
        assert writers["salesforce"].calls().get("write", 0) == 0


def test_a_crm_that_is_down_makes_time_stand_still(rehearsal: Rehearsal) -> None:
    """Without one CRM nothing is decided or written; the other one's data is kept, and it is recorded."""
    rehearsal.adopt()
    rehearsal.pass_time(days=20)
    rehearsal.disturb("server_error", crm="hubspot")
    with rehearsal.at_work() as (setting, writers):
        before = decided(setting)
        for run in (make_plan, run_sync):
            with pytest.raises(UnavailableError) as caught:
                run(setting, writers)
            assert caught.value.exit_code == 3
        assert decided(setting) == before
        assert run_pull(setting, writers).exit_code == 3
    rehearsal.calm()
    with rehearsal.at_work() as (setting, writers):
        synced = run_sync(setting, writers)
        assert synced.report.ok
        assert not synced.plan.empty


def test_an_empty_organisation_is_no_error(tmp_path: Path) -> None:
    """With nobody in either CRM every run works and says so with zeros."""
    with rehearse(tmp_path, people=0) as nobody, nobody.at_work() as (setting, writers):
        planned = make_plan(setting, writers)
        assert planned.plan.empty
        assert run_apply(setting, writers, planned.plan).exit_code == 0
        synced = run_sync(setting, writers)
        assert synced.exit_code == 0
        assert synced.evaluation.changed == ()


def test_the_same_state_gives_the_same_plan(tmp_path: Path) -> None:
    """Two installations on equal organisations make the same plan, byte for byte."""
    texts = []
    for name in ("one", "two"):
        with rehearse(tmp_path / name, 12) as made, made.at_work() as (setting, writers):
            texts.append(plan_text(make_plan(setting, writers).plan))
    assert texts[0] == texts[1]


def test_expected_errors_are_leadlines_own(rehearsal: Rehearsal) -> None:
    """A CRM that sends nonsense ends a run with a named error, never a traceback."""
    rehearsal.disturb("html_body")
    with rehearsal.at_work() as (setting, writers), pytest.raises(LeadlineError):
        make_plan(setting, writers)


class OnlyReads:
    """A connector with nothing but the reading protocol's own methods."""

    def __init__(self, connector: ReadConnector) -> None:
        self.crm = connector.crm
        for name in vars(ReadConnector):
            if not name.startswith("_") and name != "crm":
                setattr(self, name, getattr(connector, name))


def test_planning_needs_nothing_that_writes(rehearsal: Rehearsal) -> None:
    """Pull and plan work with objects that have no method to write, as their types say."""
    with rehearsal.at_work() as (setting, writers):
        readers = {crm: OnlyReads(writer) for crm, writer in writers.items()}
        assert not any(hasattr(reader, "write") for reader in readers.values())
        assert not make_plan(setting, readers).plan.empty
        assert run_pull(setting, readers).exit_code == 0
