"""A few people first, over HTTP: the rest follows only when nothing went wrong with them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from leadline.common.errors import RefusedError
from leadline.sync.apply import ApplyReport
from leadline.sync.cycle import make_plan, run_apply, run_sync
from leadline.sync.cycle.first import First
from leadline.sync.lease import BusyError
from leadline.sync.plan import Plan
from tests.sync.looking import intents_of
from tests.sync.writing.rehearsal import Rehearsal


def endings(rehearsal: Rehearsal, plan: Plan) -> Counter[str]:
    """Count the plan's intents by ending, as the journal has them."""
    with rehearsal.at_work() as (setting, _), setting.store.read() as connection:
        return Counter(intent.status for intent in intents_of(connection, plan.hash))


def adopt_first(rehearsal: Rehearsal, first: First) -> tuple[Plan, ApplyReport]:
    """Adopt with a few people first."""
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        return plan, run_apply(setting, writers, plan, first).report


def test_the_rest_follows_after_a_while(rehearsal: Rehearsal) -> None:
    """While it waits only the first people are written, in both CRMs; then all are, in two more calls at most."""
    seen: list[dict[str, Counter[str]]] = []
    waited: list[float] = []

    def watch(seconds: float) -> bool:
        waited.append(seconds)
        with rehearsal.at_work() as (setting, _), setting.store.read() as connection:
            found = intents_of(connection, plans[0].hash)
        seen.append(
            {crm: Counter(one.status for one in found if one.crm == crm) for crm in ("salesforce", "hubspot")}
        )
        return False

    plans: list[Plan] = []
    with rehearsal.at_work() as (setting, writers):
        plans.append(make_plan(setting, writers).plan)
        result = run_apply(setting, writers, plans[0], First(6, timedelta(seconds=150), watch))
    assert result.report.ok
    assert waited == [60.0, 60.0, 30.0]
    for found in seen[0].values():
        assert found["verified"] > 0
        assert found["planned"] > found["verified"]
    assert set(endings(rehearsal, plans[0])) == {"verified"}
    planned = {crm: calls["write"] for crm, calls in plans[0].calls.items()}
    assert all(made["write"] <= planned[crm] + 2 for crm, made in result.report.calls.items())


def test_trouble_with_the_first_gives_the_rest_up(rehearsal: Rehearsal) -> None:
    """A refused record among the first: nobody else is written, the plan is over, the next run makes a new one."""
    rehearsal.disturb("partial_failure", crm="salesforce", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", times=1)
    plan, report = adopt_first(rehearsal, First(4, timedelta(), lambda _: pytest.fail("nothing to wait for")))
    rehearsal.calm()
    assert report.exit_code == 3
    assert report.counts["parked"] == 1
    assert {item.code for item in report.records if item.status == "stale"} == {"CANARY"}
    with rehearsal.at_work() as (setting, writers):
        with pytest.raises(RefusedError, match="make a new plan"):
            run_apply(setting, writers, plan)
        done = run_sync(setting, writers)
    assert done.resumed is None
    assert done.plan.record_count() > 0


def test_whoever_stops_the_wait_gives_the_rest_up(rehearsal: Rehearsal) -> None:
    """Ctrl-C while the first are watched leaves the first as they are and the rest alone."""
    plan, report = adopt_first(rehearsal, First(4, timedelta(seconds=10), lambda _: True))
    assert report.exit_code == 1
    assert set(endings(rehearsal, plan)) == {"verified", "stale"}


def test_nobody_else_writes_meanwhile(rehearsal: Rehearsal) -> None:
    """The lease is held while time passes."""

    def intrude(_: float) -> bool:
        with rehearsal.at_work() as (setting, writers), pytest.raises(BusyError):
            run_sync(setting, writers)
        return False

    assert adopt_first(rehearsal, First(4, timedelta(seconds=10), intrude))[1].ok
