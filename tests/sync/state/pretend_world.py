"""Both pretended CRMs, the book and the store of one test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pretend_crm import BOOK, HUBSPOT_FIELDS, SALESFORCE_FIELDS, PretendCrm

from leadline.common.values import Crm
from leadline.connectors.protocol import ReadConnector
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.sync.evaluating import evaluate
from leadline.sync.pull import pull
from leadline.sync.pull.hinted import Hinted
from leadline.sync.results import EvaluationResult, PullResult
from leadline.sync.store import Store
from leadline.sync.store.cycles import remember_book


@dataclass
class World:
    """Both CRMs, the book and the store."""

    store: Store
    salesforce: PretendCrm
    hubspot: PretendCrm
    book: Book
    sources: dict[str, bytes]

    def pull(self, hinted: Hinted | None = None) -> PullResult:
        """Pull both CRMs, quickly where they told of something."""
        crms: dict[Crm, ReadConnector] = {"salesforce": self.salesforce, "hubspot": self.hubspot}
        return pull(self.store, crms, self.book, hinted=hinted)

    def cycle(self) -> tuple[PullResult, EvaluationResult]:
        """Pull and evaluate."""
        pulled = self.pull()
        assert pulled.frontier is not None
        with self.store.write() as connection:
            remember_book(connection, self.book.hash, self.book.name, self.sources)
        return pulled, evaluate(self.store, self.book, cycle=pulled.cycle, frontier=pulled.frontier)

    def use(self, text: str) -> None:
        """Take another rule book."""
        self.sources = {"rules.yml": text.encode()}
        self.book = read_book(self.sources)

    def pass_time(self, **by: float) -> datetime:
        """Let time pass in both CRMs."""
        self.salesforce.pass_time(**by)
        self.hubspot.pass_time(**by)
        return self.hubspot.now


def make_world(store: Store) -> World:
    """Return two empty CRMs and the test's rule book on a store."""
    made = World(store, PretendCrm("salesforce", SALESFORCE_FIELDS), PretendCrm("hubspot", HUBSPOT_FIELDS), None, {})
    made.use(BOOK)
    return made
