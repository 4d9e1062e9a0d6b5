"""SLAs by hand: what starts, pauses, keeps, breaks and voids a promise, at which instant (design 4.5)."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from leadline.common.errors import BookError
from leadline.rules.deciding import Engine
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.rules.state import Adopted, Advance, Fact, SlaState

BOOK = """leadline: 1
name: promises
fields:
  email: {type: text}
  owner: {type: text}
  status: {type: text, signal: true}
  size: {type: integer}
activities:
  demo: {hubspot: {form: demo}}
  call: {salesforce: {task: {subtype: Call, status: Completed}}}
scores:
  fit:
    between: [0, 100]
    criteria:
      big: {points: 50, when: {size: {at_least: 100}}}
      rival: {disqualify: rival, when: {email: {domain_in: [rival.example]}}}
    grades: {A: 50, B: 0}
stages:
  inquiry: {kind: inventory, start: true}
  mql: {kind: sla, enter: {activity: demo, within: 60d}}
  sal: {kind: gate, enter: {status: [Accepted, Working]}}
  sql: {kind: gate, enter: {status: Working}}
  recycled: {kind: detour, reasons: [cooled, late]}
  out: {kind: detour}
paths:
  - inquiry -> mql -> sal -> sql
  - {from: mql, to: recycled, when: {status: Cold}, reason: cooled}
  - {from: recycled, to: mql, when: {status: Warm}}
  - {from: [inquiry, mql, sal], to: out, when: disqualified}
calendars:
  office: {zone: Europe/Berlin, open: {mon-fri: [09:00-18:00]}}
  long: {zone: Europe/Berlin, open: {mon-fri: [08:00-20:00]}, for: anna}
slas:
  accept:
    from: {enters: mql}
    until: {any: [{enters: sal}, {first_response: owner}, {status: Rejected}]}
    pause: {status: On Hold}
    target: [{when: {fit: {grade: A}}, is: 2 business hours}, 8 business hours]
    calendar: {by: owner, otherwise: office}
    ladder:
      - {at: 50%, do: {notify: owner}}
      - {at: 100%, do: {task: owner}}
      - {at: 200%, do: {notify: "#managers"}}
"""
MONDAY = "2026-07-13 08:00"  # 10:00 in Berlin


def at(text: str) -> datetime:
    """Return an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def book(*changes: tuple[str, str]) -> Book:
    """Return the book above with some of its text changed."""
    text = BOOK
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_book({"rules.yml": text.encode()})


def did(name: str, when: str) -> Fact:
    """Return an activity."""
    return Fact("activity", name, None, at(when), "hubspot", f"{name} {when}", at(when))


def said(name: str, value: str | int, when: str) -> Fact:
    """Return a value of a field."""
    return Fact("field", name, value, at(when), "salesforce", "lead:1", at(when))


def by_hand(stage: str, when: str) -> Fact:
    """Return a stage that a person set."""
    return Fact("human", "jo", stage, at(when), "salesforce", "lead:1", at(when))


def lived(rules: Book, facts: list[Fact], until: str, *, engine: Engine | None = None) -> Advance:
    """Return the life of somebody new from the first of July on."""
    made = engine or Engine(rules)
    begun = made.begin("p", [], at("2026-07-01 00:00"))
    return made.advance(begun.state, facts, at(until))


def timer(found: Advance, name: str = "accept") -> SlaState:
    """Return the timer as it is shown."""
    return found.state.outcome.slas[name]


def told(found: Advance, name: str = "accept") -> list[tuple[str, str]]:
    """Return when the state of a timer changed, and into what."""
    log: list[tuple[str, str]] = []
    for made in found.decisions:
        state = made.after.slas.get(name)
        if state is not None and (not log or log[-1][1] != state.status):
            log.append((f"{made.at:%d %H:%M}", state.status))
    return log


def test_it_runs_from_entry_to_the_due_instant_and_on() -> None:
    """Monday 10:00 + 8 business hours is Monday 18:00; rungs have instants of their own; the breach goes on."""
    found = lived(book(), [did("demo", MONDAY)], "2026-07-15 12:00")
    assert told(found) == [("13 08:00", "running"), ("13 16:00", "breached")]
    assert [(f"{made.at:%d %H:%M}", made.cause) for made in found.decisions] == [
        ("13 08:00", "facts"),
        ("13 12:00", "time"),
        ("13 16:00", "time"),
        ("14 15:00", "time"),
    ]
    state = timer(found)
    assert (state.due, state.breached, state.ended) == (at("2026-07-13 16:00"), at("2026-07-13 16:00"), None)
    assert state.reached == (Decimal("0.5"), Decimal(1), Decimal(2))
    late = Engine(book()).advance(found.state, [did("call", "2026-07-15 13:00")], at("2026-07-15 14:00"))
    assert (timer(late).status, timer(late).ended) == ("breached", at("2026-07-15 13:00"))
    assert late.next_change is None


