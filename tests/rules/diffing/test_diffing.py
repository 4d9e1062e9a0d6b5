"""Two books compared in words: each kind of change has its sentence, and what means the same has none."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from leadline.common.bookfiles import read_sources
from leadline.rules.diffing import differences
from leadline.rules.diffing.spelling import spelled
from leadline.rules.model import Book, Calendars
from leadline.rules.reading import read_book
from leadline.rules.reading.hashing import book_hash
from tests.rules.reading.reading_kit import cases, sources

EXAMPLES = Path(__file__).parents[3] / "examples"
FILES = read_sources(EXAMPLES / "waterfall")
TEXT = FILES["rules.yml"].decode()
BOOK = read_book(FILES)


def edited(*pairs: tuple[str, str]) -> Book:
    """Return the waterfall with the first occurrence of each text replaced."""
    text = TEXT
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return read_book({**FILES, "rules.yml": text.encode()})


def said(new: Book) -> list[str]:
    """Return the sentences from the waterfall to another book."""
    return [item.text for item in differences(BOOK, new)]


REJECTED = "{from: [mql, sal], to: recycled, when: {status: Rejected}, reason: rejected by sales}"
ACCOUNTS = """accounts:
  engaged: {count: people, when: {interest: {at_least: 10}}}
  heat: {sum: interest}
