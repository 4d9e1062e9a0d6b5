"""Opening the state store: the engine, its settings, and the schema brought up to date."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from leadline.common.errors import OutsideError, UnavailableError, UsageError
from leadline.common.interrupts import Deferred, uncut, uncut_package
from leadline.sync.store.schema import metadata

SCHEMA_VERSION: Final = "0004"
"""The newest migration; a test compares it with the migrations themselves."""

CACHE_KIBIBYTES: Final = 65_536
"""Pages that a SQLite connection keeps at most: the 2 MiB it has by itself are written and read again and again."""

BUSY_SECONDS: Final = 30
"""How long a SQLite writer waits for another one before it gives up."""

STILL_SECONDS: Final = 300
"""How long a PostgreSQL writer may ask nothing before the server ends its transaction.

A process that stands still in one, with its machine perhaps, would else keep all others waiting for as long.
"""

# Interrupted inside, SQLAlchemy drops the connection, and SQLite keeps the lock of one that is dropped half-way.
uncut_package("sqlalchemy")

_VERSIONS: Final = "alembic_version"
_TOLD: Final = (
    ("unable to open", "cannot be opened: may this user write there?"),
    ("readonly", "is read-only: let this user write to the file and its directory"),
    ("read-only", "is read-only: let this user write to the file and its directory"),
    ("disk is full", "cannot grow: its disk is full, or that of temporary files (TMPDIR); make room and run again"),
    ("disk i/o", "cannot be read or written: is the disk full or broken?"),
    ("is locked", "is locked by another process: wait for it and run again"),
    ("idle-in-transaction", "gave up on this process, which stood still while it wrote; run again"),
    (
        "permission denied",
        "is closed to this database user: grant it its tables, and CREATE for the first run",
    ),
)
"""What databases say, and what to do about it."""


class Store:
    """An open state store. ``write()`` and ``read()`` give one transaction each; close it when done."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._local = threading.local()

    def write(self) -> AbstractContextManager[Connection]:
        """Give a connection inside one writing transaction: committed at the end, rolled back on an error."""
        return _Transaction(self.engine, writes=True, guard=getattr(self._local, "guard", None))

    def read(self) -> AbstractContextManager[Connection]:
        """Give a connection that sees one consistent snapshot."""
        return _Transaction(self.engine, writes=False)

    @contextmanager
    def guarded(self, guard: Callable[[Connection], None]) -> Iterator[None]:
        """Begin every writing transaction of this thread with ``guard``, which raises when it may not write."""
        self._local.guard = guard
        try:
            yield
        finally:
            self._local.guard = None

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Transaction:
    """One transaction, begun and ended whole: Ctrl-C in between would leave a lock that our cleaning up waits for."""

    def __init__(self, engine: Engine, *, writes: bool, guard: Callable[[Connection], None] | None = None) -> None:
        self._engine = engine
        self._writes = writes
        self._guard = guard
        self._connection: Connection | None = None

    @uncut
    def __enter__(self) -> Connection:
        try:
            with _named_errors(self._engine.url), Deferred():
                self._connection = self._engine.connect().execution_options(leadline_write=self._writes)
                self._connection.begin()
                if self._guard is not None:
                    self._guard(self._connection)
        except BaseException:
            self._close()
            raise
        return self._connection

    @uncut
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, DatabaseError):
                with _named_errors(self._engine.url):
                    raise error
            if error is None and self._connection is not None:
                with _named_errors(self._engine.url), Deferred():
                    self._connection.commit()
        finally:
            self._close()  # rolls back what was not committed

    def _close(self) -> None:
        with Deferred():
            if self._connection is not None:
                self._connection.close()


