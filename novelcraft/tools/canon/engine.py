"""Opening the database, its transactions, and what its errors mean to a person.

SQLite runs with a write-ahead log and a full sync at each commit: after a commit returns, a
power cut cannot undo it. A write takes the write lock at its beginning, so two writers wait
for each other instead of failing half-way. The same code speaks to PostgreSQL.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    PoolProxiedConnection,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from novelcraft.errors import NewerDatabaseError, NotAProjectError, ProjectError, ReadOnlyError
from novelcraft.tools.canon.faults import damaged, meaning_of
from novelcraft.tools.canon.tables import SCHEMA_REVISION, alembic_version, metadata

BUSY_SECONDS = 30
"""How long a write waits for another process's write before it gives up."""

Guard = Callable[[Connection], None]

NETWORK = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""What libpq is told, so that a server which fell silent is an error within seconds."""


def database_url(target: str | os.PathLike[str]) -> URL:
    """The URL of a database that is named by a file's path or by a URL."""
    name = os.fspath(target)
    if "://" in name:
        url = make_url(name)
        # What others call a database's URL names no driver, and would get one that is not ours.
        plain = url.drivername in ("postgresql", "postgres")
        return url.set(drivername="postgresql+psycopg") if plain else url
    return URL.create("sqlite", database=str(Path(name).absolute()))


