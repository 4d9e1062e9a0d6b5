"""Against the practice CRMs over HTTP: a first cycle, a quiet second one, and changes."""

import pytest

from leadline.common.bookfiles import read_sources
from leadline.connectors.practice.serving import start_practice
from leadline.rules.reading import read_book
from leadline.sync.config import connect_all, load_config
from leadline.sync.evaluating import evaluate
from leadline.sync.pull import pull
from leadline.sync.store.cycles import remember_book
from leadline.sync.store.outcomes import decisions_in, stock
from leadline.sync.verifying import verify


@pytest.fixture
def practice():
    """Give both practice CRMs with 200 people."""
    with start_practice(people=200, seed=3) as running:
        yield running


def test_two_cycles_over_http(practice, store, request):
    """Everything is read once; nothing new gives no observation and no evaluation; decisions verify."""
    waterfall = request.config.rootpath / "examples" / "waterfall"
    sources = read_sources(waterfall)
    book = read_book(sources)
    connectors = connect_all(load_config(waterfall, practice.environment()))
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
