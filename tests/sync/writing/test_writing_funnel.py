"""The funnel over a real state store."""

from __future__ import annotations

import pytest

from leadline.common.errors import UsageError
from leadline.sync.cycle import run_sync
from leadline.sync.reports.funnel import funnel
from leadline.sync.store.outcomes import all_lifecycle
from tests.sync.writing.rehearsal import Rehearsal


def test_a_new_state_gives_zeros(rehearsal: Rehearsal) -> None:
    """Before the first cycle the report is empty, with every stage of the book at zero."""
    with rehearsal.at_work() as (setting, _):
        report = funnel(setting.store, setting.book)
    assert report.people == 0
    assert report.basis.frontier is None
    assert {line.stage for line in report.stages} == set(setting.book.stages)
    assert all(line.stock == line.entered == 0 for line in report.stages)


def test_the_report_agrees_with_the_state(rehearsal: Rehearsal) -> None:
    """Stock and sources add up to the people, and moves after adoption are measured as stays."""
    rehearsal.adopt()
    rehearsal.pass_time(days=40)
    with rehearsal.at_work() as (setting, writers):
        moves = run_sync(setting, writers).evaluation.moves
        report = funnel(setting.store, setting.book)
        with setting.store.read() as connection:
            people = all_lifecycle(connection)
    assert sum(line.stock for line in report.stages) == report.people == len(people)
    assert sum(line.people for line in report.by_source) == len(people)
    assert {line.source for line in report.by_source} > {"(unknown)"}
    for line in report.stages:
        assert line.stock == sum(row.stage == line.stage for row in people)
    left = {move.split("->")[0] for move in moves}
    assert left
    assert {line.stage for line in report.stages if line.median_stay is not None} == left
    assert report.basis.frontier == max(row.frontier for row in people)


def test_people_can_be_counted_by_any_field(rehearsal: Rehearsal) -> None:
    """Any field of the book can be the source, also one that is looked up; another name is told."""
    rehearsal.adopt()
    with rehearsal.at_work() as (setting, _):
        assert {"EMEA", "Americas"} <= {
            line.source for line in funnel(setting.store, setting.book, "region").by_source
        }
        with pytest.raises(UsageError, match="the book has no field nonsense; it has amount"):
            funnel(setting.store, setting.book, "nonsense")
