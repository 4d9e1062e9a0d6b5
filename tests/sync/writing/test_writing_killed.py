"""kill -9 at any step of an apply, then a restart, ends in the CRM state of a run that was never killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline.common.values import Raw, RecordRef
from leadline.sync.cycle import make_plan, run_apply, run_sync
from leadline.sync.plan import load_plan, save_plan
from tests.crash.forking import Forker
from tests.sync.writing.killed_apply import STEPS
from tests.sync.writing.rehearsal import Rehearsal, rehearse

PEOPLE = 40
ALL_STEPS = [*(step for step in STEPS if step != "journalled"), "reading back", "second CRM written"]

Shown = dict[RecordRef, dict[str, Raw]]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shown, int]:
    """Return what the CRMs show after an adoption that nobody disturbed, and the calls that wrote HubSpot."""
    with rehearse(tmp_path_factory.mktemp("reference"), PEOPLE) as calm:
        applied = calm.adopt()
        assert applied.report.ok
        assert calm.write_calls() == applied.calls["hubspot"]["write"] == 2
        return calm.shown(), 2


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Rehearsal]:
    """Give a small rehearsal with its adoption planned and saved."""
    with rehearse(tmp_path, PEOPLE) as made:
        with made.at_work() as (setting, writers):
            save_plan(make_plan(setting, writers).plan, made.home / "plan.json")
        yield made


@pytest.fixture(scope="module")
def forker() -> Iterator[Forker]:
    """Give what starts a process for each apply."""
    with Forker("tests.sync.writing.killed_apply:apply", {}) as made:
        yield made


def kill_at(forker: Forker, rehearsal: Rehearsal, step: str) -> None:
    """Apply the saved plan in a process of its own that dies at this step."""
    done = forker.run(home=str(rehearsal.home), environment=dict(rehearsal.practice.environment()), step=step)
    assert done.killed, done


@pytest.mark.parametrize("step", ALL_STEPS)
def test_applying_the_same_plan_again_finishes_it(
    few: Rehearsal, forker: Forker, step: str, reference: tuple[Shown, int]
) -> None:
    """The plan is taken up where it stopped: the end is the same, and at most one call is repeated.

    The dead process's lease is taken over at once, without waiting for it to run out.
    """
    kill_at(forker, few, step)
    with few.at_work() as (setting, writers):
        again = run_apply(setting, writers, load_plan(few.home / "plan.json"))
        assert again.report.ok
        assert again.report.resumed
        assert run_sync(setting, writers).plan.empty
    shown, calls = reference
    assert few.shown() == shown
    assert calls <= few.write_calls() <= calls + 1


@pytest.mark.parametrize("step", ["journalled", "between the two steps"])
def test_the_next_sync_finishes_it(few: Rehearsal, forker: Forker, step: str, reference: tuple[Shown, int]) -> None:
    """A sync after the kill finishes the accepted adoption first, although its guards would stop a new plan."""
    few.edit("most: 2000", "most: 1")
    with few.at_work() as (setting, writers):
        save_plan(make_plan(setting, writers).plan, few.home / "plan.json")
    kill_at(forker, few, step)
    with few.at_work() as (setting, writers):
        synced = run_sync(setting, writers)
        assert synced.resumed is not None
        assert synced.resumed.ok
        assert synced.plan.empty
        assert synced.exit_code == 0
    assert few.shown() == reference[0]
