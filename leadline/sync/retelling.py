"""One person's story out of the mirror: what a rule test is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from leadline.common.errors import RefusedError
from leadline.rules.model import Book
from leadline.rules.state import Adopted
from leadline.rules.testing.telling import Story
from leadline.sync.intake import PersonFacts, facts_of_persons
from leadline.sync.people import find_person
from leadline.sync.store import Store
from leadline.sync.store.cycles import last_read
from leadline.sync.store.outcomes import decisions_of, load_lifecycle


def story_of(store: Store, book: Book, text: str) -> Story:
    """Return the story of the person that ``text`` means, up to the last evaluation, in the names of ``book``.

    It begins where Leadline took the person up, with the stage that the CRMs showed then. Raises RefusedError for a
    person who is not there or of whom nothing was read completely yet.
    """
    person = find_person(store, text)
    with store.read() as connection:
        row = load_lifecycle(connection, [person]).get(person)
        if row is not None:
            cycle, until = row.cycle, row.frontier
        else:
            cycle, until = _last_read(connection)
        facts = facts_of_persons(connection, book, [person], cycle)[person]
        story = _begun(connection, book, facts, until)
        return replace(story, person=person, colleagues=_colleagues(facts, story))


def _colleagues(facts: PersonFacts, story: Story) -> tuple[Story, ...]:
    """Return what is known of the other people of the account, taken up when the person was."""
    together = {} if facts.together is None else facts.together.people
    return tuple(
        Story(other.all(), story.start, story.until, _not_after(other.adopted, story.start))
        for person, other in sorted(together.items())
        if person != facts.person and other.live
    )


def _begun(connection: Connection, book: Book, facts: PersonFacts, until: datetime) -> Story:
    made = decisions_of(connection, facts.person)
    first = made[-1] if made else None
    if first is None:
        return Story(facts.all(), until, until, _not_after(facts.adopted, until))
    then = facts_of_persons(connection, book, [facts.person], first.cycle)[facts.person]
    previous = first.before["previous"]
    new = previous is not None and then.created is not None and then.created > datetime.fromisoformat(previous)
    # Who was made between two cycles begins then; everybody else where the first cycle found them.
    start = min(then.created, first.frontier) if new and then.created is not None else first.frontier
    return Story(facts.all(), start, until, _not_after(then.adopted, start))


def _not_after(adopted: Adopted, start: datetime) -> Adopted | None:
    """Return what the CRMs showed, None where they showed no stage; a stage's date is not after the beginning."""
    if adopted.stage is None:
        return None
    return replace(adopted, since=None if adopted.since is None else min(adopted.since, start), entered={})


def _last_read(connection: Connection) -> tuple[int, datetime]:
    cycle = last_read(connection)
    if cycle is not None and cycle.frontier is not None:
        return cycle.id, cycle.frontier
    raise RefusedError("nothing was ever read completely, so there is no story to tell; run `leadline pull`")
