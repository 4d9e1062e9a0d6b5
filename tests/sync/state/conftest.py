"""What the tests of sync's state share: a store on disk, two pretended CRMs, a small rule book."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

sys.path.insert(0, str(Path(__file__).parent))  # the tests' own modules, under any import mode

from postgres_server import find_binaries, postgres
from pretend_world import World, make_world

from leadline.sync.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store in a SQLite file."""
    with open_store(f"sqlite:///{tmp_path}/state.db") as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give the URL of a PostgreSQL server of our own; in CI it must be there."""
    binaries = find_binaries()
    if binaries is None and os.environ.get("CI") != "true":
        pytest.skip("PostgreSQL is not installed (initdb is neither on the PATH nor in /usr/lib/postgresql)")
    assert binaries is not None, "CI needs PostgreSQL's server programs"
    with postgres(binaries) as url:
        yield url


@pytest.fixture
def clean_postgres_url(postgres_url: str) -> str:
    """Give the server's URL with nothing in the database."""
    engine = create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return postgres_url


@pytest.fixture(params=["sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty database, once for each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/any.db"
    url: str = request.getfixturevalue("clean_postgres_url")
    return url


@pytest.fixture
def world(store: Store) -> World:
    """Give two empty CRMs and the test's rule book."""
    return make_world(store)
