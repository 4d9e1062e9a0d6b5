"""Guards stop a plan before its first write, tell everything at once, and cannot be talked out of the allow-list."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from leadline.rules.model import Guards
from leadline.sync.guards import AdoptionError, GuardError, check_guards, require_guards
from leadline.sync.plan import Plan, build_plan
from tests.sync.writing.writing_kit import (
    READERS,
    SHOWN_SALESFORCE,
    People,
    a_book,
    a_person,
    an_outcome,
    hubspot,
    salesforce,
)


def plan_to(stage: str, people: int, *, adoption: bool = False) -> Plan:
    """Return a plan that moves so many MQLs to a stage in Salesforce."""
    persons = [
        a_person(f"p{n}", an_outcome(stage, previous="mql"), (salesforce(str(n)), SHOWN_SALESFORCE))
        for n in range(people)
    ]
    return build_plan(People(persons, adoption=adoption), a_book(), READERS)


def stops(plan: Plan, guards: Guards, population: int = 100) -> dict[str, tuple[int, int]]:
    """Return (limit, found) by guard."""
    book = a_book(guards=guards)
    return {stop.guard: (stop.limit, stop.found) for stop in check_guards(plan, book, population)}


NONE = Guards(most_records=None, most_percent=None, backward=None)


@pytest.mark.parametrize(
    ("most", "percent", "records", "expected"),
    [
        (10, None, 10, {}),
        (10, None, 11, {"most": (10, 11)}),
        (50, Decimal(10), 10, {}),
        (50, Decimal(10), 11, {"most": (10, 11)}),
        (5, Decimal(10), 6, {"most": (5, 6)}),
        (None, Decimal("0.5"), 1, {"most": (0, 1)}),
        (None, None, 99, {}),
    ],
)
def test_the_smaller_of_number_and_share_binds(
    most: int | None, percent: Decimal | None, records: int, expected: dict[str, tuple[int, int]]
) -> None:
    """Of 100 live records, the smaller of the two limits counts, and exactly the limit still passes."""
    guards = replace(NONE, most_records=most, most_percent=percent)
    assert stops(plan_to("sal", records), guards) == expected


def test_a_person_in_both_crms_counts_twice_in_records_and_once_in_moves() -> None:
    """Records are counted for `most`, people for `backward` and `to`."""
    outcome = an_outcome("recycled", previous="mql")
    both = a_person("p1", outcome, (salesforce(), SHOWN_SALESFORCE), (hubspot(), {"lifecyclestage": "customer"}))
    plan = build_plan(People([both]), a_book(), READERS)
    found = stops(plan, Guards(most_records=1, most_percent=None, backward=0, to_stage={}))
    assert found == {"most": (1, 2), "backward": (0, 1)}


def test_stages_with_their_own_limit_are_not_counted_as_backward() -> None:
    """`to: {disqualified: 100}` beside `backward: 50` means what it says."""
    guards = replace(NONE, backward=1, to_stage={"disqualified": 3})
    assert stops(plan_to("disqualified", 3), guards) == {}
    assert stops(plan_to("disqualified", 4), guards) == {"to.disqualified": (3, 4)}
    assert stops(plan_to("recycled", 2), guards) == {"backward": (1, 2)}


def test_forward_moves_are_not_backward() -> None:
    """Any number of forward moves passes the backward guard."""
    assert stops(plan_to("customer", 9), replace(NONE, backward=0)) == {}


def test_a_field_outside_the_allow_list_can_never_be_written() -> None:
    """Not even an adoption, nor a plan file that asks for it, writes a field that the book does not name."""
    plan = plan_to("sal", 1, adoption=True)
    write = plan.writes[0]
    foreign = replace(write, field="OwnerId")
    account = replace(write, ref=replace(write.ref, object="Account"))
    stops_found = check_guards(replace(plan, writes=(*plan.writes, foreign, account)), a_book(), 100)
    assert [stop.guard for stop in stops_found] == ["fields", "fields"]
    assert "Lead.OwnerId" in str(stops_found[1])
    assert "Account." in str(stops_found[0])


def test_an_adoption_is_not_counted() -> None:
    """A first plan touches everything; it is accepted by its hash instead of being counted."""
    guards = Guards(most_records=1, most_percent=Decimal(1), backward=0, to_stage={"recycled": 0})
    assert stops(plan_to("recycled", 50, adoption=True), guards) == {}
    assert set(stops(plan_to("recycled", 50), guards)) == {"most", "to.recycled"}


def test_all_stops_are_told_at_once() -> None:
    """The error names every guard that stops the plan, and its exit code is 1."""
    guards = Guards(most_records=1, most_percent=None, backward=0, to_stage={"sal": 0})
    with pytest.raises(GuardError) as caught:
        require_guards(plan_to("sal", 2), a_book(guards=guards), 100)
    assert caught.value.exit_code == 1
    assert "guards.most: 2 records would be written, 1 may be" in str(caught.value)
    assert "guards.to.sal: 2 people would become sal, 0 may" in str(caught.value)


def test_an_empty_plan_passes_every_guard() -> None:
    """Nothing to write is always allowed, even in an empty organisation."""
    assert stops(plan_to("sal", 0), Guards(most_records=0, most_percent=Decimal(0), backward=0), 0) == {}


def test_an_unaccepted_adoption_names_both_commands() -> None:
    """The refusal says how a person looks at the plan and accepts it."""
    text = str(AdoptionError(plan_to("sal", 2, adoption=True)))
    assert "leadline plan -o plan.json" in text
    assert "leadline apply plan.json" in text
    assert "2 records" in text


def test_moves_fields_and_crms_have_limits_of_their_own() -> None:
    """Exactly the limit still passes; a move is counted whatever made it; what has no limit is not counted."""
    plan = plan_to("recycled", 4)
    plan = replace(
        plan,
        writes=tuple(
            replace(write, transition=f"{write.transition} (paths[2])") if write.transition else write
            for write in plan.writes
        ),
    )
    limits = Guards(
        most_records=None,
        most_percent=None,
        backward=None,
        paths={"mql -> recycled": 3, "mql -> sal": 0},
        fields={"salesforce": {"Stage__c": 3, "Fit__c": 0}, "hubspot": {"fit_score": 0}},
        crms={"salesforce": 3, "hubspot": 0},
    )
    assert stops(plan, limits) == {
        "paths.mql -> recycled": (3, 4),
        "fields.salesforce.Stage__c": (3, 4),
        "salesforce": (3, 4),
    }
    assert (
        stops(plan, replace(limits, paths={}, fields={"salesforce": {"Stage__c": 4}}, crms={"salesforce": 4})) == {}
    )


def test_an_hour_has_a_limit_too() -> None:
    """What was written within the hour counts with the plan; an empty plan passes."""
    book = a_book(guards=replace(NONE, per_hour=5))
    assert check_guards(plan_to("sal", 3), book, 100, recent=2) == ()
    stop = check_guards(plan_to("sal", 3), book, 100, recent=3)[0]
    assert (stop.guard, stop.limit, stop.found) == ("per_hour", 5, 6)
    assert "the next hour has room" in stop.message
    assert "no hour has room" in check_guards(plan_to("sal", 6), book, 100)[0].message
    assert check_guards(plan_to("sal", 0), book, 100, recent=9) == ()
