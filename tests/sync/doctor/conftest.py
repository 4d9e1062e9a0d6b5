"""One book that needs every kind of right, and practice CRMs that lack what a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from leadline.common.bookfiles import read_sources
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.sync.config import Config, load_config
from leadline.sync.doctor import Examination, run_doctor
from leadline.terminal.templates import copy_template

ACTIONS = """
rotas:
  callers: [marta.lindholm@acme.example, Inbound Queue]
on_enter:
  mql:
    - {assign: {rota: callers, account_owner_first: true}}
    - {task: {to: tom.okafor@acme.example, subject: "Call {name}", due: 1d}}
    - {note: hand-off}
    - {add_to: {salesforce_campaign: Summer Summit}}
    - {add_to: {hubspot_list: Nurture}}
    - {set: {Lead.Rating: Hot}}
  recycled:
    - {remove_from: {salesforce_campaign: Summer Summit}}
"""


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The waterfall book with every kind of action."""
    home = tmp_path_factory.mktemp("doctor") / "book"
    copy_template("waterfall", home)
    rules = home / "rules.yml"
    rules.write_text(rules.read_text(encoding="utf-8") + ACTIONS, encoding="utf-8")
    return home


@pytest.fixture(scope="session")
def full_book(directory: Path) -> Book:
    """The same, read."""
    return read_book(read_sources(directory))


@pytest.fixture(scope="session")
def few() -> Organisation:
    """Very few people: rights do not depend on them."""
    return generate(people=12, seed=7)


Examine = Callable[..., Examination]


@pytest.fixture(scope="session")
def examine_crms(directory: Path, full_book: Book, few: Organisation) -> Examine:
    """Return a function that examines practice CRMs with these options."""

    def run(**options: object) -> Examination:
        with served(directory, few, **options) as (practice, config):
            return run_doctor(config, full_book, practice.clock.now)

    return run


@contextmanager
def served(directory: Path, organisation: Organisation, **options: object) -> Iterator[tuple[Practice, Config]]:
    """Run both practice CRMs and give the configuration that reaches them."""
    chosen = PracticeOptions(**options)  # type: ignore[arg-type]
    with start_practice(organisation=organisation, options=chosen, frozen=True) as practice:
        yield practice, load_config(directory, practice.environment())
