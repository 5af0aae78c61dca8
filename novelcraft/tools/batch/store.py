"""The table of a batch: a row a novel, in a SQLite file on the shelf."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from typing import Any, Self

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)

from novelcraft.errors import (
    InputError,
    NewerDatabaseError,
    NotAProjectError,
    UnknownTargetError,
)
from novelcraft.state.batch import BatchEntry, BatchRow, Change, RowProgress, RowStatus
from novelcraft.tools.canon.engine import Database, Guard

VERSION = 2
"""Of the tables below; a higher one was written by a newer program."""

_FIXED = (
    *("premise", "seed", "chapters", "title", "style", "ending", "language"),
    "words_per_page",
)
"""Keys of `[novel]` that a begun novel keeps: its plan and its first drafts rest on them."""

metadata = MetaData()

_version = Table(
    "batch_version",
    metadata,
    Column("version", Integer, nullable=False),
    Column("budget", Float),
)

_novels = Table(
    "batch_novels",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("settings", JSON, nullable=False),
    Column("cap", Float),
    Column("authored", JSON),
    Column("status", String(16), nullable=False, index=True),
    Column("scenes", Integer, nullable=False),
    Column("scenes_planned", Integer, nullable=False),
    Column("words", Integer, nullable=False),
    Column("findings", Integer, nullable=False),
    Column("at_cap", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cost", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("worker", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("error", Text, nullable=False),
)


def worker_name() -> str:
    """This process, as the batch's table names it."""
    return f"{socket.gethostname()}:{os.getpid()}"