@pytest.mark.parametrize(
    ("fact", "when"),
    [
        (did("call", "2026-07-13 16:00"), "13 16:00"),
        (said("status", "Accepted", "2026-07-13 15:00"), "13 15:00"),
        (said("status", "Working", "2026-07-13 15:00"), "13 15:00"),
        (said("status", "Rejected", "2026-07-13 15:00"), "13 15:00"),
        (by_hand("sal", "2026-07-13 15:00"), "13 15:00"),
    ],
)
def test_what_keeps_it(fact: Fact, when: str) -> None:
    """A response at the due instant itself, a stage entered or passed over, a condition, a move by hand."""
    found = lived(book(), [did("demo", MONDAY), fact], "2026-07-20 00:00")
    assert told(found) == [("13 08:00", "running"), (when, "met")]
    assert timer(found).breached is None
    assert Decimal(1) not in timer(found).reached


def test_what_does_not_keep_it() -> None:
    """A response from before the start or at it, a status from before it, cooling down."""
    facts = [did("call", "2026-07-13 07:00"), did("call", MONDAY), said("status", "Cold", "2026-07-13 09:00")]
    found = lived(book(), [did("demo", MONDAY), *facts], "2026-07-14 00:00")
    assert found.state.outcome.stage == "recycled"
    assert told(found) == [("13 08:00", "running"), ("13 16:00", "breached")]


def test_a_pause_moves_the_due_instant() -> None:
    """While it is on hold business time stands still and nothing is due; then the rest of it runs."""
    facts = [said("status", "On Hold", "2026-07-13 10:00"), said("status", "Back", "2026-07-14 10:00")]
    paused = lived(book(), [did("demo", MONDAY), *facts[:1]], "2026-07-14 09:00")
    assert (timer(paused).status, timer(paused).due, paused.next_change) == ("paused", None, None)
    found = lived(book(), [did("demo", MONDAY), *facts], "2026-07-16 00:00")
    assert told(found) == [
        ("13 08:00", "running"),
        ("13 10:00", "paused"),
        ("14 10:00", "running"),
        ("14 16:00", "breached"),
    ]


def test_a_disqualified_person_voids_it() -> None:
    """Who turns out to be a rival is owed nothing."""
    found = lived(book(), [did("demo", MONDAY), said("email", "a@rival.example", "2026-07-13 09:00")], "2026-07-14")
    assert told(found) == [("13 08:00", "running"), ("13 09:00", "void")]


def test_a_person_who_takes_a_lead_off_the_path_withdraws_it() -> None:
    """A detour set by hand voids the promise; the rules' own detour would not."""
    found = lived(book(), [did("demo", MONDAY), by_hand("recycled", "2026-07-13 09:00")], "2026-07-14")
    assert told(found) == [("13 08:00", "running"), ("13 09:00", "void")]


def test_what_starts_one_and_what_does_not() -> None:
    """A move by hand starts it; a skipped stage, one only passed through, and adoption do not."""
    assert told(lived(book(), [by_hand("mql", MONDAY)], "2026-07-13 09:00")) == [("13 08:00", "running")]
    skipped = lived(book(), [did("demo", MONDAY), said("status", "Accepted", MONDAY)], "2026-07-14")
    assert (skipped.state.outcome.stage, skipped.state.timers) == ("sal", {})
    adopted = Engine(book()).begin("p", [did("demo", MONDAY)], at("2026-07-13 09:00"), Adopted("mql"))
    assert adopted.state.timers == {}
    assert adopted.next_change == at("2026-09-11 08:00") or adopted.next_change is None


def test_the_target_is_that_of_the_grade_at_the_start() -> None:
    """Grade A has two hours; what the grade becomes later changes nothing."""
    facts = [said("size", 500, "2026-07-10 08:00"), did("demo", MONDAY), said("size", 5, "2026-07-13 08:30")]
    found = lived(book(), facts, "2026-07-13 09:30")
    assert timer(found).due == at("2026-07-13 10:00")


