"""Owners in plans: what keeps an assignment back is said, and so is a task that would be nobody's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from leadline.common.values import FieldDescription, ObjectDescription, RecordRef
from leadline.connectors.protocol import ReadConnector, User
from leadline.rules.model import AssignOwner, Consequence, CreateTask
from leadline.sync.plan.effects import NOT_ASSIGNED, EffectPlanner
from leadline.sync.plan.effectwrites import NO_MANAGER, EffectWrites
from leadline.sync.plan.owners import Owners
from leadline.sync.plan.source import DueEffect
from tests.sync.writing.writing_kit import T0, a_book, a_person, an_outcome, salesforce

ANN, QUEUE = User("005A", "ann@acme.example", "Ann", True), User("00GQ", "", "Inbound", True, queue=True)


class Users:
    """A CRM that knows one person and one queue."""

    def users(self) -> tuple[User, ...]:
        """Return them."""
        return ANN, QUEUE


def planned(
    ref: RecordRef, owner: str, *actions: Consequence, may: bool = True, refused: str | None = None
) -> EffectPlanner:
    """Plan these actions for somebody with one record; ``refused``: who owned it when an assignment was refused."""
    readers: Any = {"salesforce": cast(ReadConnector, Users())}
    fields = {"OwnerId": FieldDescription("OwnerId", "reference", updateable=may)}
    shown = {"salesforce": {ref.object: ObjectDescription(ref.object, fields)}}
    book = replace(a_book(), primary=(ref.object,))
    planner = EffectPlanner(book, readers, EffectWrites(shown, Owners(readers)))
    kept = {ref: refused} if refused else {}
    due = [
        DueEffect(f"e-{n}", "p1", T0, "enter sal", n, "d-1", action, refused=kept) for n, action in enumerate(actions)
    ]
    planner.plan(due, {"p1": a_person("p1", an_outcome("sal"), (ref, {"OwnerId": owner}))})
    return planner


@pytest.mark.parametrize(
    ("name", "may", "to", "reason"),
    [
        ("Contact", True, "Inbound", "a contact of Salesforce cannot belong to the queue `Inbound`"),
        ("Contact", True, "Outbound", "`Outbound` is no active user or queue"),
        ("Lead", False, "Ann", "Lead.OwnerId of salesforce cannot be written by this user"),
    ],
)
def test_what_keeps_an_assignment_back_is_said(name: str, may: bool, to: str, reason: str) -> None:
    """Nobody of that name, somebody whom this object cannot have, a field that the user may not write."""
    found = planned(salesforce(name=name), ANN.id, AssignOwner(to=to), may=may)
    assert [(held.kind, held.reason) for held in found.held()] == [("assign", reason)]


def test_a_task_for_the_owner_says_where_that_is_nobody() -> None:
    """A queue owns the lead once the plan is carried out: the CRM would give the task to Leadline's user."""
    given = planned(salesforce(), ANN.id, AssignOwner(to="Inbound"), CreateTask(subject="Call"))
    assert given.planned[1].title == "task for owner (nobody: a queue, or who is not active): Call"
    assert "owner" not in given.planned[1].payload
    taken = planned(salesforce(), QUEUE.id, AssignOwner(to="Ann"), CreateTask(subject="Call"))
    assert (taken.planned[1].title, taken.planned[1].payload["owner"]) == ("task for owner: Call", ANN.id)


@pytest.mark.parametrize("to", ["owner", "manager"])
def test_a_task_waits_only_while_the_record_has_its_old_owner(to: str) -> None:
    """Whoever gives it another owner by hand, or a later assignment, says whose the task is."""
    task = CreateTask(to, "Call")
    held = planned(salesforce(), QUEUE.id, task, refused=QUEUE.id).held()
    assert [(one.kind, one.reason) for one in held] == [("task", NOT_ASSIGNED)]
    for found in (
        planned(salesforce(), ANN.id, task, refused=QUEUE.id),
        planned(salesforce(), QUEUE.id, AssignOwner(to="Ann"), task, refused=QUEUE.id),
    ):
        given = [one.reason for one in found.held()]
        assert given == ([] if to == "owner" else [NO_MANAGER])