def open_store(url: str) -> Store:
    """Open the store at a SQLAlchemy URL and bring its schema up to date.

    URLs: ``sqlite:///leadline.db``, ``postgresql://user@host/name``. Raises UsageError for a URL that cannot be
    used, for a database of another program and for a store written by a newer Leadline, UnavailableError when the
    database cannot be reached, OutsideError when it is damaged.
    """
    store = Store(_engine(_parse(url)))
    try:
        with _named_errors(store.engine.url), Deferred():
            _migrate(store.engine)
    except BaseException:
        store.close()
        raise
    return store


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number; the URL may hold a password
        raise UsageError("state: not a database URL; write sqlite:///leadline.db or postgresql://...") from None
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise UsageError(f"state: {parsed.get_backend_name()} is not supported; use sqlite or postgresql")
    return parsed


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        if url.database in {None, "", ":memory:"}:
            raise UsageError("state: a store in memory would forget everything; name a file")
        if url.query:
            raise UsageError("state: a SQLite file takes no options; write sqlite:///leadline.db")
        file = Path(str(url.database))
        _make_room(file)
        _leave_alone(file)
        _make_private(file)
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        engine = create_engine(url, connect_args={"connect_timeout": 10}, pool_pre_ping=True)
    except (ImportError, NoSuchModuleError) as error:
        raise UsageError('state: PostgreSQL needs its driver: pip install "leadline[postgresql]"') from error
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _make_room(file: Path) -> None:
    if file.is_dir():
        raise UsageError(f"state: {file} is a directory; name a file in it")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"state: {file.parent} cannot be made: {error.strerror}; name another place") from error


def _leave_alone(file: Path) -> None:
    """Refuse another program's file before our own connection changes its settings; UsageError."""
    if not file.exists():
        return
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as looking:
            names = looking.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
            tables = {str(name) for (name,) in names}
    except sqlite3.Error:
        return  # what is wrong is told when it is opened
    _require_ours(tables)


def _make_private(file: Path) -> None:
    """Begin a new file that its owner alone may read, because it will hold personal data; leave one that is there.

    SQLite gives the files beside it the same rights.
    """
    with suppress(OSError):  # what is wrong is told when it is opened
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, so that a writer locks at once
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
        f"cache_size=-{CACHE_KIBIBYTES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("leadline_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("leadline_write", False):
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{STILL_SECONDS}s'")


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin():
        if _is_current(connection):
            return  # without a lock: who only reads need not wait for a cycle that writes
    with engine.connect() as plain:
        connection = plain.execution_options(leadline_write=True)
        with connection.begin():
            if not _is_current(connection):
                _upgrade(connection)


def _is_current(connection: Connection) -> bool:
    """Tell whether the schema is ours; UsageError where it is newer than that."""
    found = _version(connection)
    if found is not None and found > SCHEMA_VERSION:
        raise UsageError(
            f"the state store has schema {found}, this Leadline knows {SCHEMA_VERSION}: "
            "it was written by a newer version; upgrade Leadline"
        )
    return found == SCHEMA_VERSION


def _version(connection: Connection) -> str | None:
    """Return the schema's version, None where there is no schema yet; UsageError for another program's tables."""
    tables = set(inspect(connection).get_table_names())
    # A PostgreSQL database may hold other tables too, but not of our names.
    _require_ours(tables & {*metadata.tables, _VERSIONS})
    if _VERSIONS not in tables:
        return None
    return connection.execute(text(f"SELECT version_num FROM {_VERSIONS}")).scalar()  # noqa: S608 - a constant


def _require_ours(tables: set[str]) -> None:
    if tables and not (_VERSIONS in tables and tables & set(metadata.tables)):
        raise UsageError("state: the database holds another program's tables; name a file or a database of its own")


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", "leadline.sync.store:migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise UsageError("state: no version of Leadline wrote this schema; name another file or database") from error


@contextmanager
def _named_errors(url: URL) -> Iterator[None]:
    """Name a database's failure; its own text may hold values, so only what kind it is is told."""
    where = f"the state store {url.database}" if url.get_backend_name() == "sqlite" else "the state store"
    try:
        yield
    except DatabaseError as error:
        said = str(error.orig).lower()
        if "not a database" in said:
            raise UsageError("state: the file is not a Leadline state store (not a SQLite database)") from error
        if "malformed" in said:
            raise OutsideError(
                f"{where} is damaged: put a copy of it back, or move it away and begin anew with `leadline plan`"
            ) from error
        told = next((what for words, what in _TOLD if words in said), None)
        if told is not None or isinstance(error, OperationalError):
            what = told or "cannot be used now: check that it is reachable, writable and not locked"
            raise UnavailableError(f"{where} {what} ({type(error.orig).__name__})") from error
        raise