def test_the_calendar_is_that_of_the_owner_at_the_start() -> None:
    """Anna works from eight to eight; everybody else has office hours."""
    facts = [said("owner", "Anna", "2026-07-10 08:00"), did("demo", "2026-07-13 12:00")]
    assert timer(lived(book(), facts, "2026-07-13 13:00")).due == at("2026-07-14 08:00")
    assert timer(lived(book(), facts[1:], "2026-07-13 13:00")).due == at("2026-07-14 11:00")


def test_a_response_learnt_late_corrects_the_breach_and_undoes_nothing() -> None:
    """It is met by then, marked as corrected, and the rungs that were reached stay reached."""
    made = Engine(book())
    found = lived(book(), [did("demo", MONDAY)], "2026-07-14 06:00", engine=made)
    again = made.advance(found.state, [did("call", "2026-07-13 11:00")], at("2026-07-14 07:00"))
    (decision,) = again.decisions
    state = timer(again)
    assert decision.at == found.state.frontier
    assert (state.status, state.ended, state.breached) == ("met", at("2026-07-13 11:00"), None)
    assert (state.corrected, state.reached) == (True, (Decimal("0.5"), Decimal(1)))


def test_a_pause_learnt_late_moves_the_due_instant_back_into_the_future() -> None:
    """The breach is no breach any more; the next one comes at the right instant."""
    made = Engine(book())
    found = lived(book(), [did("demo", MONDAY)], "2026-07-13 17:00", engine=made)
    late = [said("status", "On Hold", "2026-07-13 09:00"), said("status", "Back", "2026-07-13 12:00")]
    again = made.advance(found.state, late, at("2026-07-15 00:00"))
    assert told(again) == [("13 17:00", "running"), ("14 10:00", "breached")]
    assert not timer(again).corrected


MOVE = ('{at: 200%, do: {notify: "#managers"}}', "{at: 200%, do: {move: {to: recycled, reason: late}}}")


def test_a_rung_moves_the_person_at_its_own_instant() -> None:
    """A move of the ladder is a transition on the condition that the rung was reached."""
    found = lived(book(MOVE), [did("demo", MONDAY)], "2026-07-20 00:00")
    moved = next(made for made in found.decisions if made.moves and made.moves[0].source == "mql")
    assert (moved.at, moved.moves[0].reason) == (at("2026-07-14 15:00"), "late")
    assert moved.after.why == "Recycled: late"


@pytest.mark.parametrize(("word", "due"), [("restart", "2026-07-14 14:00"), ("keep", "2026-07-13 16:00")])
def test_reentry(word: str, due: str) -> None:
    """Entering again while it runs starts anew, or goes on."""
    rules = book(("    ladder:", f"    on_reentry: {word}\n    ladder:"))
    facts = [said("status", "Cold", "2026-07-13 09:00"), said("status", "Warm", "2026-07-13 15:00")]
    assert timer(lived(rules, [did("demo", MONDAY), *facts], "2026-07-13 15:30")).due == at(due)


def test_a_new_owner_starts_it_anew() -> None:
    """With `on_reassign: restart` the rungs are reached again; who owned it first is no reassignment."""
    rules = book(("    ladder:", "    on_reassign: restart\n    ladder:"))
    facts = [did("demo", MONDAY), said("owner", "Bo", "2026-07-13 09:00"), said("owner", "Cy", "2026-07-13 15:00")]
    before = lived(rules, facts[:2], "2026-07-13 14:00")
    assert (timer(before).started, timer(before).reached) == (at(MONDAY), (Decimal("0.5"),))
    after = lived(rules, facts, "2026-07-13 15:30")
    assert (timer(after).started, timer(after).reached) == (at("2026-07-13 15:00"), ())
    assert timer(after).due == at("2026-07-14 14:00")


SHORT = ("is: 2 business hours}, 8 business hours]", "is: 2 business hours}, 4 business hours]")


@pytest.mark.parametrize(
    ("word", "due", "status"),
    [("keep", "2026-07-13 16:00", "running"), ("recompute", "2026-07-13 12:00", "breached")],
)
def test_a_changed_target_while_it_runs(word: str, due: str, status: str) -> None:
    """`keep` keeps the due instant, `recompute` takes the new one; neither starts anything."""
    found = lived(book(), [did("demo", MONDAY)], "2026-07-13 14:00")
    rules = book(SHORT, ("    ladder:", f"    on_edit: {word}\n    ladder:"))
    after = Engine(rules).activate(found.state, at("2026-07-13 14:00"))
    assert (timer(after).due, timer(after).status) == (at(due), status)
    assert all(made.cause == "activated" for made in after.decisions)


