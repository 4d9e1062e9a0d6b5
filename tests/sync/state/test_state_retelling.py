"""A person's story out of the mirror, told as a rule test that ends where the person is."""

from __future__ import annotations

import pytest

from leadline.common.errors import RefusedError
from leadline.rules.testing import read_cases, run_cases
from leadline.rules.testing.telling import tell
from leadline.sync.retelling import story_of
from leadline.sync.store.outcomes import load_lifecycle

CHIEF = {"Email": "ann@acme.example", "Title": "Chief", "NumberOfEmployees": 90}


def retold(world, person):
    """Tell a person's story, run it as a test, and return the story and the test's moves."""
    story = story_of(world.store, world.book, person)
    told = tell(world.book, story, "a story")
    assert told.lost == ()
    (result,) = run_cases(world.book, read_cases(world.book, {"t.yml": told.text.encode()}))
    assert result.passed, (told.text, result.failures)
    with world.store.read() as connection:
        row = load_lifecycle(connection, [person]).get(person)
    last = result.moves[-1].target if result.moves else None
    assert row is None or (last or row.stage) == row.stage
    assert "ann@" not in told.text
    return story, [(move.source, move.target) for move in result.moves]


def test_who_was_adopted_begins_in_the_crm_s_stage(world):
    """The story starts at the first evaluation, with the stage and date that the CRM showed then."""
    world.salesforce.put(
        "Lead", "L1", {**CHIEF, "Lifecycle_Stage__c": "mql", "MQL_Date__c": "2026-01-05T10:00:00.000+0000"}
    )
    world.cycle()
    begun = world.salesforce.now
    world.pass_time(days=1)
    world.cycle()
    story, moves = retold(world, "p-000001")
    assert (story.adopted.stage, story.adopted.since.day) == ("mql", 5)
    assert story.start <= begun
    assert moves == []


def test_who_came_later_begins_when_they_were_made(world):
    """A lead made between two cycles is new in the story, so its facts move it."""
    world.salesforce.put("Lead", "L0", {"Email": "bob@acme.example"})
    world.cycle()
    world.pass_time(minutes=10)
    made = world.salesforce.now
    world.salesforce.put("Lead", "L1", CHIEF)
    world.pass_time(minutes=10)
    world.cycle()
    story, moves = retold(world, "p-000002")
    assert (story.start, story.adopted) == (made, None)
    assert moves


def test_who_was_only_pulled_is_told_as_an_adoption_would_begin(world):
    """Without any decision the story begins, and ends, where reading ended."""
    with pytest.raises(RefusedError, match="nobody is known"):
        story_of(world.store, world.book, "ann@acme.example")
    world.salesforce.put("Lead", "L1", CHIEF)
    pulled = world.pull()
    story, _ = retold(world, "p-000001")
    assert story.start == story.until == pulled.frontier