class BatchStore:
    """The rows of a batch and how each stands.

    Args:
        target: Path of a file, which is made when it is not there, or URL of a database.

    Raises:
        NotAProjectError: The database holds something else.
        NewerDatabaseError: A newer version of this program wrote it.
        ReadOnlyError, DiskFullError, DamagedDatabaseError, ProjectBusyError: As for
            `ManuscriptStore`; also raised by every method.
    """

    def __init__(self, target: str | os.PathLike[str]) -> None:
        self._db = Database(target)
        try:
            self._db.require_sound()
            self._require_ours()
        except BaseException:
            self._db.close()
            raise

    def compare(self, rows: Iterable[BatchRow]) -> tuple[list[BatchRow], list[Change]]:
        """What those rows would add, and what they would change.

        Raises:
            InputError: A change of what a begun novel rests on, its premise for example.
        """
        known = {entry.row.name: entry for entry in self.entries()}
        added = [row for row in rows if row.name not in known]
        both = [
            (_kept(row, known[row.name].row), known[row.name]) for row in rows if row.name in known
        ]
        changes = [
            Change(row=row, was=entry.row, begun=_begun(entry.standing))
            for row, entry in both
            if row != entry.row
        ]
        for change in changes:
            _require_allowed(change)
        return added, changes

    def take(self, added: Sequence[BatchRow], changes: Sequence[Change]) -> None:
        """Add rows after those that are there, and change others, all or none."""
        with self._db.write() as connection:
            if added:
                connection.execute(insert(_novels), [_asked(row) | _plain() for row in added])
            for change in changes:
                asked = _asked(change.row)
                name = asked.pop("name")
                connection.execute(
                    update(_novels)
                    .where(_novels.c.name == name)
                    .values(**asked, status="waiting", error="")
                )

    def entries(self, *statuses: RowStatus) -> list[BatchEntry]:
        """The rows in their order; only those of some statuses, where any are named."""
        wanted = select(_novels).order_by(_novels.c.number)
        if statuses:
            wanted = wanted.where(_novels.c.status.in_(statuses))
        with self._db.read() as connection:
            return [_entry(row) for row in connection.execute(wanted)]

    def entry(self, name: str) -> tuple[int, BatchEntry]:
        """A novel's number in the batch, and its row.

        Raises:
            UnknownTargetError: The batch has no novel of that name.
        """
        with self._db.read() as connection:
            row = connection.execute(select(_novels).where(_novels.c.name == name)).first()
            if row is not None:
                return row.number, _entry(row)
        raise UnknownTargetError(
            f"The batch in {self._db.name} has no novel {name!r}.",
            fix="`novelcraft batch --show` lists its novels.",
        )

    def reopen(self) -> None:
        """Have those that failed, or are paused, written again."""
        ended = _novels.c.status.in_(("failed", "paused"))
        with self._db.write() as connection:
            connection.execute(update(_novels).where(ended).values(status="waiting", error=""))

    @property
    def budget(self) -> float | None:
        """What the batch may cost, as it was last set; None for no bound."""
        with self._db.read() as connection:
            amount: float | None = connection.execute(select(_version.c.budget)).scalar_one()
            return amount

    def set_budget(self, amount: float | None) -> None:
        """Say what the batch may cost."""
        with self._db.write() as connection:
            connection.execute(update(_version).values(budget=amount))

    def spent(self) -> float:
        """What all novels came to."""
        with self._db.read() as connection:
            return float(connection.execute(select(func.sum(_novels.c.cost))).scalar() or 0)

    def note(self, name: str, standing: RowProgress, guard: Guard | None = None) -> None:
        """Write down how a novel stands.

        Args:
            name: The novel's.
            standing: How it stands.
            guard: Called first, inside the transaction; what it raises undoes it.
        """
        with self._db.write() as connection:
            if guard is not None:
                guard(connection)
            connection.execute(
                update(_novels).where(_novels.c.name == name).values(**standing.model_dump())
            )

    @property
    def database(self) -> Database:
        """The database, for what stands beside the rows."""
        return self._db

    def close(self) -> None:
        """Close all connections. The store must not be used afterwards."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _require_ours(self) -> None:
        with self._db.write() as connection:
            tables = set(inspect(connection).get_table_names())
            if not self._db.sqlite:
                # Two that begin at the same moment make the tables once.
                connection.execute(text("SELECT pg_advisory_xact_lock(20260713)"))
                tables = set(inspect(connection).get_table_names())
            if not tables:
                metadata.create_all(connection)
                connection.execute(insert(_version).values(version=VERSION))
            elif _version.name not in tables:
                raise NotAProjectError(
                    f"{self._db.name} holds no batch.", fix="Choose another folder with --out."
                )
            version = connection.execute(select(_version.c.version)).scalar_one()
            if version == 1:
                connection.execute(text("ALTER TABLE batch_novels ADD COLUMN authored JSON"))
                connection.execute(update(_version).values(version=VERSION))
        if version > VERSION:
            raise NewerDatabaseError(
                f"{self._db.name} has the tables of version {version}; this program knows those "
                f"up to {VERSION}.",
                fix="Update novelcraft: pip install --upgrade novelcraft",
            )


def _begun(standing: RowProgress) -> bool:
    return bool(standing.scenes or standing.prompt_tokens) or standing.status == "writing"


def _kept(row: BatchRow, was: BatchRow) -> BatchRow:
    """The row with those of the author's files that are not there any more."""
    return row.model_copy(update={"authored": was.authored | row.authored})


def _require_allowed(change: Change) -> None:
    was, now = change.was.settings.get("novel", {}), change.row.settings.get("novel", {})
    key = next((key for key in _FIXED if was.get(key) != now.get(key)), None)
    if change.begun and key is not None:
        raise InputError(
            f"{change.row.name} was begun with {key} = {was.get(key, 'unset')}; it cannot go on "
            f"with {now.get(key, 'unset')}.",
            fix='Set the row as it was, or give it another "name" for a further novel.',
        )
    if change.begun and (files := change.files()):
        raise InputError(
            f"{change.row.name} was begun with another {files[0]} or none; what is planned stays.",
            fix="Put the file back as it was, or take it away; the plan is changed with "
            "`novelcraft tui --database …`.",
        )


def _asked(row: BatchRow) -> dict[str, Any]:
    return row.model_dump()


def _plain() -> dict[str, Any]:
    return RowProgress().model_dump()


def _entry(row: Row[Any]) -> BatchEntry:
    return BatchEntry(
        row=BatchRow(
            name=row.name, settings=row.settings, cap=row.cap, authored=row.authored or {}
        ),
        standing=RowProgress(**{name: getattr(row, name) for name in RowProgress.model_fields}),
    )