def test_a_kept_due_instant_still_moves_with_pauses() -> None:
    """A pause after the edit counts by the new calendar; one that began before it, too."""
    paused = [did("demo", MONDAY), said("status", "On Hold", "2026-07-13 10:00")]
    found = lived(book(), paused, "2026-07-13 11:00")
    made = Engine(book(SHORT))
    after = made.activate(found.state, at("2026-07-13 11:00"))
    assert (timer(after).status, timer(after).due) == ("paused", None)
    again = made.advance(after.state, [said("status", "Back", "2026-07-13 12:00")], at("2026-07-13 13:00"))
    assert timer(again).due == at("2026-07-14 09:00")


def test_an_sla_that_the_new_book_does_not_have_is_void() -> None:
    """Its timer ends without an outcome, also where the new book has no SLA at all."""
    found = lived(book(), [did("demo", MONDAY)], "2026-07-13 14:00")
    without = book((BOOK[BOOK.index("slas:") :], ""))
    after = Engine(without).activate(found.state, at("2026-07-13 14:00"))
    assert (timer(after).status, timer(after).ended) == ("void", at("2026-07-13 14:00"))


def test_one_sla_voids_another() -> None:
    """Conditions may ask for the state of another promise."""
    more = (
        BOOK
        + "  chase: {from: {enters: mql}, target: 3 calendar days, calendar: office,\n"
        + "    void_when: {sla: {accept: met}}}\n"
    )
    found = lived(
        read_book({"rules.yml": more.encode()}), [did("demo", MONDAY), did("call", "2026-07-13 09:00")], "2026-07-14"
    )
    assert told(found, "chase") == [("13 08:00", "running"), ("13 09:00", "void")]


def test_a_calendar_that_closes_for_good_is_never_due() -> None:
    """There is no due instant, no rung, and nothing to wait for."""
    closes = ("office: {zone: Europe/Berlin, open: {mon-fri: [09:00-18:00]}}",
              "office: {zone: Europe/Berlin, open: {mon-fri: [09:00-18:00]}, until: 2026-07-12}")  # fmt: skip
    found = lived(book(closes), [did("demo", MONDAY)], "2026-07-14")
    assert (timer(found).status, timer(found).due, timer(found).reached) == ("running", None, ())


def test_the_trace_tells_the_arithmetic() -> None:
    """What was used, what stood still, what is left, and the next rung."""
    facts = [said("status", "On Hold", "2026-07-13 09:00"), said("status", "Back", "2026-07-13 10:00")]
    found = lived(book(), [did("demo", MONDAY), *facts], "2026-07-13 11:00")
    (sla,) = Engine(book()).explain(found.state).slas
    hours = [span.total_seconds() / 3600 for span in (sla.used, sla.still, sla.left) if span is not None]
    assert hours == [2, 1, 6]
    assert (sla.rung_at, sla.rung) == (at("2026-07-13 13:00"), Decimal("0.5"))


LIGHT = """
import sys
from leadline.rules.check import check_book
from leadline.common.errors import BookError
from leadline.rules.deciding import Engine
from leadline.rules.reading import read_book
book = read_book({"rules.yml": sys.stdin.buffer.read()})
check_book(book)
Engine(book)
print(*(name for name in ("holidays", "leadline.rules.business_time.tables") if name in sys.modules))
"""


def test_a_book_without_slas_loads_no_calendars() -> None:
    """Reading, checking and compiling such a book needs neither holidays nor the arithmetic."""
    without = BOOK[: BOOK.index("calendars:")]
    for text, loaded in ((without, ""), (BOOK, "leadline.rules.business_time.tables")):
        done = subprocess.run([sys.executable, "-c", LIGHT], input=text.encode(), capture_output=True, check=True)
        assert done.stdout.decode().strip() == loaded


def test_what_asks_for_another_sla_hears_of_it_at_once() -> None:
    """Both are due at one instant: the breach of the first voids the second there and then, not at the next look."""
    asking = "  other:\n    from: {enters: mql}\n    target: 8 business hours\n    calendar: office\n"
    asking += "    void_when: {sla: {accept: breached}}\n"
    found = lived(read_book({"rules.yml": (BOOK + asking).encode()}), [did("demo", MONDAY)], "2026-07-13 16:00")
    assert (timer(found).status, timer(found, "other").status) == ("breached", "void")
    assert timer(found, "other").ended == at("2026-07-13 16:00")
    later = Engine(read_book({"rules.yml": (BOOK + asking).encode()})).advance(
        found.state, [], at("2026-07-20 00:00")
    )
    assert timer(later, "other") == timer(found, "other")


