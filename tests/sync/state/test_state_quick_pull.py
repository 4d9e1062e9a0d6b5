"""Quick pulls: what was told of is read by id, little is read besides, and the next thorough pull misses nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pretend_world import World

from leadline.common.errors import UnavailableError
from leadline.common.values import RecordRef
from leadline.connectors.protocol import RecordRequest
from leadline.sync.pull.hinted import LOOK_BACK, MOST, Hinted
from leadline.sync.store.mirror import load_records

ANN = RecordRef("hubspot", "contact", "7")
BOB = RecordRef("hubspot", "contact", "8")


def known(world: World, ref: RecordRef) -> bool:
    """Say whether the mirror has a record."""
    with world.store.read() as connection:
        return ref in load_records(connection, [ref])


def test_what_was_told_of_is_read_though_no_index_has_it(world: World) -> None:
    """HubSpot's search may be behind its own webhooks; what search alone would show waits for the next pull."""
    world.pull()
    world.pass_time(seconds=20)
    world.hubspot.put("contact", "7", {"email": "ann@acme.example"})
    world.hubspot.put("contact", "8", {"email": "bob@acme.example"})
    world.hubspot.unindexed = {"7", "8"}
    pulled = world.pull(Hinted(frozenset({ANN})))
    assert (pulled.news["hubspot contact"], pulled.frontier) == (1, world.hubspot.now)
    assert (known(world, ANN), known(world, BOB)) == (True, False)
    assert not pulled.incremental
    assert world.pull(Hinted(frozenset({BOB}), thorough=True)).news["hubspot contact"] == 1


def test_the_next_thorough_pull_begins_where_the_quick_ones_began(world: World) -> None:
    """A row that came an hour late, behind many quick pulls, is found; the pull after that looks back as always."""
    world.pull()
    began = world.hubspot.now
    for _ in range(4):
        world.pass_time(minutes=15)
        world.pull(Hinted())
    world.hubspot.put("contact", "8", {"email": "bob@acme.example"}, stamp=began + timedelta(minutes=2))
    assert world.pull(Hinted()).news["hubspot contact"] == 0
    assert world.pull().news["hubspot contact"] == 1
    world.pass_time(minutes=1)
    world.pull()
    asked = [one for one in world.hubspot.asked if isinstance(one, RecordRequest) and one.object == "contact"]
    assert [(one.quick, one.look_back) for one in asked[1:5]] == [(True, LOOK_BACK)] * 4
    assert [one.since.stamp if one.since else None for one in asked[-2:]] == [
        began,
        world.hubspot.now - timedelta(minutes=1),
    ]


def test_a_thorough_pull_that_broke_off_is_made_up_for(world: World) -> None:
    """As long as none has ended well, each begins where the quick ones began."""
    world.pull()
    began = world.hubspot.now
    world.pass_time(minutes=30)
    world.pull(Hinted())
    world.hubspot.put("contact", "8", {"email": "bob@acme.example"}, stamp=began + timedelta(minutes=2))
    world.hubspot.fail_after = 0
    assert isinstance(world.pull().errors["hubspot"], UnavailableError)
    world.hubspot.fail_after = None
    assert world.pull(Hinted()).news["hubspot contact"] == 0
    assert world.pull().news["hubspot contact"] == 1


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_a_flood_of_hints_costs_a_bounded_number_of_calls(world: World, crm: str) -> None:
    """Ids beyond what one pull reads by id are left to the stamps."""
    many = frozenset(RecordRef(crm, "contact", str(number)) for number in range(MOST + 5))  # type: ignore[arg-type]
    assert len(Hinted(many).ids(crm, "contact")) == MOST  # type: ignore[arg-type]
    assert Hinted(many).ids("hubspot", "deal") == ()
    assert world.pull(Hinted(many)).rows["hubspot contact"] == 0
