"""What a plan contains: differences only, by the publishing policy, priced in calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from leadline.rules.model import Guards, Publish, WriteTargets
from leadline.rules.state import SlaState, StageDate
from leadline.sync.guards import check_guards
from leadline.sync.plan import NotWritten, Plan, PlannedWrite, Published, build_plan
from leadline.sync.plan.desired import basis_of, desired_values, due_first
from leadline.sync.plan.records import goes_back
from tests.sync.looking import plan_text
from tests.sync.writing.writing_kit import (
    READERS,
    SHOWN_HUBSPOT,
    SHOWN_SALESFORCE,
    T0,
    People,
    PricingReader,
    a_book,
    a_person,
    an_outcome,
    hubspot,
    salesforce,
)


def planned(plan: Plan, field: str) -> list[PlannedWrite]:
    """Return the plan's writes to one field."""
    return [write for write in plan.writes if write.field == field]


def test_nobody_makes_an_empty_plan() -> None:
    """An empty organisation gives a valid plan with no writes and no calls."""
    plan = build_plan(People([]), a_book(), READERS)
    assert plan.empty
    assert plan.calls == {"salesforce": {"write": 0, "read_back": 0}, "hubspot": {"write": 0, "read_back": 0}}
    assert plan.counts.people == 0


def test_what_is_there_is_not_written() -> None:
    """Records that show the outcome already, in the CRMs' own spellings, cause no write."""
    person = a_person("p1", an_outcome(), (salesforce(), SHOWN_SALESFORCE), (hubspot(), SHOWN_HUBSPOT))
    assert build_plan(People([person]), a_book(), READERS).writes == ()


def test_an_empty_record_gets_every_target() -> None:
    """A new record gets all fields of the book's targets in its CRM's spelling."""
    person = a_person("p1", an_outcome(), (salesforce(), {}), (hubspot(), {"lifecyclestage": "lead"}))
    plan = build_plan(People([person]), a_book(), READERS)
    values = {write.field: write.new for write in plan.writes}
    assert values == {**SHOWN_SALESFORCE, **SHOWN_HUBSPOT}
    assert plan.counts.records == {"hubspot": 1, "salesforce": 1}
    assert plan.counts.stages == {"mql": 1}
    assert plan.calls["salesforce"] == {"write": 1, "read_back": 1}


def test_moving_back_in_hubspot_takes_two_steps() -> None:
    """HubSpot's lifecycle stage is cleared first and set in a later call; other moves take one."""
    outcome = an_outcome("recycled", previous="mql")
    person = a_person("p1", outcome, (hubspot(), SHOWN_HUBSPOT))
    plan = build_plan(People([person]), a_book(), READERS)
    steps = [(write.phase, write.old, write.new) for write in planned(plan, "lifecyclestage")]
    assert steps == [(1, "marketingqualifiedlead", None), (2, None, "lead")]
    assert plan.calls["hubspot"] == {"write": 2, "read_back": 1}
    assert plan.counts.backward == 1


def test_forward_in_hubspot_takes_one_step() -> None:
    """A forward move is one absolute write."""
    person = a_person("p1", an_outcome("customer"), (hubspot(), SHOWN_HUBSPOT))
    plan = build_plan(People([person]), a_book(), READERS)
    assert [write.phase for write in planned(plan, "lifecyclestage")] == [2]
    assert plan.counts.backward == 0


def test_a_stage_without_a_value_leaves_the_crm_unchanged() -> None:
    """A stage that HubSpot has no value for is not written there, and the plan says so."""
    person = a_person("p1", an_outcome("sal"), (hubspot(), SHOWN_HUBSPOT))
    plan = build_plan(People([person]), a_book(), READERS)
    assert plan.empty
    assert plan.not_written == (NotWritten("hubspot", "contact", "stage sal has no value here", 1),)


def test_scores_wait_for_their_daily_publication() -> None:
    """Plain drift is written once a day; a grade change or a first time is written at once."""
    outcome = an_outcome(fit="61")
    record = (hubspot(), SHOWN_HUBSPOT)

    def scores(published: Published | None, after: timedelta) -> list[object]:
        person = a_person("p1", outcome, record, published=published)
        plan = build_plan(People([person], frontier=T0 + after), a_book(), READERS)
        return [write.new for write in planned(plan, "fit_score")]

    at_t0 = Published(T0, basis_of(outcome))
    assert scores(None, timedelta(0)) == ["61"]
    assert scores(at_t0, timedelta(hours=23)) == []
    assert scores(at_t0, timedelta(hours=24)) == ["61"]
    assert scores(Published(T0, "inquiry fit=B"), timedelta(minutes=1)) == ["61"]


