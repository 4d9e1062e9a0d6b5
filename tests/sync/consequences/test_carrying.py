"""Effects are carried out once: made, verified, refused, redirected, resumed, and told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from leadline.common.values import Crm
from leadline.connectors.protocol import Creation
from leadline.sync.apply.effects import Carrier, EffectJournal
from leadline.sync.cycle import open_setting, open_writers
from leadline.sync.journal import Entry
from leadline.sync.plan import Plan
from leadline.sync.plan.file import plan_hash
from leadline.sync.plan.rows import row_of
from leadline.sync.plan.write import PlannedWrite
from leadline.sync.store.effect_journal import EffectSettlement, settle_carried
from tests.sync.consequences.staging import (
    CHANNEL,
    UNKEYED,
    WALL,
    Stage,
    a_task,
    effect,
    everything,
    staged,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give one stage to all tests of this file; each uses numbers of its own."""
    with staged(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture(scope="module")
def unkeyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give a stage whose portal has no unique property for keys."""
    with staged(tmp_path_factory.mktemp("unkeyed"), UNKEYED) as made:
        yield made


@pytest.fixture(params=["unique key", "no unique key"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Give either stage, calm at the end."""
    made: Stage = request.getfixturevalue("shared" if request.param == "unique key" else "unkeyed")
    yield made
    for crm in ("salesforce", "hubspot"):
        made.harness(crm).faults.clear()
    made.receiver.answers.clear()


def created(stage: Stage, plan: Plan) -> dict[str, int]:
    """Return how often each task and note of a plan was made at the practice CRMs."""
    counts = {**stage.practice.salesforce.created, **stage.practice.hubspot.created}
    return {one.key: counts.get(one.key, 0) for one in plan.effects if one.kind in {"task", "note"}}


def disturb(stage: Stage, crm: Crm, kind: str, **more: Any) -> None:
    """Put a fault in force."""
    stage.harness(crm).faults.add([{"kind": kind, **more}])


def test_everything_is_made_once_and_told(stage: Stage) -> None:
    """Tasks, notes, memberships and notices arrive; the report says so; applying again is refused."""
    plan = stage.plan(*everything(stage, 1000))
    report = stage.apply(plan)
    assert report.ok and report.exit_code == 0
    assert dict(report.effects) == {"done": len(plan.effects)} and report.undone == ()
    assert set(created(stage, plan).values()) == {1}
    assert plan.effects[-1].key in stage.receiver.keys
    assert all(row.remote_id for row in stage.rows(plan).values() if row.crm)


def test_an_answer_lost_after_the_commit_makes_no_second_one(stage: Stage) -> None:
    """The task was made and the answer lost: it is looked up, after the request can no longer be at work."""
    plan = stage.plan(*(a_task(2000 + n, ref) for n, ref in enumerate(stage.people["hubspot"][:5])))
    lost = "POST /crm/v3/objects/tasks/batch/*"
    disturb(stage, "hubspot", "dropped_connection", when="after", match=lost, times=1)
    reports = [stage.apply(plan)]
    if not reports[0].ok:  # a portal with unique keys is asked again by the client, until its patience ends
        assert {one.status for one in reports[0].undone} == {"claimed"}
        reports.append(stage.apply(plan))
    assert reports[-1].ok
    assert set(created(stage, plan).values()) == {1}


def test_an_answer_lost_before_the_commit_is_asked_for_again(stage: Stage) -> None:
    """The request never arrived: what is not there after looking is made."""
    plan = stage.plan(*(a_task(2100 + n, ref) for n, ref in enumerate(stage.people["hubspot"][:5])))
    lost = "POST /crm/v3/objects/tasks/batch/*"
    disturb(stage, "hubspot", "dropped_connection", when="before", match=lost, times=1)
    assert stage.apply(plan).ok or stage.apply(plan).ok
    assert set(created(stage, plan).values()) == {1}


def test_a_crm_that_is_down_is_told_and_the_other_served(stage: Stage) -> None:
    """No success is claimed for what was not made; the next run of the same plan makes it, once."""
    plan = stage.plan(*everything(stage, 2200))
    disturb(stage, "hubspot", "server_error", status=503, match="POST /crm/v3/objects/*/batch/*")
    disturb(stage, "hubspot", "server_error", status=503, match="PUT /crm/v3/lists/*")
    report = stage.apply(plan)
    assert not report.ok and report.exit_code == 3
    assert {one.crm for one in report.undone} == {"hubspot"}
    assert all(one.remedy for one in report.undone)
    assert not any("Who they are" in f"{one.message}{one.remedy}" for one in report.undone)
    stage.harness("hubspot").faults.clear()
    again = stage.apply(plan)
    assert again.ok and again.resumed
    assert set(created(stage, plan).values()) == {1}
    assert stage.receiver.keys.count(plan.effects[-1].key) == 1


def test_one_refused_task_is_parked_with_a_remedy(stage: Stage) -> None:
    """A bad owner parks its own effect; the others are made; the code is the CRM's own."""
    refs = stage.people["hubspot"]
    plan = stage.plan(a_task(2300, refs[0]), a_task(2301, refs[1], owner="999999"), a_task(2302, refs[2]))
    report = stage.apply(plan)
    assert stage.statuses(plan) == ["done", "parked", "done"]
    assert report.exit_code == 3
    (undone,) = report.undone
    assert (undone.key, undone.code) == (plan.effects[1].key, "INVALID_OWNER_ID")
    assert "owner" in undone.remedy


def test_a_task_refused_in_a_part_of_an_answer_is_parked(unkeyed: Stage) -> None:
    """Without a key property the error of a part names no record; what is refused for good is not asked for again."""
    refs = unkeyed.people["hubspot"]
    plan = unkeyed.plan(a_task(2350, refs[0]), a_task(2351, refs[1]))
    fault = {"kind": "partial_failure", "match": "POST /crm/v3/objects/tasks/*", "key": "new"}
    unkeyed.harness("hubspot").faults.add([{**fault, "code": "VALIDATION_ERROR", "times": 1}])
    report = unkeyed.apply(plan)
    unkeyed.harness("hubspot").faults.clear()
    assert sorted(unkeyed.statuses(plan)) == ["done", "parked"]
    (refused,) = report.undone
    assert (refused.status, refused.code) == ("parked", "VALIDATION_ERROR")
    assert "owner" in refused.remedy
    assert sum(created(unkeyed, plan).values()) == 1


def test_a_success_that_shows_nothing_is_not_believed(shared: Stage) -> None:
    """A task that an automation takes away at once is parked as not verified, never made again."""
    ref = shared.people["hubspot"][0]
    plan = shared.plan(a_task(2400, ref))
    with open_writers(shared.config) as writers:
        found = writers["hubspot"].create([_creation(plan)])
        (result,) = [one for page in found for one in page]
    shared.practice.hubspot.created.clear()
    _claimed(shared, plan, remote_id="1")
    report = shared.apply(plan)
    assert shared.statuses(plan) == ["done"], "a stale id is no reason to overlook what the key finds"
    assert result.remote_id == shared.rows(plan)[plan.effects[0].key].remote_id
    assert report.ok and created(shared, plan) == {plan.effects[0].key: 0}


def test_another_owner_than_asked_for_is_told(shared: Stage) -> None:
    """A flow that gives the task to somebody else is told, and the task is not made again."""
    with open_writers(shared.config) as writers:
        owners = [user.id for user in writers["hubspot"].users() if user.active and not user.queue][:2]
    ref = shared.people["hubspot"][1]
    first = shared.plan(a_task(2500, ref, owner=owners[0]))
    shared.apply(first)
    other = replace(first.effects[0], payload={**first.effects[0].payload, "owner": owners[1]})
    plan = replace(first, hash="", effects=(other,))
    plan = replace(plan, hash=plan_hash(plan))
    _claimed(shared, plan)
    report = shared.apply(plan)
    assert [(one.status, one.code) for one in report.undone] == [("parked", "OWNER_DIFFERS")]
    assert created(shared, plan) == {other.key: 1}


def test_what_a_dead_run_claimed_is_looked_for_first(stage: Stage) -> None:
    """A claimed row whose task stands in the CRM becomes done without another create; one that does not is made."""
    refs = stage.people["salesforce"]
    plan = stage.plan(a_task(2600, refs[0]), a_task(2601, refs[1]))
    with open_writers(stage.config) as writers:
        for _ in writers["salesforce"].create([_creation(plan)]):
            pass
    _claimed(stage, plan)
    assert stage.apply(plan).ok
    assert created(stage, plan) == {plan.effects[0].key: 1, plan.effects[1].key: 1}


def test_a_task_deleted_by_somebody_is_not_made_again(shared: Stage) -> None:
    """What was made and then deleted by a person was made: after a crash it is found in the recycle bin."""
    plan = shared.plan(a_task(2700, shared.people["salesforce"][0]))
    with open_writers(shared.config) as writers:
        (result,) = [one for page in writers["salesforce"].create([_creation(plan)]) for one in page]
        client = writers["salesforce"]._client  # type: ignore[attr-defined]
        path = f"{client.data_path}/composite/sobjects?ids={result.remote_id}&allOrNone=false"
        client.composite([{"method": "DELETE", "url": path, "referenceId": "d"}], "write")
    _claimed(shared, plan)
    assert shared.apply(plan).ok
    assert created(shared, plan) == {plan.effects[0].key: 1}


def test_leftovers_of_another_plan_are_resolved_too(shared: Stage) -> None:
    """A run that died under an older plan: what it made is found, what it did not make waits for the next plan."""
    refs = shared.people["salesforce"]
    old = shared.plan(a_task(2800, refs[0]), a_task(2801, refs[1]))
    with open_writers(shared.config) as writers:
        for _ in writers["salesforce"].create([_creation(old)]):
            pass
    _claimed(shared, old)
    report = shared.apply(shared.plan(a_task(2802, refs[2])))
    assert report.ok and dict(report.effects) == {"done": 1}
    assert shared.statuses(old) == ["done", "waiting"]


def test_tasks_are_closed_when_their_stage_is_left(stage: Stage) -> None:
    """The task is completed in the CRM, its effect is closed; a task that somebody deleted needs nothing."""
    for crm in ("salesforce", "hubspot"):
        base = 2900 if crm == "salesforce" else 2950
        made = stage.plan(a_task(base, stage.people[crm][0]))  # type: ignore[index]
        stage.apply(made)
        row = stage.rows(made)[made.effects[0].key]
        close = stage.plan(effect(base + 1, "close", made.effects[0].ref, task=row.remote_id, closes=row.key))
        assert stage.apply(close).ok
        assert (stage.statuses(close), stage.statuses(made)) == (["done"], ["closed"])
        with open_writers(stage.config) as writers:
            assert writers[crm].find_created([_creation(made)])[row.key].closed  # type: ignore[index]


def test_notices_are_sent_again_until_an_answer_came(stage: Stage) -> None:
    """A receiver that is away fails the notice; the next run sends it again under the same key."""
    plan = stage.plan(effect(3000, "notify", None, channel=CHANNEL, text="Look"))
    stage.receiver.answers += [(503, {})]
    report = stage.apply(plan)
    assert [(one.status, one.code) for one in report.undone] == [("failed", "NOT_DELIVERED")]
    assert stage.apply(plan).ok
    assert stage.receiver.keys.count(plan.effects[0].key) == 2


def test_notices_that_cannot_arrive_are_parked(shared: Stage) -> None:
    """An unknown channel and a refusal are parked with what to do."""
    plan = shared.plan(
        effect(3100, "notify", None, channel="#nobody", text="Look"),
        effect(3101, "notify", None, channel=CHANNEL, text="Look"),
    )
    shared.receiver.answers += [(404, {})]
    report = shared.apply(plan)
    assert [one.code for one in report.undone] == ["NO_CHANNEL", "REFUSED"]
    assert "channels:" in report.undone[0].remedy and report.exit_code == 3


ENDINGS = {
    "verified": ("done", ""),
    "parked": ("parked", "INVALID_OWNER_ID"),
    "ignored": ("parked", "IGNORED"),
    "gone": ("skipped", "RECORD_GONE"),
    "stale": ("failed", "STALE"),
    "failed": ("failed", "INVALID_OWNER_ID"),
    "planned": ("failed", "NOT_REACHED"),
    "done": ("failed", "NOT_REACHED"),
}


def test_assignments_end_as_their_writes_end(shared: Stage) -> None:
    """An owner is set by the plan's writes and ends as they end; where none is left to write, it is so already."""
    refs = shared.people["hubspot"]
    effects = [
        effect(3200 + n, "assign", refs[n], **{"contact.hubspot_owner_id": "1"}) for n in range(len(ENDINGS) + 1)
    ]
    writes = [
        PlannedWrite(refs[n], one.person, "hubspot_owner_id", "text", None, "1", "", effect=one.key)
        for n, one in enumerate(effects[:-1])
    ]
    plan = shared.plan(*effects, writes=writes)
    entries = [
        Entry(n, status, row_of([write]), "INVALID_OWNER_ID" if status in {"parked", "failed"} else "")  # type: ignore[arg-type]
        for n, (status, write) in enumerate(zip(ENDINGS, writes, strict=True))
    ]
    with open_setting(shared.config, lambda: WALL) as setting:
        journal = EffectJournal(setting.store, plan, "me:1:x", lambda: WALL)
        with setting.store.write() as connection:
            journal.begin(connection)
        Carrier(setting.store, journal, setting.patience).carry_out({}, entries, {})
    rows = shared.rows(plan)
    found = [(rows[one.key].status, rows[one.key].code) for one in effects]
    assert found == [*ENDINGS.values(), ("done", "")]


def test_withdrawn_effects_are_left_alone(shared: Stage) -> None:
    """What is no longer wanted when the plan is applied is not carried out, and not a failure."""
    plan = shared.plan(a_task(3300, shared.people["salesforce"][3]))
    _settled(shared, EffectSettlement(plan.effects[0].key, "withdrawn"))
    assert shared.apply(plan).ok
    assert created(shared, plan) == {plan.effects[0].key: 0}


def _creation(plan: Plan) -> Any:
    one = plan.effects[0]
    assert one.ref is not None
    return Creation(one.key, "task", one.ref, one.payload)


def _claimed(stage: Stage, plan: Plan, remote_id: str = "") -> None:
    """Leave the effects of a plan as a run that died after its claim leaves them."""
    with open_setting(stage.config, lambda: WALL) as setting:
        journal = EffectJournal(setting.store, plan, "dead:1:x", lambda: WALL)
        with setting.store.write() as connection:
            settle_carried(connection, [EffectSettlement(one.key, "waiting") for one in plan.effects], WALL)
            journal.begin(connection)
        assert len(journal.claim(journal.items("planned"))) == len(plan.effects)
        if remote_id:
            journal.settle([EffectSettlement(one.key, "claimed", "", "", remote_id) for one in plan.effects])


def _settled(stage: Stage, settlement: EffectSettlement) -> None:
    with open_setting(stage.config, lambda: WALL) as setting, setting.store.write() as connection:
        settle_carried(connection, [settlement], WALL)
