"""Against the practice CRMs over HTTP: a first cycle, a quiet second one, and changes."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from leadline.common.bookfiles import read_sources
from leadline.common.values import RecordRef, RecordWrite
from leadline.connectors.practice.serving import start_practice
from leadline.rules.reading import read_book
from leadline.sync.config import connect_all, load_config
from leadline.sync.evaluating import evaluate
from leadline.sync.pull import pull
from leadline.sync.store.cycles import remember_book
from leadline.sync.store.mirror import load_records
from leadline.sync.store.outcomes import load_lifecycle, stock
from leadline.sync.store.schema import observations, records
from leadline.sync.verifying import verify
from tests.sync.looking import decisions_in

WATERFALL = Path(__file__).parents[3] / "examples" / "waterfall"


@pytest.fixture
def practice():
    """Give both practice CRMs with 200 people."""
    with start_practice(people=200, seed=3) as running:
        yield running


def test_two_cycles_over_http(practice, store):
    """Everything is read once; nothing new gives no observation and no evaluation; decisions verify."""
    sources = read_sources(WATERFALL)
    book = read_book(sources)
    connectors = connect_all(load_config(WATERFALL, practice.environment()))
    try:
        first = pull(store, connectors, book)
        with store.write() as connection:
            remember_book(connection, book.hash, book.name, sources)
        adopted = evaluate(store, book, cycle=first.cycle, frontier=first.frontier)
        second = pull(store, connectors, book)
        quiet = evaluate(store, book, cycle=second.cycle, frontier=second.frontier)
    finally:
        for connector in connectors.values():
            connector.close()
    assert first.errors == {}
    assert first.rows == first.news
    assert 0.8 * 200 < first.people <= 200
    assert adopted.evaluated + adopted.out_of_scope == first.people
    assert sum(second.news.values()) == 0
    assert quiet.evaluated == 0
    with store.read() as connection:
        assert sum(stock(connection).values()) == adopted.evaluated
        decisions = decisions_in(connection, first.cycle)
    assert len(decisions) == adopted.evaluated
    assert all(verify(store, row.id).same for row in decisions[:20])


def test_an_integration_s_stage_is_observed_and_is_nobody_s_hand(practice, store):
    """A lifecycle stage set through the API by another program: one history read, an observation, no human move."""
    book = read_book(read_sources(WATERFALL))
    connectors = connect_all(load_config(WATERFALL, practice.environment()))
    try:
        first = pull(store, connectors, book)
        evaluate(store, book, cycle=first.cycle, frontier=first.frontier)
        with store.read() as connection:
            mine = (records.c.object == "contact") & records.c.deleted.is_(False) & records.c.person_id.is_not(None)
            leads = [
                row.record_id
                for row in connection.execute(select(records).where(mine).order_by(records.c.record_id))
                if row.fields["lifecyclestage"] == "lead"
            ]
        ref = RecordRef("hubspot", "contact", leads[0])
        practice.clock.advance(timedelta(minutes=5))
        [[result]] = connectors["hubspot"].write([RecordWrite(ref, {"lifecyclestage": "salesqualifiedlead"})])
        practice.clock.advance(timedelta(minutes=5))
        second = pull(store, connectors, book)
        evaluate(store, book, cycle=second.cycle, frontier=second.frontier)
    finally:
        for connector in connectors.values():
            connector.close()
    assert result.status == "done"
    assert second.news["hubspot contact"] == 1
    with store.read() as connection:
        query = select(observations).where(observations.c.cycle == second.cycle)
        seen = connection.execute(query).mappings().one()
        person = load_records(connection, [ref])[ref].person_id
        [state] = load_lifecycle(connection, [person]).values()
    assert seen["changed"].pop("hs_v2_date_entered_salesqualifiedlead")
    assert seen["changed"]["lifecyclestage"] == "salesqualifiedlead"
    assert (seen["author"], seen["echo"]) == ("", [])
    assert json.loads(state.state)["hold"] is None
