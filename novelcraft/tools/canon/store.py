"""The manuscript store: the one place where a novel lives.

The chain of scene commits, the plan's versions, drafts under review, the log of model calls
and of events, in one database: a SQLite file in the novel's folder, or a PostgreSQL URL whose
database (or schema, by `?options=-csearch_path%3D…`) holds that one novel.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Self
from uuid import uuid4

from sqlalchemy import insert, inspect, select

from novelcraft.errors import NotAProjectError, ProjectError
from novelcraft.tools.canon.acts import Acts
from novelcraft.tools.canon.calls import Calls
from novelcraft.tools.canon.chain import Chain
from novelcraft.tools.canon.drafts import Drafts
from novelcraft.tools.canon.engine import (
    Database,
    Guard,
    require_sqlite_file,
    require_writable,
)
from novelcraft.tools.canon.integrity import Integrity
from novelcraft.tools.canon.journal import Journal
from novelcraft.tools.canon.part_summaries import PartSummaries
from novelcraft.tools.canon.revisions import Revisions
from novelcraft.tools.canon.tables import novel


class ManuscriptStore(Chain, Revisions, Integrity, Drafts, PartSummaries, Calls, Journal, Acts):
    """One novel's database, open.

    Every method is one transaction, or a part of an `atomic` one, is safe to call from any
    thread, and takes milliseconds, so it may be called from a coroutine. Make one with `create`
    or `open`, close it with `close` or a `with` block.

    Raises (any method):
        ReadOnlyError, DiskFullError, DamagedDatabaseError, ProjectBusyError: What SQLite or
            PostgreSQL reported. The store can be used again once the cause is gone; the
            transaction that met it left nothing behind.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._chain = ()
        self._trusted = set()
        self._plans = {}
        self._told = {}
        self._latest = None
        self._changing = Lock()
        with database.read() as connection:
            self.novel_id: str = connection.execute(select(novel.c.id)).scalar_one()
        self.session = self.novel_id

    @classmethod
    def create(
        cls,
        target: str | os.PathLike[str],
        *,
        novel_id: str | None = None,
        guard: Guard | None = None,
    ) -> ManuscriptStore:
        """Make the database of a new novel, and open it.

        A file appears under its name only when it is whole.

        Args:
            target: Path of a file that is not there yet, or URL of an empty database.
            novel_id: 32 hex digits; a random UUID when None.
            guard: See `Database`.

        Raises:
            NotAProjectError: Something is there already.
            ReadOnlyError: The folder cannot be written.
            DiskFullError: There is no room for it.
        """
        database = Database(target, guard)
        if database.sqlite:
            _found_file(Path(database.name), novel_id)
        else:
            _found(database, novel_id)
        return cls.open(target, guard=guard)

    @classmethod
    def open(
        cls,
        target: str | os.PathLike[str],
        *,
        guard: Guard | None = None,
        look_through: bool = True,
    ) -> ManuscriptStore:
        """Open the database of a novel, and bring its tables up to date.

        Args:
            target: Path of a file, or URL of a database, that `create` made.
            guard: See `Database`.
            look_through: Whether to look through a file for damage first, which takes the longer
                the longer the book. Without, damage is known once what is damaged is read.

        Raises:
            NotAProjectError: Nothing is there, or it holds no novel.
            ReadOnlyError: The file or its folder cannot be written.
            NewerDatabaseError: A newer version of this program wrote it.
            DamagedDatabaseError: The file is no database, or is corrupt.
        """
        database = Database(target, guard)
        if database.sqlite:
            require_sqlite_file(Path(database.name))
            require_writable(Path(database.name))
        try:
            if look_through:
                database.require_sound()
            database.require_current()
            return cls(database)
        except BaseException:
            database.close()
            raise

    @property
    def database(self) -> Database:
        """The novel's database; where a server has it, checkpoints are kept there too."""
        return self._db

    def version(self) -> int:
        """A number that is another one once anybody has committed; see `Database.version`."""
        return self._db.version()

    def close(self) -> None:
        """Close all connections. The store must not be used afterwards."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _found(database: Database, novel_id: str | None) -> None:
    """Make the tables and name the novel, in one transaction; then close the database."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        with database.write() as connection:
            if inspect(connection).get_table_names():
                raise _occupied(database.name)
            database.migrate()
            connection.execute(insert(novel).values(id=novel_id or uuid4().hex, created=created))
    finally:
        database.close()


def _found_file(path: Path, novel_id: str | None) -> None:
    require_writable(path)
    if path.exists():
        raise _occupied(str(path))
    making = path.with_name(f".{path.name}.new")
    for stale in path.parent.glob(f"{making.name}*"):
        # A killed run's file, and its log, which SQLite would replay into the new one.
        stale.unlink()
    _found(Database(making), novel_id)
    making.replace(path)


def _occupied(name: str) -> ProjectError:
    return NotAProjectError(
        f"{name} exists already.", fix="Name a folder that holds no novel yet, or open this one."
    )