def test_drift_waits_for_room_under_the_guard() -> None:
    """By time alone nothing may pass the guard: the longest unpublished come first, the rest wait and are told."""
    outcome = an_outcome(fit="61")
    people = [
        a_person(
            f"p{number}",
            outcome,
            (hubspot(str(number)), SHOWN_HUBSPOT),
            published=Published(T0 - timedelta(days=number), basis_of(outcome)),
        )
        for number in range(1, 6)
    ]
    book = a_book(guards=Guards(most_records=2, most_percent=None))
    plan = build_plan(People(people, frontier=T0 + timedelta(days=1)), book, READERS)
    assert {write.ref.id for write in plan.writes} == {"4", "5"}
    assert NotWritten("hubspot", "contact", "score drift waits for room under guards.most", 3) in plan.not_written
    assert not check_guards(plan, book, len(people))


def test_moves_never_wait_for_room() -> None:
    """What the guard must see is planned in full, so that it stops the plan."""
    people = [a_person(f"p{number}", an_outcome("sal"), (salesforce(str(number)), {})) for number in range(5)]
    book = a_book(guards=Guards(most_records=2, most_percent=None))
    plan = build_plan(People(people), book, READERS)
    assert plan.record_count() == 5
    assert [stop.guard for stop in check_guards(plan, book, len(people))] == ["most"]


def test_a_move_counts_where_the_crm_has_no_value_for_the_stage() -> None:
    """Guards count the person, also where only the reason tells of the move."""
    book = a_book(guards=Guards(to_stage={"sal": 0}))
    book = replace(book, write={"hubspot": replace(book.write["hubspot"], why="lifecycle_reason")})
    person = a_person("p1", an_outcome("sal", why="SAL: accepted"), (hubspot(), SHOWN_HUBSPOT))
    plan = build_plan(People([person]), book, READERS)
    assert plan.counts.stages == {"sal": 1}
    assert [stop.guard for stop in check_guards(plan, book, 100)] == ["to.sal"]


def test_a_book_may_publish_scores_on_changes_only() -> None:
    """Without drift, a score is written with a grade or stage change and never alone."""
    person = a_person(
        "p1", an_outcome(fit="61"), (hubspot(), SHOWN_HUBSPOT), published=Published(T0, "mql fit=A interest=2")
    )
    book = a_book(publish=Publish(drift=None))
    plan = build_plan(People([person], frontier=T0 + timedelta(days=400)), book, READERS)
    assert plan.empty
    assert plan.not_written[0].reason == "score drift waits for its next publication"


def test_hidden_and_read_only_fields_are_left_out_and_told() -> None:
    """A field this user cannot see or edit is never planned, so it cannot fail a batch."""
    readers = {"salesforce": PricingReader("salesforce", hidden=("Fit__c",), read_only=("Why__c",))}
    plan = build_plan(People([a_person("p1", an_outcome(), (salesforce(), {}))]), a_book(), readers)
    assert not planned(plan, "Fit__c") + planned(plan, "Why__c")
    assert [item.reason for item in plan.not_written] == [
        "Fit__c is hidden from this user or does not exist",
        "Why__c is read-only for this user",
    ]


def test_a_parked_value_waits_for_another_value() -> None:
    """A value the CRM refused for good is not planned again; a different one is."""
    record = (hubspot(), {**SHOWN_HUBSPOT, "fit_score": "1"})
    book = a_book()
    same_again = a_person("p1", an_outcome(), record, parked={"fit_score": "60"})
    another = a_person("p1", an_outcome(fit="62"), record, parked={"fit_score": "60"})
    assert build_plan(People([same_again]), book, READERS).empty
    assert [write.new for write in build_plan(People([another]), book, READERS).writes] == ["62"]


def test_dates_of_an_earlier_pass_are_cleared() -> None:
    """In a later pass, a date of a stage that was not reached again is cleared; in the first pass it stays."""
    entered = {"inquiry": StageDate(T0)}
    for number, expected in ((1, []), (2, [None])):
        outcome = an_outcome("inquiry", pass_number=number, entered=entered)
        plan = build_plan(People([a_person("p1", outcome, (salesforce(), SHOWN_SALESFORCE))]), a_book(), READERS)
        assert [write.new for write in planned(plan, "MQL_Date__c")] == expected


