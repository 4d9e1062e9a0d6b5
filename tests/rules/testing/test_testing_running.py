"""What a rule test means: when it begins, what counts when, and what a difference says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from textwrap import dedent

import pytest

from leadline.common.bookfiles import read_sources
from leadline.rules.reading import read_book
from leadline.rules.testing import coverage, read_cases, run_cases
from leadline.rules.testing.model import ITEM_KINDS
from tests.rules.testing.testing_kit import BOOK, WATERFALL, cases, run, told


def test_what_comes_true_passes() -> None:
    """Every kind of expectation can hold."""
    assert (
        told("""
        - test: a lead
          person: {email: ann@globex.example, country: Germany, title: VP, employees: 500, budget: false}
          history:
            - 2026-03-02 09:00: demo_request
          expect:
            - 2026-03-02 09:00:
                stage: mql
                pass: 1
                previous: inquiry
                reason: demo request
                grade: A2
                temperature: hot
                fit: {at_least: 60, under: 66, grade: A}
                interest: 40
                disqualified: false
                moves: inquiry -> mql
                next_change: 2026-03-16
                scope: in
        """)
        == []
    )


def test_each_difference_is_told_in_words() -> None:
    """Expected and actual stand beside each other for every kind of expectation."""
    text = """
        - test: a lead
          person: {email: ann@rivalsoft.example, country: Germany, title: VP, employees: 500}
          expect:
            - 2026-03-02:
                stage: mql
                pass: 2
                previous: none
                reason: demo request
                grade: none
                temperature: cold
                fit: {over: 70, grade: B}
                interest: 40
                disqualified: false
                moves: inquiry -> mql -> sal
                next_change: never
                scope: out
        """
    assert told(text) == [
        ("stage", "mql", "disqualified"),
        ("pass", "2", "1"),
        ("previous", "none", "inquiry"),
        ("reason", "demo request", "competitor"),
        ("grade", "none", "A4"),
        ("fit", "over 70", "65"),
        ("fit grade", "B", "A"),
        ("interest", "40", "0"),
        ("disqualified", "no", "competitor"),
        ("moves", "inquiry -> mql, mql -> sal", "inquiry -> disqualified"),
        ("scope", "out", "in"),
    ]


def test_a_difference_says_why() -> None:
    """The lines of the trace that matter stand below it."""
    failures = run("""
        - test: a lead
          person: {email: ann@globex.example, title: VP}
          expect:
            - +0d: {stage: sal, fit: 40}
        """).failures
    assert failures[0].because[0].startswith("it is Inquiry")
    assert any("to sal (main path): undecided: `status` is empty" in line for line in failures[0].because)
    assert failures[1].because[0] == "fit 25, grade C: senior title 25"
    assert "undecided for want of facts: company size" in failures[1].because[1]


def test_a_day_ends_where_it_is_expected_and_begins_where_it_happened() -> None:
    """What happens at noon counts for that day's expectation, and what happens on a day counts from its beginning."""
    assert (
        told("""
        - test: days
          person: {email: ann@globex.example}
          history:
            - 2026-03-02 12:00: demo_request
            - 2026-03-05: {status: Accepted}
          expect:
            - 2026-03-02: {stage: mql, moves: inquiry -> mql}
            - 2026-03-02 11:59: {stage: inquiry}
            - 2026-03-05 00:00: {stage: sal}
        """)
        == []
    )


def test_lengths_of_time_count_from_the_start() -> None:
    """`+30d` needs no calendar; the start is the earliest instant, or as said."""
    (case,) = cases("""
        - test: lengths
          start: 2026-02-01 10:00
          history: [+1d: demo_request]
          expect: [+2 weeks: {stage: inquiry}]
        """)
    assert case.facts[0].at == datetime(2026, 2, 2, 10, tzinfo=UTC)
    assert case.expectations[0].at - case.start == timedelta(weeks=2)


def test_days_and_instants_are_those_of_the_book_s_zone() -> None:
    """Nine o'clock in a test is nine o'clock in the zone of the book, in summer and in winter, and so is a day."""
    text = (
        (WATERFALL / "rules.yml")
        .read_text(encoding="utf-8")
        .replace("\nscope:", "\nzone: Europe/Berlin\n\nscope:", 1)
    )
    files = {**read_sources(WATERFALL), "rules.yml": text.encode()}
    book = read_book(files)
    test = """
        - test: zones
          person: {email: ann@globex.example}
          history:
            - 2026-03-28 23:30: demo_request
            - 2026-03-29 09:00: {status: Accepted}
            - 2026-03-29 22:30Z: {status: Rejected}
          expect:
            - 2026-03-28: {stage: mql}
            - 2026-03-29: {stage: recycled, moves: mql -> sal -> recycled}
            - 2026-03-29 10:00: {stage: mql}
        """
    (case,) = read_cases(book, {"tests/t.yml": dedent(test).encode()})
    assert [f"{fact.at:%d %H:%M}" for fact in case.facts[1:]] == ["28 22:30", "29 07:00", "29 22:30"]
    assert case.expectations[2].at - case.expectations[2].since == timedelta(hours=23) - timedelta(microseconds=1)
    (result,) = run_cases(book, [case])
    said = [(failure.when, failure.what, failure.actual) for failure in result.failures]
    assert said == [
        ("2026-03-29 10:00 Europe/Berlin", "stage", "sal"),
        ("2026-03-29", "stage", "sal"),
        ("2026-03-29", "moves", "mql -> sal"),
    ]


