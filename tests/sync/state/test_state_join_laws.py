"""Laws of joins: whoever two persons were, their join keeps what the design says, in whatever order it is told."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.rules.deciding import Engine, state_from_json, state_to_json
from leadline.rules.state import PersonState
from leadline.sync.evaluating.merging import joined_state
from leadline.sync.store.outcomes import LifecycleRow
from tests.rules.deciding.books import day, waterfall

BOOK = waterfall()
BEGUN = Engine(BOOK).begin("p", [], day(1)).state
PATHS = [item.id for item in BOOK.transitions][:4]


@st.composite
def states(draw: st.DrawFn, number: int) -> PersonState:
    """Return a person somewhere in the lifecycle, with counts of paths taken."""
    stage = draw(st.sampled_from(list(BOOK.stages)))
    taken = draw(st.dictionaries(st.sampled_from(PATHS), st.integers(1, 4)))
    reasons = draw(st.sampled_from([(), (), ("competitor",)]))
    outcome = replace(BEGUN.outcome, stage=stage, since=day(number + 1), disqualified=reasons)
    frontier = day(draw(st.integers(10, 12)))
    return replace(BEGUN, person=f"p{number}", outcome=outcome, taken=taken, frontier=frontier)


def row(state: PersonState) -> LifecycleRow:
    """Return the stored row of a state."""
    return LifecycleRow(
        state.person, state_to_json(state), state.outcome.stage, None, state.frontier, "b" * 64, 3, 3, {}
    )


def joined(*people: PersonState) -> PersonState:
    """Join people into the first one."""
    return state_from_json(joined_state(BOOK, people[0].person, [row(person) for person in people]).state)


def out(state: PersonState) -> bool:
    """Tell whether a person is disqualified, by their stage or by a criterion."""
    return state.outcome.stage == "disqualified" or bool(state.outcome.disqualified)


def place(state: PersonState) -> int:
    """Return how far a person is on the main path; -1 is beside it."""
    stage = state.outcome.stage
    return BOOK.main_path.index(stage) if stage in BOOK.main_path else -1


PEOPLE = st.tuples(states(1), states(2), states(3))


@settings(max_examples=100, deadline=None)
@given(PEOPLE)
def test_a_join_keeps_the_furthest_and_the_most(people: tuple[PersonState, ...]) -> None:
    """Disqualified if anybody is, else the furthest stage with its timers; counts and frontier are the greatest."""
    found = joined(*people)
    assert out(found) is any(map(out, people))
    rank = max((out(person), place(person)) for person in people)
    assert (out(found), place(found)) == rank
    assert found.outcome in [person.outcome for person in people]
    assert found.person == people[0].person
    assert found.taken == {
        name: max(person.taken.get(name, 0) for person in people) for person in people for name in person.taken
    }
    assert found.frontier == max(person.frontier for person in people)


@settings(max_examples=100, deadline=None)
@given(PEOPLE, st.permutations([0, 1, 2]))
def test_joins_come_out_alike_in_any_order(people: tuple[PersonState, ...], order: list[int]) -> None:
    """Joining one after the other, or all at once in any order, gives the same standing, counts and frontier."""
    rows = [row(people[number]) for number in order]
    at_once = state_from_json(joined_state(BOOK, "p1", rows).state)
    one_by_one = joined(joined(people[0], people[1]), people[2])
    for other in (at_once, one_by_one):
        found = joined(*people)
        assert (out(other), place(other), other.taken, other.frontier) == (
            out(found),
            place(found),
            found.taken,
            found.frontier,
        )


@settings(max_examples=50, deadline=None)
@given(states(1))
def test_a_join_with_oneself_changes_nothing(person: PersonState) -> None:
    """A state joined with itself is that state; so what a split gave to both comes together again as it was."""
    assert joined(person, replace(person, person="p9")) == person
