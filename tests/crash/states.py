"""Where the state of a trial is: a file beside it, or a database of a PostgreSQL server, copied for each trial."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine

from tests.sync.state.postgres_server import Server

_BASE = "base"


class States(Protocol):
    """Gives URLs of states."""

    def base(self, home: Path) -> str:
        """Return the state of a scene."""
        ...

    def copy(self, place: Path) -> str:
        """Return a copy of it for the trial in ``place``, a copy of the scene's directory."""
        ...


class Files:
    """SQLite files, which are copied with their directory."""

    def base(self, home: Path) -> str:
        """Return the state of a scene."""
        return f"sqlite:///{home}/leadline.db"

    def copy(self, place: Path) -> str:
        """Return the copy's URL."""
        return self.base(place)


@dataclass
class Databases:
    """Databases of one server."""

    server: Server
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def base(self, home: Path) -> str:
        """Return the state of a scene; the database is made when it is asked for first."""
        found = self._run(f"SELECT count(*) FROM pg_database WHERE datname = '{_BASE}'")
        if not found:
            self._run(f"CREATE DATABASE {_BASE}")
        return self._url(_BASE)

    def copy(self, place: Path) -> str:
        """Return the URL of a fresh copy."""
        number = next(self._numbers)
        self._run(f"DROP DATABASE IF EXISTS trial{number - 1} WITH (FORCE)")
        self._run(f"CREATE DATABASE trial{number} TEMPLATE {_BASE}")
        # PostgreSQL believes that the next numbers of the copied sequences are logged already, until a checkpoint.
        self._run("CHECKPOINT")
        return self._url(f"trial{number}")

    def _url(self, name: str) -> str:
        return self.server.url.rpartition("/")[0] + f"/{name}"

    def _run(self, statement: str) -> int:
        url = self.server.url.replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            result = connection.exec_driver_sql(statement)
            found = int(result.scalar_one()) if result.returns_rows else 0
        engine.dispose()
        return found