"""
LOST = "  - {from: opportunity, to: recycled, when: {deal: lost}, reason: lost}\n"
COOLED = "  - {from: mql, to: recycled, when: {not: stay}, reason: cooled}\n"
CHANGES = [
    ("name: Demand waterfall", "name: Other", "name is Other instead of Demand waterfall"),
    ("- {title: {has_word: student}}", "- {title: {has_word: [student, pupil]}}",
     "scope, not, any of, title has word: adds pupil"),
    ("primary: [Contact, Lead, contact]", "primary: [Lead, Contact, contact]",
     "primary is [Lead, Contact, contact] instead of [Contact, Lead, contact]"),
    ("  - leadline@practice.example", "  - robot@acme.example",
     "machines: adds robot@acme.example; leaves out leadline@practice.example"),
    ("salesforce: [Lead.LeadSource, Contact.LeadSource]", "salesforce: [Contact.LeadSource, Lead.LeadSource]",
     "field source: comes from is [salesforce Contact.LeadSource, salesforce Lead.LeadSource, "
     "hubspot contact.hs_analytics_source] instead of [salesforce Lead.LeadSource, salesforce Contact.LeadSource, "
     "hubspot contact.hs_analytics_source]"),
    ("    hubspot: contact.phone\n", "", "field phone: comes from: leaves out hubspot contact.phone"),
    ("blank: false ", "blank: true ", "field opted_out: blank is true instead of false"),
    ("    blank: false ", "    # blank: false ", "field opted_out: blank is unknown instead of false"),
    ("prefer: newest  ", "prefer: hubspot  ", "field title: prefer is hubspot instead of newest"),
    ("Accepted: [Accepted, OPEN_DEAL]", "Accepted: [Accepted]",
     "field status: values open_deal is gone (it was Accepted)"),
    ("  amount:    {type: money, ",
     "  source2:   {type: text, hubspot: contact.source2}\n  amount:    {type: money, ",
     "field source2 is new: {type: text, sources: [hubspot contact.source2]}"),
    ("link: [converted, contact_role, association]", "link: [converted, contact_role]",
     "deals: link: leaves out association"),
    ("{hubspot: {form: demo}}", "{hubspot: {form: [demo, trial]}}",
     "activity demo_request: comes from: adds hubspot form {form: [demo, trial]}; "
     "leaves out hubspot form {form: demo}"),
    ("points: 10, each: pricing_page", "points: 15, each: pricing_page",
     "score interest: criterion pricing page gives 15 instead of 10 points"),
    ("each: pricing_page, within: 30d", "each: pricing_page, within: 36h",
     "score interest: criterion pricing page: within is 36h instead of 30d"),
    ("up_to: 12, ", "", "score interest: criterion e-mail clicks: up to is no longer 12"),
    ("{by: 50%, every: 14d}", "{by: 25%, every: 14d}",
     "score interest: criterion demo request: decay: by is 25% instead of 50%"),
    ("phone given: ", "telephone: ", "score fit: criterion phone given is now called telephone"),
    ("      phone given:     {points: 5, when: {known: phone}}\n", "", "score fit: criterion phone given is gone"),
    ("      phone given:", "      budget:  {points: 3, when: {budget: true}}\n      phone given:",
     "score fit: criterion budget is new: {points: 3, when: {budget: true}}"),
    ("50 to 199: 10", "50 to 199: 12", "score fit: criterion company size: band 50 to 199 gives 12 instead of 10"),
    ("from 5000: 20", "5000 to 9000: 20", "score fit: criterion company size: band from 5000 is gone (it was 20)"),
    ("{disqualify: competitor,", "{disqualify: rival,",
     "score fit: criterion competitor: disqualify is rival instead of competitor"),
    ("grades: {A: 60", "grades: {A: 70", "score fit: grade A begins at 70 instead of 60"),
    ("groups: {content: 25}", "groups: {content: 30}", "score interest: groups content is 30 instead of 25"),
    ("between: [0, 100]", "between: [-10, 100]", "score fit: lowest points is -10 instead of 0"),
    ("hot: [A1, A2, B1]", "hot: [A1, A2]", "temperature: cells hot: leaves out B1"),
    ("    require: [email]\n", "", "stage mql: require: leaves out email"),
    ("{activity: demo_request, within: 7d}", "{activity: demo_request, within: 8d}",
     "stage mql: enter, any of asks {activity: demo_request, within: 8d} "
     "instead of {activity: demo_request, within: 7d}"),
    ("{grade: {in: [A1, A2, B1]}}, {opted_out: false}", "{opted_out: false}, {grade: {in: [A1, A2, B1]}}",
     "stage mql: enter, any of, all of: the same in another order"),
    ("{grade: {in: [A1, A2, B1]}}, {opted_out: false}", "{grade: {in: [A1, A2, B1]}}",
     "stage mql: enter, any of, all of: leaves out {opted_out: false}"),
    ("{at_least: 3, of: [", "{at_least: 2, of: [",
     "stage sql: enter, all of asks {at_least: 2, of: [{budget: true}, {authority: true}, {need: true}, "
     "{timeline: {within_next: 6 months}}]} instead of {at_least: 3, of: [{budget: true}, {authority: true}, "
     "{need: true}, {timeline: {within_next: 6 months}}]}"),
    ("{deal: won}", "{deal: won, ever: true}",
     "stage customer: enter is {deal: won, ever: true} instead of {deal: won}"),
    ("when: {not: stay}, reason: cooled", "when: {time_in_stage: {at_least: 30d}}, reason: cooled",
     "path mql -> recycled (cooled): when is {time_in_stage: {at_least: 30d}} instead of {not: stay}"),
    (LOST, "", "path opportunity -> recycled (lost) is gone"),
    (LOST, LOST + "  - {from: sal, to: inquiry, when: {status: On Hold}, after: 7d}\n",
     "path sal -> inquiry is new: when {status: On Hold}; after 7d"),
    ("after: 30d, ", "after: 2 weeks, ", "path recycled -> mql: after is 14d instead of 30d"),
    ("new activity or 90d", "new activity", "by hand: until a time is no longer 90d"),
    ("{on: grade change, at_most: daily}", "{on: grade change, at_most: weekly}",
     "publish: drift at most every is 7d instead of 1d"),
    ("    fit: fit_score", "    fit: fit_points", "write hubspot: scores fit is fit_points instead of fit_score"),
    ("  backward: 50", "  backward: 5", "guards: backward is 5 instead of 50"),
    ("to: {disqualified: 100}", "to: {}", "guards: most to disqualified is gone (it was 100)"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence"), CHANGES, ids=[sentence[:60] for *_, sentence in CHANGES])
def test_each_change_is_one_sentence(old: str, new: str, sentence: str) -> None:
    """A change is told once, where it belongs, in the words of the book."""
    assert sentence in said(edited((old, new)))


def test_a_change_is_told_alone() -> None:
    """One edit gives one difference, with its section and its line in the new book."""
    new = edited(("points: 10, each: pricing_page", "points: 15, each: pricing_page"))
    (found,) = differences(BOOK, new)
    assert (found.section, found.mark.file, found.mark.line) == (
        "scores",
        "rules.yml",
        TEXT[: TEXT.index("pricing page:    {")].count("\n") + 1,
    )


def test_sections_come_in_the_order_of_a_book() -> None:
    """Whatever the order of edits, guards come last and the name first."""
    new = edited(
        ("  backward: 50", "  backward: 5"), ("points: 5, when", "points: 6, when"), ("name: Demand", "name: My")
    )
    assert [item.section for item in differences(BOOK, new)] == ["name", "scores", "guards"]


@pytest.mark.parametrize(
    "pairs",
    [
        (("# The demand", "# A comment about the demand"),),
        (("grid: {rows: fit, columns: interest}", "grid:\n  columns: interest\n  rows: fit"),),
        (("[Software, Manufacturing, Logistics]", "[logistics, SOFTWARE, Manufacturing]"),),
        (("under 50: 0", "up to 49: 0"),),
        (("within: 30d", "within: 720 hours"),),
        ((LOST, ""), ("  - {from: [recycled, disqualified]", LOST + "  - {from: [recycled, disqualified]")),
    ],
    ids=["comment", "key order", "text order", "band spelling", "duration", "path of another stage"],
)
def test_no_noise(pairs: tuple[tuple[str, str], ...]) -> None:
    """Comments, order without meaning and other spellings of the same are no difference."""
    new = edited(*pairs)
    told = said(new)
    assert told == (
        [] if new.hash == BOOK.hash else ["paths: the same moves stand in other positions, so they have other ids"]
    )


def test_an_order_that_counts_is_told() -> None:
    """The ways out of one stage are tried in order: another order is a difference."""
    new = edited((COOLED, ""), (LOST, COOLED + LOST))
    assert said(new) == [
        "paths from mql are tried in another order: recycled (rejected by sales), recycled (cooled), disqualified"
    ]


def test_long_lists_are_told_by_what_changed() -> None:
    """Of a list of hundreds only the additions and omissions are named."""
    domains = "\n".join(f"d{number}.example" for number in range(300)).encode()
    files = {**FILES, "lists/competitors.txt": domains}
    more = {**files, "lists/competitors.txt": domains.replace(b"d7.example\n", b"") + b"\nnew.example\n"}
    (found,) = differences(read_book(files), read_book(more))
    assert (
        found.text
        == "score fit: criterion competitor: when, email domain in: adds new.example; leaves out d7.example"
    )
    (found,) = differences(BOOK, read_book(files))
    assert found.text.endswith("and 294 more; leaves out rivalsoft.example, copycat.example")


def test_reasons_to_disqualify_have_an_order() -> None:
    """Swapping two disqualifiers changes the hash, so it is told."""
    two = ("      competitor:", "      student: {disqualify: student, when: {title: student}}\n      competitor:")
    swapped = ("      competitor:      {disqualify: competitor, when: {email: {domain_in: lists/competitors.txt}}}",
               "      competitor:      {disqualify: competitor, when: {email: {domain_in: lists/competitors.txt}}}\n"
               "      student: {disqualify: student, when: {title: student}}")  # fmt: skip
    found = differences(edited(two), edited(swapped))
    assert [item.text for item in found] == ["reasons to disqualify are told in another order: competitor, student"]


def test_account_facts_are_told_as_a_book_spells_them() -> None:
    """A new fact, another `when` and another name have their sentences; what they give is told with the score."""
    one = edited(("scores:\n", ACCOUNTS + "scores:\n"))
    other = edited(
        ("scores:\n", ACCOUNTS.replace("at_least: 10", "at_least: 20").replace("heat", "warmth") + "scores:\n")
    )
    assert said(one) == [
        "account fact engaged is new: {count: people, when: {interest: {at_least: 10}}}",
        "account fact heat is new: {sum: interest}",
    ]
    assert [item.text for item in differences(one, other)] == [
        "account fact engaged: when is {interest: {at_least: 20}} instead of {interest: {at_least: 10}}",
        "account fact heat is now called warmth",
    ]


def test_the_same_moves_written_apart() -> None:
    """One entry split in two decides the same; only the ids differ, and that is said."""
    apart = REJECTED.replace("[mql, sal]", "mql") + "\n  - " + REJECTED.replace("[mql, sal]", "sal")
    assert said(edited((REJECTED, apart))) == [
        "paths: the same moves stand in other positions, so they have other ids"
    ]


@pytest.mark.parametrize("case", [case for _, case in cases("good")], ids=[name for name, _ in cases("good")])
def test_differences_agree_with_hashes(case: dict[str, Any]) -> None:
    """Other spellings of a book have no difference to it, and books of another hash have one."""
    lists = {name: text.encode() for name, text in case.get("lists", {}).items()}
    read = [
        read_book(sources(text, lists, tuple(case.get("without", ()))))
        for text in (case["book"], *case.get("like", ()), *case.get("unlike", ()), "")
        if text or not case.get("without")
    ]
    for one in read:
        for other in read:
            assert bool(differences(one, other)) is (one.hash != other.hash)


_OTHERS = {str: "Asia/Tokyo", tuple: (), dict: {}, Calendars: Calendars(owners={"x": "y"})}


def test_a_part_that_a_later_version_adds_is_told_too() -> None:
    """Nothing of a book can be left out: every attribute that the hash covers makes a difference."""
    for item in dataclasses.fields(Book):
        if item.name == "hash":
            continue
        value = getattr(BOOK, item.name)
        other = _OTHERS.get(type(value))
        fresh = {"x": "y"} if isinstance(value, dict) else ("x",)
        changed = dataclasses.replace(BOOK, **{item.name: other if other != value else fresh})
        if item.name not in {"fields", "stages"}:
            changed = dataclasses.replace(changed, hash=book_hash(changed))
        assert differences(BOOK, changed), item.name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(days=14), "14d"),
        (timedelta(hours=36), "36h"),
        (timedelta(minutes=90), "90min"),
        (timedelta(seconds=1), "1s"),
        (Decimal("12.50"), "12.5"),
        (True, "true"),
        (None, "nothing"),
        ("a: b", '"a: b"'),
        (tuple(range(9)), "[0, 1, 2, 3, 4, 5, and 3 more]"),
    ],
)
def test_values_are_spelt_as_in_a_book(value: object, text: str) -> None:
    """Durations, numbers and texts read as RevOps write them."""
    assert spelled(value) == text