def test_one_that_is_due_as_it_starts_was_never_running() -> None:
    """What another SLA asks of it is asked of the breach, at that instant as when it is measured again later."""
    asking = "  chase:\n    from: {enters: mql}\n    target: 8 business hours\n    calendar: office\n"
    asking += "    void_when: {sla: {at once: running}}\n"
    asking += "  at once: {from: {enters: mql}, target: 0 minutes, calendar: office}\n"
    made = Engine(read_book({"rules.yml": (BOOK + asking).encode()}))
    found = lived(made.book, [did("demo", MONDAY)], "2026-07-13 09:00", engine=made)
    assert (timer(found, "at once").status, timer(found, "chase").status) == ("breached", "running")
    learnt = made.advance(found.state, [said("size", 5, MONDAY)], at("2026-07-13 09:00"))
    assert learnt.state.timers == found.state.timers


def test_a_breach_that_moves_the_person_stays_one() -> None:
    """The move that it causes comes after it at the same instant: measured again, it is no less late."""
    rules = book(
        (
            "  - {from: mql, to: recycled,",
            "  - {from: mql, to: sal, when: {sla: {accept: breached}}}\n  - {from: mql, to: recycled,",
        )
    )
    made = Engine(rules)
    found = lived(rules, [did("demo", MONDAY)], "2026-07-13 17:00", engine=made)
    assert (found.state.outcome.stage, timer(found).status, timer(found).ended) == (
        "sal",
        "breached",
        at("2026-07-13 16:00"),
    )
    learnt = made.advance(found.state, [said("size", 5, "2026-07-13 10:00")], at("2026-07-13 17:00"))
    assert learnt.state.timers == found.state.timers


def test_what_an_earlier_run_of_another_sla_did_stands() -> None:
    """A pause that came from a run which was replaced since is not lost when something unrelated is learnt late."""
    asking = "  chase:\n    from: {enters: mql}\n    target: 3 calendar days\n    calendar: office\n"
    asking += "    pause: {sla: {accept: paused}}\n    on_reentry: keep\n"
    made = Engine(read_book({"rules.yml": (BOOK + asking).encode()}))
    words = [("On Hold", "09:00"), ("Back", "11:00"), ("Cold", "12:00"), ("Warm", "13:00")]
    facts = [did("demo", MONDAY), *(said("status", word, f"2026-07-13 {when}") for word, when in words)]
    found = lived(made.book, facts, "2026-07-13 14:00", engine=made)
    chase = found.state.timers["chase"]
    assert found.state.timers["accept"].again
    assert not chase.again
    assert chase.pauses == ((at("2026-07-13 09:00"), at("2026-07-13 11:00")),)
    learnt = made.advance(found.state, [said("size", 5, "2026-07-13 10:00")], at("2026-07-13 14:00"))
    assert learnt.state.timers["chase"] == chase
    assert learnt.state.timers["accept"] == found.state.timers["accept"]


OFF = b"owner,from,until\nben,2026-07-13,2026-07-14\nANNA,2026-07-13T08:00:00Z,2026-07-13T09:00:00Z\n"


@pytest.mark.parametrize(
    ("owner", "due"),
    [("ben", "2026-07-15 15:00"), ("anna", "2026-07-13 17:00"), ("zoe", "2026-07-13 16:00")],
)
def test_time_off_is_nobodys_hours(owner: str, due: str) -> None:
    """Whole days and hours of a table are taken out of the owner's own calendar, or out of the one for all others."""
    text = BOOK.replace("for: anna}", "for: anna, time_off: lists/off.csv}")
    text = text.replace("09:00-18:00]}}", "09:00-18:00]}, time_off: lists/off.csv}")
    rules = read_book({"rules.yml": text.encode(), "lists/off.csv": OFF})
    found = lived(rules, [said("owner", owner, "2026-07-02 08:00"), did("demo", MONDAY)], "2026-07-13 09:00")
    assert timer(found).due == at(due)


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({}, "there is no list `lists/off.csv`"),
        ({"lists/off.csv": b"who,from,until\n"}, "the heading names `owner` once"),
    ],
)
def test_a_table_of_time_off_is_checked(lists: dict[str, bytes], message: str) -> None:
    """A missing table and a wrong one are told with their place."""
    text = BOOK.replace("for: anna}", "for: anna, time_off: lists/off.csv}")
    with pytest.raises(BookError, match=message):
        read_book({"rules.yml": text.encode(), **lists})
