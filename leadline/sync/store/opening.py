"""Opening the state store: the engine, its settings, and the schema brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from leadline.common.errors import UnavailableError, UsageError

SCHEMA_VERSION: Final = "0001"
"""The newest migration; a test compares it with the migrations themselves."""

BUSY_SECONDS: Final = 30
"""How long a SQLite writer waits for another one before it gives up."""


class Store:
    """An open state store. ``write()`` and ``read()`` give one transaction each; close it when done."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection inside one writing transaction: committed at the end, rolled back on an error."""
        with _named_errors(), self.engine.connect() as connection:
            writing = connection.execution_options(leadline_write=True)
            with writing.begin():
                yield writing

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one consistent snapshot."""
        with _named_errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(url: str) -> Store:
    """Open the store at a SQLAlchemy URL and bring its schema up to date.

    URLs: ``sqlite:///leadline.db``, ``postgresql://user@host/name``. Raises UsageError for a URL that cannot be
    used and for a store written by a newer Leadline, UnavailableError when the database cannot be reached.
    """
    store = Store(_engine(_parse(url)))
    try:
        with _named_errors():
            _migrate(store.engine)
    except BaseException:
        store.close()
        raise
    return store


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError("state: not a database URL; write sqlite:///leadline.db or postgresql://...") from error
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise UsageError(f"state: {parsed.get_backend_name()} is not supported; use sqlite or postgresql")
    return parsed


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        if url.database in {None, "", ":memory:"}:
            raise UsageError("state: a store in memory would forget everything; name a file")
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(url, connect_args={"connect_timeout": 10}, pool_pre_ping=True)
    except (ImportError, NoSuchModuleError) as error:
        raise UsageError('state: PostgreSQL needs its driver: pip install "leadline[postgresql]"') from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, so that a writer locks at once
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("leadline_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: Engine) -> None:
    with engine.connect() as plain:
        connection = plain.execution_options(leadline_write=True)
        with connection.begin():
            found = _version(connection)
            if found == SCHEMA_VERSION:
                return
            if found is not None and found > SCHEMA_VERSION:
                raise UsageError(
                    f"the state store has schema {found}, this Leadline knows {SCHEMA_VERSION}: "
                    "it was written by a newer version; upgrade Leadline"
                )
            _upgrade(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "leadline.sync.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _named_errors() -> Iterator[None]:
    """Name a database's failure; its own text may hold values, so only its kind is told."""
    try:
        yield
    except OperationalError as error:
        kind = type(error.orig).__name__
        raise UnavailableError(
            f"the state store cannot be used now ({kind}): check that it is reachable, writable and not locked"
        ) from error
    except DatabaseError as error:
        if "not a database" in str(error.orig):
            raise UsageError("state: the file is not a Leadline state store (not a SQLite database)") from error
        raise
