"""Calls are few: a share of the account's day, a number for one run, and plans that would take more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from leadline.common.errors import QuotaError, RefusedError
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.connectors.settings import CallShare
from leadline.sync.cycle import make_plan, run_apply, run_pull, run_sync
from tests.connectors.salesforce.practising import connect_to, read
from tests.sync.writing.rehearsal import Rehearsal


def test_too_many_at_once_passes_and_too_many_today_does_not() -> None:
    """Both are REQUEST_LIMIT_EXCEEDED: only the message tells one to try again soon from one to stop."""
    waits: list[float] = []
    with start_practice(people=20, frozen=True) as practice:
        connector = connect_to(practice, sleep=waits.append)
        expected = read(connector, "Lead")
        practice.salesforce.faults.add([{"kind": "quota_used_up", "policy": "CONCURRENT", "times": 2}])
        assert read(connector, "Lead") == expected
        assert len(waits) == 2
        practice.salesforce.faults.add([{"kind": "quota_used_up", "policy": "DAILY"}])
        before = practice.salesforce.calls.total
        with pytest.raises(QuotaError, match="24 hours"):
            read(connector, "Lead")
        assert practice.salesforce.calls.total - before <= 2
        assert len(waits) == 2
        connector.close()


def test_a_run_stops_at_its_number_and_the_next_goes_on(rehearsal: Rehearsal) -> None:
    """Each run stops with its cursors where they are and nothing lost; with room enough everything is read."""
    shares = {"salesforce": CallShare(per_cycle=3)}
    with rehearsal.at_work() as (setting, readers):
        small = replace(setting, shares=shares)
        stopped = 0
        while errors := run_pull(small, readers).pull.errors:
            assert set(errors) == {"salesforce"}
            assert "`quota.per_cycle` allows one run" in str(errors["salesforce"])
            stopped += 1
            assert stopped < 10
            small = replace(setting, shares={"salesforce": CallShare(per_cycle=3 + 2 * stopped)})
        assert stopped >= 1
        with setting.store.read() as connection:
            told = connection.exec_driver_sql("SELECT count(*) FROM records WHERE crm = 'salesforce'").scalar()
    assert told


def test_the_share_of_the_day_is_kept_over_runs_until_the_account_s_midnight(rehearsal: Rehearsal) -> None:
    """What earlier runs spent counts; the account's midnight (Berlin's at HubSpot) gives a new share."""
    with rehearsal.at_work() as (setting, readers):
        limit = readers["hubspot"].quota().limit
        assert limit is None
        run_pull(setting, readers)
        limit = readers["hubspot"].quota().limit
        assert limit
        spent = sum(readers["hubspot"].calls().values())
        tight = replace(setting, shares={"hubspot": CallShare(per_day=(spent + 1.5) / limit)})
        first = run_pull(tight, readers).pull
        assert "the day ends at midnight in Europe/Berlin" in str(first.errors["hubspot"])
        assert set(first.errors) == {"hubspot"}
        now = rehearsal.practice.clock.now()
        # Midnight in Berlin is 22:00 UTC in summer.
        berlin = datetime.fromisoformat(f"{now:%Y-%m-%d}T22:00:00+00:00")
        rehearsal.pass_time(seconds=(berlin - now).total_seconds() - 60)
        assert "hubspot" in run_pull(tight, readers).pull.errors
        rehearsal.pass_time(seconds=120)
        loose = replace(setting, shares={"hubspot": CallShare(per_day=(spent + 40) / limit)})
        assert run_pull(loose, readers).pull.errors == {}


def test_a_plan_that_takes_more_than_is_left_is_refused_with_both_numbers(rehearsal: Rehearsal) -> None:
    """Nothing is written, the adoption stays open, and the same plan is applied when there is room."""
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        needed = sum(plan.calls["hubspot"].values())
        assert needed > 1
        tight = replace(setting, shares={"hubspot": CallShare(per_cycle=1)})
        with pytest.raises(RefusedError, match=f"takes {needed} calls of hubspot, 1 are left"):
            run_apply(tight, writers, plan)
        assert rehearsal.write_calls() == 0
        assert run_apply(setting, writers, plan).exit_code == 0


def test_sync_writes_as_much_as_it_may_and_finishes_in_the_next_run(rehearsal: Rehearsal) -> None:
    """A number that ends in the middle of writing leaves a plan begun; the next run ends it, and nothing twice."""
    rehearsal.adopt()
    rehearsal.pass_time(days=45)
    with rehearsal.at_work() as (setting, writers):
        run_pull(setting, writers)
        reading = run_pull(setting, writers).calls["hubspot"]["read"]
        tight = replace(setting, shares={"hubspot": CallShare(per_cycle=reading)})
        result = run_sync(tight, writers)
        planned = result.plan.counts.records.get("hubspot", 0)
        assert "hubspot" in result.report.errors
        assert result.exit_code == 3
        again = run_sync(setting, writers)
        assert again.resumed is not None
        assert again.exit_code == 0
    assert planned


def test_the_crm_s_own_count_limits_what_is_left() -> None:
    """``left`` is the smaller of the share of everybody's calls and of what this run was allowed."""
    with start_practice(people=20, frozen=True, options=PracticeOptions(daily_calls=100)) as practice:
        connector = connect_to(practice, quota_share=0.5)
        assert connector.left() is None
        connector.server_time()
        used = practice.salesforce.calls.total
        assert connector.left() == 50 - used_of(practice, used)
        connector.spend_at_most(7, "because")
        assert connector.left() == 7
        connector.server_time()
        assert connector.left() == 6
        connector.close()


def used_of(practice: Practice, seen: int) -> int:
    """Return the calls that count: signing in is none of the API's."""
    return seen - practice.salesforce.calls.snapshot().get("login", 0)