def test_implied_dates_are_written_too() -> None:
    """A skipped stage gets its implied date in the CRM."""
    outcome = an_outcome("sal", entered={"mql": StageDate(T0, implied=True)})
    plan = build_plan(People([a_person("p1", outcome, (salesforce(), {}))]), a_book(), READERS)
    assert [write.new for write in planned(plan, "MQL_Date__c")] == ["2026-03-01"]


def test_given_descriptions_save_the_call() -> None:
    """What the pull described is not asked for again."""
    reader = PricingReader("hubspot")
    described = {"hubspot": reader.describe(("contact",))}
    reader.asked.clear()
    build_plan(People([]), a_book(), {"hubspot": reader}, described)
    assert reader.asked == []


@given(order=st.permutations(range(6)), stages=st.lists(st.sampled_from(["mql", "customer", "recycled"]), min_size=6))
def test_one_state_has_one_plan(order: list[int], stages: list[str]) -> None:
    """However the people come, the plan is the same byte for byte, sorted by CRM, phase and record."""
    people = [
        a_person(f"p{n}", an_outcome(stages[n]), (salesforce(str(n)), {}), (hubspot(str(n)), SHOWN_HUBSPOT))
        for n in range(6)
    ]
    first = build_plan(People(people), a_book(), READERS)
    second = build_plan(People([people[n] for n in order]), a_book(), READERS)
    assert plan_text(first) == plan_text(second)
    phases = [(write.ref.crm, write.phase) for write in first.writes]
    assert phases == sorted(phases)


def test_applying_a_plan_in_thought_leaves_nothing_to_plan() -> None:
    """Writing what a plan says gives a state whose plan is empty."""
    book = a_book()
    start = {salesforce(): {"Stage__c": "customer"}, hubspot(): {"lifecyclestage": "customer", "fit_score": "3"}}
    outcome = an_outcome("recycled", previous="customer")
    plan = build_plan(People([a_person("p1", outcome, *start.items())]), book, READERS)
    after = {ref: dict(fields) for ref, fields in start.items()}
    for write in plan.writes:
        after[write.ref][write.field] = write.new  # type: ignore[assignment]
    assert build_plan(People([a_person("p1", outcome, *after.items())]), book, READERS).empty


def test_what_counts_as_going_back() -> None:
    """Back is an earlier main-path stage or leaving the path; a detour's end or a first stage is not."""
    book = a_book()
    assert goes_back(book, "sal", "mql")
    assert goes_back(book, "mql", "recycled")
    assert not goes_back(book, "recycled", "mql")
    assert not goes_back(book, "mql", "customer")
    assert not goes_back(book, None, "mql")


def test_a_plan_is_pinned_to_its_origin() -> None:
    """The plan names the organisations, the book and the frontier that it was made from."""
    plan = build_plan(People([]), replace(a_book(), hash="c" * 64), READERS)
    assert plan.organisations == {"salesforce": "org-salesforce", "hubspot": "org-hubspot"}
    assert (plan.book_hash, plan.frontier, plan.adoption) == ("c" * 64, T0, False)


def test_what_is_due_first_is_shown_until_its_sla_ends() -> None:
    """One that has passed comes first while it is open; what ended or is paused is due no more; nothing clears."""
    hour = timedelta(hours=1)
    slas = {
        "later": SlaState("running", T0, T0 + 2 * hour),
        "over": SlaState("breached", T0, T0 + hour, breached=T0 + hour),
        "done": SlaState("met", T0, T0, ended=T0),
        "held": SlaState("paused", T0, None),
    }
    targets = WriteTargets("salesforce", due="Due__c", slas={"done": "Done__c", "never": "Never__c"})
    shown = desired_values(a_book(), replace(an_outcome(), slas=slas), targets, None)
    assert [(item.field, item.role) for item in shown] == [("Due__c", "due"), ("Done__c", "sla"), ("Never__c", "sla")]
    assert [item.value for item in shown][1:] == ["met", None]
    assert due_first(replace(an_outcome(), slas=slas)) == T0 + hour
    assert due_first(an_outcome()) is None
    assert [item.value for item in desired_values(a_book(), an_outcome(), targets, None)] == [None, None, None]
