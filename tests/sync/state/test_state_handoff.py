"""The hand-off note: what is known, what was done, why, and what is missing; masked on a screen."""

from __future__ import annotations

from dataclasses import replace

from pretend_crm import BOOK

from leadline.sync.explaining import explain_note
from leadline.sync.handoff import LONGEST, HandOff, html_note, plain_note

NOTE = HandOff("MQL: Ann <Lee>", ("Ann <Lee>",), ("demo on 2026-03-02",), ("MQL: fit & more",), ("phone",))


def asked(world):
    """A person of whom much is known, evaluated."""
    world.use(BOOK.replace("mql:          {kind: gate,", "mql:          {kind: gate, require: [status],"))
    fields = {
        "Email": "ann@acme.example",
        "Title": "Chief",
        "NumberOfEmployees": 90,
        "FirstName": "Ann",
        "LastName": "Lee",
    }
    world.salesforce.put("Lead", "L1", fields)
    world.hubspot.put("contact", "7", {"email": "ann@acme.example"})
    for number in range(2):
        world.hubspot.happen("form", f"f{number}", email="ann@acme.example", attributes={"form": "demo"})
        world.pass_time(days=1)
    world.cycle()


def test_the_note_says_all_four_things(world):
    """Fields with their values, activities with how often and when, points by criterion, and what is empty."""
    asked(world)
    note = explain_note(world.store, world.book, "ann@acme.example", masked=False)
    assert "email: ann@acme.example" in note.who
    assert "employees: 90" in note.who
    assert note.did == ("demo 2 times, last on 2026-03-03",)
    assert note.why[0].startswith("Inquiry")
    assert "fit 90 (A): recent demo +40, chief +30, size +20" in note.why
    assert note.missing == ("status",)


def test_masked_it_names_nobody(world):
    """Numbers stay, texts of fields do not, and the person is an id."""
    asked(world)
    note = explain_note(world.store, world.book, "ann@acme.example")
    text = plain_note(note)
    assert "ann@" not in text
    assert "Chief" not in text
    assert "title: ***" in note.who
    assert "employees: 90" in note.who
    assert note.who[0].startswith("p-")


def test_html_is_escaped_and_whole():
    """What people typed is no markup, and a note that is too long ends between two parts."""
    text = html_note(NOTE)
    assert "Ann &lt;Lee&gt;" in text
    assert "fit &amp; more" in text
    assert "<Lee>" not in text
    long = html_note(replace(NOTE, why=("x" * LONGEST,)))
    assert long.endswith("</ul>")
    assert "What is missing" not in long
    assert len(plain_note(replace(NOTE, why=("x" * LONGEST,)))) == LONGEST


def test_nothing_known_is_said_so():
    """An empty part says that it is empty."""
    text = plain_note(replace(NOTE, did=(), missing=()))
    assert "nothing that is recorded" in text
    assert "nothing that the rules ask for" in text