class Database:
    """An open database: two kinds of transaction, with errors a person can act on.

    Safe to share between threads: each transaction takes a connection of its own.

    Args:
        target: A file's path, or a URL.
        guard: Called at the beginning of each writing transaction, inside of it; what it raises
            undoes the transaction.
    """

    def __init__(self, target: str | os.PathLike[str], guard: Guard | None = None) -> None:
        self._guard = guard
        self.url = database_url(target)
        self.name = self.url.render_as_string(hide_password=True)
        if self.sqlite:
            self.name = str(self.url.database)
        self.engine = _engine(self.url)
        self._closed = False
        self._watching: PoolProxiedConnection | None = None
        self._writing: ContextVar[Connection | None] = ContextVar("writing", default=None)

    @property
    def sqlite(self) -> bool:
        """Whether it is a SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database throughout.

        Rows are made into models inside the block, so that one which cannot be read is known
        for what it is: damage. Inside of a writing transaction it sees what that has written.
        """
        outer = self._writing.get()
        try:
            if outer is not None:
                yield outer
                return
            with self._connect() as connection:
                yield connection
        except (JSONDecodeError, ValidationError) as error:
            raise damaged(self.name, error) from error

    @contextmanager
    def write(self, *, synced: bool = True) -> Iterator[Connection]:
        """A transaction that is kept whole when the block ends, and undone when it raises.

        Inside of another one it is a part of that: the outermost block decides.

        Args:
            synced: Whether a power cut after it cannot undo it. Without, it may, until the next
                one that is: for what is made again from what is kept. What is kept is always
                whole, and in order.
        """
        outer = self._writing.get()
        if outer is not None:
            yield outer
            return
        with self._connect() as connection:
            connection = connection.execution_options(writing=True, synced=synced)
            with connection.begin():
                if not (synced or self.sqlite):
                    connection.execute(text("SET LOCAL synchronous_commit = off"))
                if self._guard is not None:
                    self._guard(connection)
                entered = self._writing.set(connection)
                try:
                    yield connection
                finally:
                    self._writing.reset(entered)

    def require_guarded(self) -> None:
        """Raise what the guard raises where this process may not write any more."""
        with self.write(synced=False):
            pass

    def version(self) -> int:
        """A number that is another one once anybody has committed, in this process or another.

        It takes microseconds, so it can be asked before each look at what may have changed. SQLite
        only, and not from two threads at once.
        """
        if self._watching is None:
            self._watching = self.engine.raw_connection()
        cursor = self._watching.cursor()
        return int(cursor.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close all connections. SQLite folds its log into the file when the last one goes.

        One that another thread has in a transaction is closed when that ends.
        """
        self._closed = True
        if self._watching is not None:
            self._watching.close()
            self._watching = None
        self.engine.dispose()

    def require_sound(self) -> None:
        """Have SQLite look through its file; raise DamagedDatabaseError when it finds damage."""
        if not self.sqlite:
            return
        with self.read() as connection:
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if verdict != "ok":
            raise damaged(self.name, verdict)

    def require_current(self) -> None:
        """Check that this is a novel's database, and bring its tables up to date.

        Raises:
            NotAProjectError: It is a database, but holds no novel.
            NewerDatabaseError: A newer version of this program wrote it.
        """
        with self.read() as connection:
            revision = _revision(connection)
        if revision is None:
            raise NotAProjectError(
                f"{self.name} holds no novel.",
                fix="Name a novel's folder, or start one with `novelcraft new`.",
            )
        if revision != SCHEMA_REVISION:
            self.migrate()

    def migrate(self) -> None:
        """Make the tables, or bring them to the newest version, in one transaction.

        An empty database gets its tables as they are described, without Alembic: it would take a
        tenth of the time to a new novel's first request.

        Raises:
            NewerDatabaseError: A newer version of this program wrote them.
        """
        with self.write() as connection:
            if not inspect(connection).get_table_names():
                for described in (metadata, alembic_version.metadata):
                    described.create_all(connection, checkfirst=False)
                connection.execute(insert(alembic_version).values(version_num=SCHEMA_REVISION))
                return
            self._require_known(_revision(connection))
            upgrade(connection)

    def _require_known(self, revision: str | None) -> None:
        if revision is not None and revision not in known_revisions():
            raise NewerDatabaseError(
                f"{self.name} has the tables of version {revision}; "
                f"this program knows those up to {SCHEMA_REVISION}.",
                fix="Update novelcraft: pip install --upgrade novelcraft",
            )

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        pool = self.engine.pool
        try:
            with self._named_errors(), self.engine.connect() as connection:
                yield connection
        finally:
            # Asked once the connection is back: `close` has emptied the pool before or after that.
            # It also puts a new one in its place, which the connection may have come from.
            if self._closed:
                for either in (pool, self.engine.pool):
                    either.dispose()

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            known = meaning_of(error, self.name)
            if known is None:
                raise
            raise known from error


def require_writable(path: Path) -> None:
    """Raise ReadOnlyError unless the file and its folder can be written.

    SQLite keeps its log beside the file, so a writable file in a read-only folder is not enough.
    """
    for place in (path.parent, path):
        if place.exists() and not os.access(place, os.W_OK):
            raise ReadOnlyError(
                f"{place} cannot be written.",
                fix="Change its permissions, or copy the novel to a folder that can be written.",
            )


def require_sqlite_file(path: Path) -> None:
    """Raise NotAProjectError when no such file is there; opening would create an empty one."""
    if not path.is_file():
        raise NotAProjectError(
            f"{path} does not exist.",
            fix="Name a novel's folder, or start one with `novelcraft new`.",
        )


def upgrade(connection: Connection) -> None:
    """Run the migrations that a database, maybe an empty one, has not seen yet."""
    from alembic import command

    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def known_revisions() -> set[str]:
    """All versions of the tables that this program can open."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_alembic())
    return {script.revision for script in scripts.walk_revisions()}


def _alembic() -> Any:
    # Loaded here: Alembic takes a fifth of a second, and is needed once in a database's life.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "novelcraft.tools.canon:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(alembic_version.name):
        return None
    return connection.execute(select(alembic_version.c.version_num)).scalar()


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(url, pool_pre_ping=True, connect_args=NETWORK)
    except ModuleNotFoundError as error:
        raise ProjectError(
            f"The driver {error.name} for {url.drivername} is not installed.",
            fix='Install it with: pip install "novelcraft[batch]"',
        ) from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions of its own; `_begin_sqlite` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    writing = options.get("writing", False)
    if writing:
        # A pooled connection is one transaction's at a time, so each says how it is to be kept.
        wanted = "FULL" if options["synced"] else "NORMAL"
        if connection.info.get("synchronous") != wanted:
            connection.exec_driver_sql(f"PRAGMA synchronous={wanted}")
            connection.info["synchronous"] = wanted
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
