"""From facts to values: precedence between records, blanks, tables, signals, corrected activities."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest

from leadline.rules.deciding.history import History, fact_key, ordered, value_text
from leadline.rules.model import Field
from leadline.rules.state import UNREADABLE, Fact
from tests.rules.deciding.books import day, did, field, said, waterfall

LEAD, CONTACT, HUB = ("lead:1", 0), ("contact:1", 1), ("hub:1", 2)


def told(value: object, at: float, where: tuple[str, int] = LEAD) -> Fact:
    """Return a fact about the title from one of three sources."""
    record, rank = where
    return said("title", value, at, record, rank=rank, source="hubspot" if rank == 2 else "salesforce")


def value(prefer: str, facts: list[Fact], at: float = 10, **more: object) -> object:
    """Return the title at an instant under a preference."""
    fields = {"title": field("title", prefer=prefer, **more)}
    return History(ordered(facts), fields).value("title", day(at))


def test_first_known_follows_the_order_of_the_sources() -> None:
    """The first source that knows speaks; an empty one is passed over; the future is not known yet."""
    facts = [told("hub", 1, HUB), told("contact", 2, CONTACT), told(None, 3, LEAD), told("lead", 6, LEAD)]
    assert [value("first known", facts, at) for at in (0.5, 1, 2, 5.9, 6)] == [
        None,
        "hub",
        "contact",
        "contact",
        "lead",
    ]


def test_newest_is_the_latest_change_that_left_a_value() -> None:
    """A cleared source does not speak, and saying the same again is not a change."""
    facts = [told("lead", 1, LEAD), told("hub", 2, HUB), told("lead", 3, LEAD), told(None, 4, CONTACT)]
    assert value("newest", facts) == "hub"
    assert value("newest", [*facts, told("chief", 5, LEAD)]) == "chief"


def test_a_crm_can_be_preferred() -> None:
    """Sources of the named CRM come first, then the others in order."""
    facts = [told("lead", 1, LEAD), told("hub", 0, HUB)]
    assert value("hubspot", facts) == "hub"
    assert value("salesforce", facts) == "lead"
    assert value("hubspot", [*facts, told(None, 2, HUB)]) == "lead"


def test_of_two_records_of_one_source_the_later_change_speaks() -> None:
    """A person with two Leads has the value of the one changed last."""
    facts = [told("old", 1, ("lead:9", 0)), told("new", 2, ("lead:1", 0))]
    assert value("first known", facts) == "new"


def test_two_fields_of_one_record_can_feed_one_field() -> None:
    """Sources are told apart by their rank, not only by their record."""
    facts = [told("first", 1, ("lead:1", 0)), told("second", 2, ("lead:1", 1)), told(None, 3, ("lead:1", 0))]
    assert [value("first known", facts, at) for at in (2, 3)] == ["first", "second"]


def test_unreadable_matters_where_it_would_have_spoken() -> None:
    """An unreadable source hides later ones, not those that come before it."""
    assert value("first known", [told(UNREADABLE, 1, LEAD), told("contact", 1, CONTACT)]) is UNREADABLE
    assert value("first known", [told("lead", 1, LEAD), told(UNREADABLE, 1, CONTACT)]) == "lead"
    assert value("newest", [told(UNREADABLE, 1, LEAD), told("contact", 2, CONTACT)]) is UNREADABLE
    assert value("first known", [told(UNREADABLE, 1, LEAD), told("again", 2, LEAD)]) == "again"


def test_blank_has_the_meaning_that_the_field_declares() -> None:
    """Empty is unknown unless the field says what blank means; unreadable is never blank."""
    fields = {"budget": field("budget", "boolean", has_blank=True, blank=False)}

    def at(*facts: Fact) -> object:
        return History(ordered(facts), fields).value("budget", day(5))

    assert at() is False
    assert at(said("budget", True, 1), said("budget", None, 2)) is False
    assert at(said("budget", UNREADABLE, 1)) is UNREADABLE


def test_a_table_looks_another_field_up() -> None:
    """The region follows the country; without a row it is empty; an unreadable country is unreadable."""
    book = waterfall()
    facts = [said("country", " GERMANY", 1), said("country", "Atlantis", 2), said("country", UNREADABLE, 3)]
    history = History(ordered(facts), book.fields)
    assert [history.value("region", day(at)) for at in (0, 1, 2, 3)] == [None, "EMEA", None, UNREADABLE]


def test_a_signal_is_read_from_the_pass_on() -> None:
    """What was said in this pass counts even where an older word of a better source is still there."""
    fields: dict[str, Field] = {"title": field("title", signal=True)}
    facts = [told("old", 1, LEAD), told("new", 6, HUB), told("old", 7, LEAD)]
    timeline = History(ordered(facts), fields).fields["title"]
    assert timeline.value_since(day(4), day(3)) == (None, True)
    assert timeline.value_since(day(8), day(3)) == ("new", False)
    assert timeline.value_since(day(8), day(1)) == ("old", False)


def test_a_corrected_activity_counts_once() -> None:
    """The version seen last among those that have happened is the one; one that is withdrawn does not count."""
    first, moved = did("webinar", 3, "w1", seen=3), did("webinar", 8, "w1", seen=5)
    other = did("webinar", 2, "w2", seen=2)
    occurrences = History(ordered([first, moved, other]), {}).activity("webinar")
    assert [len(occurrences.between(None, day(at))) for at in (1, 2, 3, 7, 8)] == [0, 1, 2, 2, 2]
    assert occurrences.last(day(7)) == day(3)
    assert occurrences.last(day(8)) == day(8)
    earlier = History(ordered([did("webinar", 8, "w1", seen=2), did("webinar", 3, "w1", seen=5)]), {}).activity(
        "webinar"
    )
    assert (earlier.last(day(9)), len(earlier.between(None, day(9)))) == (day(3), 1)
    withdrawn = replace(other, value=False, at=day(4), seen=day(4))
    gone = History(ordered([first, other, withdrawn]), {}).activity("webinar")
    assert [len(gone.between(None, day(at))) for at in (2, 3, 4)] == [1, 2, 1]
    assert History(ordered([other, replace(other, seen=day(9))]), {}).activity("webinar").ats == [day(2)]


def test_a_deal_is_won_when_it_became_so() -> None:
    """Saying again that a deal is won does not move the day on which it was."""
    facts = [Fact("deal", "deal", state, day(at), "sf", "d1", day(at)) for state, at in (("won", 2), ("won", 6))]
    history = History(ordered(facts), {})
    assert history.deal_since("won", day(7), day(2))
    assert not history.deal_since("won", day(7), day(3))
    assert not history.deal_since("won", day(1), None)


@pytest.mark.parametrize(
    "values",
    [
        (
            "1",
            1,
            True,
            Decimal("1.5"),
            ("1",),
            None,
            UNREADABLE,
            date(2026, 1, 1),
            day(0),
            "2026-01-01",
            "n",
            "u",
            (),
        ),
    ],
)
def test_values_have_texts_of_their_own(values: tuple[object, ...]) -> None:
    """No two different values share a text, so the order of facts is the same everywhere."""
    assert len({value_text(item) for item in values}) == len(values)  # type: ignore[arg-type]
    assert value_text(Decimal("5.0")) == value_text(5)


def test_order_of_facts_that_differ_late() -> None:
    """Facts alike in instant, source, record and name are told apart by all the rest, once each."""
    one = did("webinar", 3, "w1", seen=3)
    facts = [one, replace(one, seen=day(9)), replace(one, rank=1), replace(one, value=False), did("webinar", 1, "w0")]
    expected = tuple(sorted(set(facts), key=fact_key))

    for some in permutations(facts):
        assert ordered(some) == expected
        assert ordered((*some, *some[:2])) == expected
    assert ordered(facts[:3]) == tuple(sorted(facts[:3], key=fact_key))
