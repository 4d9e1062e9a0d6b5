"""What a trace tells besides: the stored line in messages, when a line's points change, which record speaks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings

from leadline.common.messages import Message, language_named
from leadline.rules.deciding import Engine, decision_to_json, why_message
from leadline.rules.deciding.fields import origin_of
from leadline.rules.deciding.history import History
from leadline.rules.deciding.retelling import one_line
from leadline.rules.model import Book, Criterion, FieldTest, Months
from leadline.rules.reading import read_book
from leadline.rules.state import Adopted, Fact
from tests.rules.deciding.books import day, did, said, waterfall
from tests.rules.deciding.generated import HISTORIES, generated_books
from tests.rules.deciding.laws import engine, lived
from tests.rules.deciding.test_laws import BEGIN

FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
CHINESE = language_named("zh-CN")
BOOK = waterfall()


@FEW
@given(generated_books(), HISTORIES)
def test_every_stored_line_can_be_said_in_another_language(book: Book, history: list[Fact]) -> None:
    """Its English is the stored text, and what is no message in it are words of the book."""
    own = {item.reason for item in book.transitions} | {
        item.disqualify for score in book.scores.values() for item in score.criteria
    }
    for made in lived(engine(book), history, [30, 70], BEGIN)[1]:
        told = why_message(book, made.after)
        assert told == made.after.why
        reason = told.arguments["reason"]
        assert isinstance(reason, Message) or reason in own or set(str(reason).split(", ")) <= own


@FEW
@given(generated_books(), HISTORIES)
def test_a_line_s_points_change_when_it_says_so(book: Book, history: list[Fact]) -> None:
    """Nothing differs just before ``until``, something does at it, if no fact comes."""
    made = engine(book)
    known = [fact for fact in history if fact.at <= day(BEGIN)]
    trace = made.explain(made.begin("p", known, day(BEGIN)).state)
    for score in trace.scores:
        for item in score.criteria:
            if item.until is None:
                continue
            before = _line(made, known, item.until - timedelta(microseconds=1), score.name, item.name)
            assert before == (item.points, item.lowest, item.highest)
            assert _line(made, known, item.until, score.name, item.name) != before


def _line(made: Engine, known: list[Fact], at: datetime, score: str, name: str) -> tuple[Decimal, Decimal, Decimal]:
    trace = made.explain(made.begin("p", known, day(BEGIN)).state, at)
    found = next(item for told in trace.scores if told.name == score for item in told.criteria if item.name == name)
    return found.points, found.lowest, found.highest


def test_the_record_that_speaks_is_named_without_its_value() -> None:
    """Each field of a line with its record and since when; of several records the one that the book prefers."""
    facts = [
        said("title", "VP", 1),
        said("title", "Secret Title", 3),
        Fact("field", "title", "Old", day(2), "salesforce", "Lead/other", day(2), 5),
        said("email", "vp@acme.example", 1),
    ]
    made = Engine(BOOK)
    trace = made.explain(made.begin("p", facts, day(5)).state)
    (line,) = [item for score in trace.scores for item in score.criteria if item.name == "senior title"]
    (fact,) = line.facts
    assert (fact.field, fact.at) == ("title", day(3))
    assert fact.record != "Lead/other"
    assert "Secret" not in repr(trace)


def test_what_is_empty_is_said_by_nobody() -> None:
    """A field without a value has no record; one out of a table has that of the field it is looked up by."""
    fields = History([said("country", "Germany", 2), said("title", None, 2)], BOOK.fields).fields
    assert origin_of(fields["title"], day(5)) is None
    assert origin_of(fields["region"], day(5)) == origin_of(fields["country"], day(5))
    assert origin_of(fields["region"], day(1)) is None


def test_a_date_that_is_near_says_until_when() -> None:
    """The points of a date within the last month end on a day, which is found over many days."""
    score = BOOK.scores["fit"]
    first = Criterion("recent", Decimal(5), when=FieldTest("timeline", "within_last", (Months(1),)))
    book = replace(BOOK, scores={**BOOK.scores, "fit": replace(score, criteria=(first,))})
    made = Engine(book)
    facts = [Fact("field", "timeline", day(0).date(), day(0), "salesforce", "Lead/1", day(0))]
    trace = made.explain(made.begin("p", facts, day(5)).state)
    (line,) = trace.scores[0].criteria
    assert line.until is not None
    assert 20 < (line.until - day(5)).days < 32


def test_the_grid_says_what_it_could_be() -> None:
    """Row, column and cell now, and the cells that the bounds allow."""
    made = Engine(BOOK)
    grid = made.explain(made.begin("p", [did("demo_request", 1)], day(2)).state).grid
    assert grid is not None
    assert grid.cell in grid.possible
    assert len(grid.possible) > 1


def test_the_line_in_the_crm_is_in_the_book_s_language() -> None:
    """The book chooses what is written, and not what is decided; words of the book stay."""
    made = Engine(BOOK).begin("p", [], day(1), Adopted("inquiry")).state.outcome
    chinese = replace(BOOK, language="zh-CN")
    assert one_line(BOOK, made) == "Inquiry: adopted"
    assert one_line(chinese, made) == "Inquiry：沿用原有阶段"
    by_book = replace(made, why="Inquiry: bad fit; too small")
    assert one_line(chinese, by_book) == "Inquiry：bad fit; too small"


def test_decisions_do_not_depend_on_the_language_of_a_reader() -> None:
    """A page in Chinese is made from the same bytes."""
    (decision,) = Engine(BOOK).begin("p", [said("email", "a@b.example")], day(1)).decisions
    before = decision_to_json(decision)
    assert CHINESE.text(why_message(BOOK, decision.after)) == "Inquiry：起始"
    assert decision_to_json(decision) == before
    assert json.loads(before)["after"]["why"] == "Inquiry: start"


MARKED = b"""\
leadline: 1
name: Marked
fields:
  need: {type: boolean, salesforce: Lead.Need__c}
activities:
  demo: {hubspot: {form: demo}}
scores:
  fit:
    criteria:
      asked: {points: 5, when: {need: true}}
stages:
  inquiry:
    kind: inventory
    exit: {activity: demo}
  mql:
    kind: sla
    enter:
      all:
        - {need: true}
        - {activity: demo}
  recycled: {kind: detour}
paths:
  - inquiry -> mql
  - {from: inquiry, to: recycled, when: {need: false}}
"""


def test_every_answer_reads_back_to_its_line() -> None:
    """Scores, criteria, tests and ways out, also one that asks for an exit criterion, too."""
    made = Engine(read_book({"rules.yml": MARKED}))
    trace = made.explain(made.begin("p", [], day(1)).state)
    text = MARKED.decode().splitlines()
    (score,) = trace.scores
    assert "fit" in text[score.mark.line - 1]
    assert "asked" in text[score.criteria[0].mark.line - 1]
    ways = {way.target: way for way in trace.ways}
    assert text[ways["recycled"].mark.line - 1].startswith("  - {from: inquiry")
    assert 16 <= ways["mql"].mark.line <= 19
    condition = ways["mql"].condition
    assert condition is not None
    assert {leaf.mark.line for leaf in condition.leaves()} == {14, 19, 20}
    assert {leaf.mark.file for leaf in condition.leaves()} == {"rules.yml"}
