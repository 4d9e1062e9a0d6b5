"""Plans so large that Salesforce gets them as bulk jobs: journalled, verified and stopped like any other write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from leadline.common.errors import RefusedError
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.salesforce import loading, writing
from leadline.sync.apply import ApplyReport
from leadline.sync.cycle import make_plan, run_apply, run_sync
from leadline.sync.pausing import pause_writing, resume_writing
from leadline.sync.plan import load_plan, save_plan
from tests.sync.writing.rehearsal import WALL, Rehearsal, rehearse


@pytest.fixture
def rehearsal(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """Practice CRMs whose jobs are done at the second look; few records are enough for one."""
    monkeypatch.setattr(loading, "WORTH", 5)
    monkeypatch.setattr(writing, "RECORDS_A_CALL", 5)
    monkeypatch.setattr(loading, "_WAITS", (0.0, 0.0, 0.0))
    with rehearse(tmp_path, options=PracticeOptions(bulk_polls=2)) as made:
        yield made


def jobs(rehearsal: Rehearsal) -> list[str]:
    """Return how the ingest jobs ended."""
    with rehearsal.at_work() as (_, writers):
        connector: Any = writers["salesforce"]
        return [job["state"] for job in connector._client.get("jobs/ingest", "read")["records"]]


def apply_saved(rehearsal: Rehearsal) -> ApplyReport:
    """Apply the saved plan as a fresh process would."""
    with rehearsal.at_work() as (setting, writers):
        return run_apply(setting, writers, load_plan(rehearsal.home / "plan.json")).report


def test_a_plan_by_jobs_is_verified_and_the_next_is_empty(rehearsal: Rehearsal) -> None:
    """A refused record is parked by itself; calls are those foretold, but for the looks."""
    with rehearsal.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        save_plan(plan, rehearsal.home / "plan.json")
    refused = next(write.ref for write in plan.writes if write.ref.object == "Lead")
    rehearsal.disturb("partial_failure", key=f"*{refused.id}*", code="FIELD_CUSTOM_VALIDATION_EXCEPTION")
    before = rehearsal.practice.salesforce.calls.snapshot().get("bulk", 0)
    report = apply_saved(rehearsal)
    assert [(one.ref, one.status, one.code) for one in report.records] == [
        (refused, "parked", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    ]
    made = jobs(rehearsal)
    assert set(made) == {"JobComplete"}
    calls = rehearsal.practice.salesforce.calls.snapshot()["bulk"] - before - 1
    assert len(made) == 2
    assert calls == plan.calls["salesforce"]["write"] + 1  # a look more each, and failures asked for once only
    with rehearsal.at_work() as (setting, writers):
        assert run_sync(setting, writers).plan.empty


def test_a_pause_ends_the_job_and_the_plan_goes_on_later(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to stop while Salesforce works: the job is aborted, its records are open, and the same plan finishes."""
    with rehearsal.at_work() as (setting, writers):
        save_plan(make_plan(setting, writers).plan, rehearsal.home / "plan.json")

    class Pausing:
        """Waits of which the second comes after somebody paused writing."""

        def __iter__(self) -> Iterator[float]:
            yield 0.0
            with rehearsal.at_work() as (setting, _):
                pause_writing(setting.store, "audit", WALL)
            yield 0.0

    monkeypatch.setattr(loading, "_WAITS", Pausing())
    with pytest.raises(RefusedError, match="audit"):
        apply_saved(rehearsal)
    assert "Aborted" in jobs(rehearsal)
    monkeypatch.setattr(loading, "_WAITS", (0.0, 0.0))
    with rehearsal.at_work() as (setting, _):
        resume_writing(setting.store)
    assert apply_saved(rehearsal).ok
    assert jobs(rehearsal).count("JobComplete") == len(jobs(rehearsal)) - 1