def test_who_is_adopted_keeps_the_stage_of_the_crm() -> None:
    """What happened before the start is known, and nothing is decided for it."""
    result = run("""
        - test: adopted
          start: 2026-03-10
          adopted: {stage: sal, since: 2026-03-01, pass: 2}
          person: {email: ann@globex.example}
          history:
            - 2026-03-01: demo_request
            - 2026-03-12: {status: Rejected}
          expect:
            - 2026-03-10: {stage: sal, pass: 2, interest: 40}
            - 2026-03-12: {stage: recycled}
        """)
    assert result.passed
    assert [(move.source, move.target) for move in result.moves] == [("sal", "recycled")]


def test_deals_have_names_where_there_are_several() -> None:
    """One deal lost does not lose the other; a deal that is gone counts no more."""
    assert (
        told("""
        - test: deals
          person: {email: ann@globex.example}
          history:
            - 2026-03-01: {deal: {a: open, b: open}}
            - 2026-03-02: {deal: {a: gone}}
            - 2026-03-03: {deal: {b: won}}
          expect:
            - 2026-03-02: {stage: opportunity}
            - 2026-03-03: {stage: customer}
        """)
        == []
    )


def test_a_field_that_may_not_be_read_freezes() -> None:
    """An unreadable field keeps its transitions from firing until it is readable again."""
    assert (
        told("""
        - test: frozen
          person: {email: ann@globex.example}
          history:
            - 2026-03-01: {unreadable: status}
            - 2026-03-02: {fields: {status: Accepted}}
          expect:
            - 2026-03-01: {stage: inquiry}
            - 2026-03-02: {stage: sal}
        """)
        == []
    )


def test_values_are_typed_and_renamed_as_a_crm_s_are() -> None:
    """A CRM's own spelling, a number as text and an emptied field are understood."""
    (case,) = cases("""
        - test: values
          person: {status: UNQUALIFIED, employees: "250", budget: yes, timeline: 2026-08-01, phone: 0049, title: null}
          expect: [+0d: {fit: 35}]
        """)
    values = {fact.name: fact.value for fact in case.facts}
    assert (values["status"], values["employees"], values["budget"]) == ("Rejected", 250, True)
    assert (str(values["timeline"]), values["phone"], values["title"]) == ("2026-08-01", "0049", None)
    assert run_cases(BOOK, [case])[0].passed


@pytest.mark.parametrize(
    ("listed", "difference"),
    [
        ("none", ("move", "none", "inquiry -> mql (main path)")),
        (
            "[2026-03-02: inquiry -> sal]",
            ("move", "inquiry -> sal", "inquiry -> mql (main path) at 2026-03-02 09:00Z"),
        ),
        (
            "[2026-03-03: inquiry -> mql]",
            ("move", "inquiry -> mql", "inquiry -> mql (main path) at 2026-03-02 09:00Z"),
        ),
        ("[2026-03-02: inquiry -> mql -> sal]", ("move", "mql -> sal", "none")),
        ("[2026-03-02: inquiry -> mql]", None),
    ],
)
def test_moves_are_all_moves(listed: str, difference: tuple[str, str, str] | None) -> None:
    """A list of moves fails on one too many, one too few, another one, or another day."""
    failed = told(f"""
        - test: moves
          person: {{email: ann@globex.example}}
          history: [2026-03-02 09:00: demo_request]
          moves: {listed}
        """)
    assert failed == ([] if difference is None else [difference])


def test_looking_more_often_changes_nothing() -> None:
    """More expectations between (the fold is split) see the same story."""
    head = dedent("""
        - test: split
          person: {email: ann@globex.example, title: VP, employees: 500, country: Germany}
          history:
            - 2026-03-02 09:00: demo_request
            - 2026-03-20 09:00: [pricing_page, email_click]
            - 2026-06-01 09:00: {deal: open}
          expect:
            - 2026-07-01: {stage: opportunity}
        """)
    often = head + "".join(f"    - +{day}d: {{scope: in}}\n" for day in range(100))
    assert run(often).passed
    assert run(head).moves == run(often).moves
    assert len(run(head).moves) > 2


def test_coverage_names_what_no_test_reached() -> None:
    """Criteria, bands, grades, stages and transitions are counted and those never reached are placed."""
    found = coverage(
        BOOK, run_cases(BOOK, cases("{test: one, person: {employees: 10}, expect: {+0d: {stage: inquiry}}}"))
    )
    reached = {kind: found.total[kind] - len(found.missed[kind]) for kind in ITEM_KINDS}
    assert reached == {"criterion": 0, "band": 1, "grade": 2, "stage": 1, "transition": 0}
    assert not found.complete
    assert found.total["transition"] == len(BOOK.transitions) + len(BOOK.main_path) - 1
    assert all(item.mark.line > 0 for items in found.missed.values() for item in items)
    names = [item.name for item in found.missed["transition"]]
    assert "mql -> recycled (path 2, cooled)" in names
    assert "inquiry -> mql" in names
