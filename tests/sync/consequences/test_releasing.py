"""Actions that were refused for good are listed, and tried again when somebody says so: never made twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadline.sync.operations import parked_actions, release_actions
from leadline.sync.plan import Plan
from leadline.sync.store import open_store
from leadline.sync.store.effect_journal import EffectSettlement, settle_carried
from tests.sync.consequences.staging import UNKEYED, WALL, Stage, a_task, staged

REFUSAL = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give a stage whose portal has no unique property for keys: there a second task would be possible."""
    with staged(tmp_path_factory.mktemp("releasing"), UNKEYED) as made:
        yield made


def release(stage: Stage, plan: Plan) -> tuple[list[str], list[str]]:
    """Release a plan's parked actions; return their codes before, and how they stand after."""
    with open_store(stage.config.state_url) as store:
        listed = parked_actions(store)
        assert all(one.remedy for one in listed)
        keys = [one.key for one in plan.effects]
        assert release_actions(store, keys, WALL) == len(keys)
        assert not parked_actions(store)
    return [one.code for one in listed], stage.statuses(plan)


def test_what_was_refused_is_made_by_the_next_plan_once_it_is_released(stage: Stage) -> None:
    """The CRM's code and a remedy are told; after the release the next plan shows it again."""
    task = a_task(1, stage.people["salesforce"][0])
    plan = stage.plan(task)
    harness = stage.harness("salesforce")
    harness.faults.add([{"kind": "partial_failure", "code": REFUSAL}])
    assert not stage.apply(plan).ok
    harness.faults.clear()
    assert stage.statuses(plan) == ["parked"]
    assert release(stage, plan) == ([REFUSAL], ["waiting"])
    again = stage.plan(task)
    assert stage.apply(again).ok
    assert stage.statuses(again) == ["done"]
    assert harness.created[task.key] == 1


def test_what_the_crm_said_yes_to_is_looked_for_before_it_is_made_again(stage: Stage) -> None:
    """It stood there after all: the next run finds it, and makes nothing."""
    task = a_task(3, stage.people["hubspot"][0])
    plan = stage.plan(task)
    assert stage.apply(plan).ok
    with open_store(stage.config.state_url) as store, store.write() as connection:
        settle_carried(connection, [EffectSettlement(task.key, "parked", "NOT_VERIFIED")], WALL)
    assert release(stage, plan) == (["NOT_VERIFIED"], ["claimed"])
    assert stage.apply(stage.plan()).ok
    assert stage.statuses(plan) == ["done"]
    assert stage.harness("hubspot").created[task.key] == 1
