"""A batch in PostgreSQL: its schema, a schema for each novel, and the leases of the novels.

A lease says which worker writes a novel, until when, and in which epoch: each time the novel goes
to another worker the epoch grows. Every writing transaction on the novel holds the lease's row
while it runs, so that a worker whose lease ran out, because it slept or was cut off, can write
nothing more, whatever it believes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import Connection, text

from novelcraft.errors import InputError, LeaseLostError, NotAProjectError
from novelcraft.tools.batch.store import BatchStore, worker_name
from novelcraft.tools.canon.engine import Database, Guard, database_url
from novelcraft.tools.canon.store import ManuscriptStore

SCHEMA = "novelcraft"
"""Schema of the batch's rows, the leases, and the jobs."""

_LEASES = f"""
CREATE TABLE IF NOT EXISTS {SCHEMA}.batch_leases (
    name varchar(80) PRIMARY KEY REFERENCES {SCHEMA}.batch_novels (name),
    epoch bigint NOT NULL,
    worker text NOT NULL,
    expires timestamptz NOT NULL
)"""
_TAKE = text(f"""
INSERT INTO {SCHEMA}.batch_leases AS held (name, epoch, worker, expires)
VALUES (:name, 1, :worker, clock_timestamp() + make_interval(secs => :seconds))
ON CONFLICT (name) DO UPDATE
SET epoch = held.epoch + 1, worker = excluded.worker, expires = excluded.expires
WHERE held.expires <= clock_timestamp()
RETURNING epoch""")
_MINE = "name = :name AND epoch = :epoch AND expires > clock_timestamp()"
_HOLD = text(f"SELECT 1 FROM {SCHEMA}.batch_leases WHERE {_MINE} FOR SHARE")
_HOLDER = text(f"""
SELECT worker FROM {SCHEMA}.batch_leases WHERE name = :name AND expires > clock_timestamp()""")
_RENEW = text(f"""
UPDATE {SCHEMA}.batch_leases SET expires = clock_timestamp() + make_interval(secs => :seconds)
WHERE {_MINE}""")
_RELEASE = text(f"""
UPDATE {SCHEMA}.batch_leases SET expires = clock_timestamp()
WHERE {_MINE}""")
_FREE = text(f"""
SELECT novels.name FROM {SCHEMA}.batch_novels AS novels
LEFT JOIN {SCHEMA}.batch_leases AS leases
    ON leases.name = novels.name AND leases.expires > clock_timestamp()
WHERE novels.status IN ('waiting', 'writing') AND leases.name IS NULL
ORDER BY novels.number""")


def schema_url(url: str, schema: str, idle_seconds: float | None = None) -> str:
    """The URL under which a schema of a database is a database of its own.

    Args:
        url: The database's.
        schema: Its name.
        idle_seconds: A transaction that does nothing for so long is undone by the server.
    """
    parsed = database_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise InputError(
            f"{parsed.render_as_string()} is no PostgreSQL database.",
            fix="Name one as postgresql://USER@HOST/DATABASE.",
        )
    options = f"-csearch_path={schema}"
    if idle_seconds is not None:
        options += f" -cidle_in_transaction_session_timeout={round(idle_seconds * 1000)}"
    return parsed.update_query_dict({"options": options}).render_as_string(hide_password=False)


def open_shared(url: str) -> BatchStore:
    """The batch of a PostgreSQL database; its tables are made when they are not there.

    Raises:
        InputError: It is no PostgreSQL database.
        DatabaseGoneError: It cannot be reached.
        NewerDatabaseError: A newer version of this program wrote it.
    """
    target = schema_url(url, SCHEMA)
    _make_schema(url, SCHEMA)
    store = BatchStore(target)
    try:
        with store.database.write() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(20260713)"))
            connection.execute(text(_LEASES))
    except BaseException:
        store.close()
        raise
    return store


def holder_of(store: BatchStore, name: str) -> str:
    """The worker that holds a novel now; empty for none."""
    with store.database.read() as connection:
        return connection.execute(_HOLDER, {"name": name}).scalar() or ""


def schema_of(number: int) -> str:
    """The schema of the novel that has a number in the batch."""
    return f"novel_{number}"


def free_novels(store: BatchStore) -> list[str]:
    """Names of the novels that are to be written, and that no worker holds."""
    with store.database.read() as connection:
        return list(connection.execute(_FREE).scalars())


def open_novel_store(
    url: str, number: int, novel_id: str, *, guard: Guard | None, idle_seconds: float
) -> ManuscriptStore:
    """A novel's store in its schema of the batch's database; made when it is not there.

    Args:
        url: The database's.
        number: The novel's number in the batch.
        novel_id: Its id, when it is made.
        guard: Stands before every writing transaction.
        idle_seconds: A transaction that does nothing for so long is undone by the server, so that
            a worker which stops inside of one does not hold up the next.
    """
    schema = schema_of(number)
    target = schema_url(url, schema, idle_seconds)
    try:
        return ManuscriptStore.open(target, guard=guard)
    except NotAProjectError:
        _make_schema(url, schema)
        return ManuscriptStore.create(target, novel_id=novel_id, guard=guard)


def _make_schema(url: str, schema: str) -> None:
    database = Database(url)
    try:
        with database.write() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(20260713)"))
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    finally:
        database.close()


@dataclass
class Lease:
    """A worker's right to write a novel; make one with `take`."""

    database: Database
    name: str
    epoch: int
    seconds: float
    renewed: float
    """When it was last taken or renewed, by the monotonic clock."""

    @classmethod
    def take(cls, store: BatchStore, name: str, seconds: float) -> Lease | None:
        """Take the lease of a novel; None while another worker's has not run out."""
        now = time.monotonic()
        given = {"name": name, "worker": worker_name(), "seconds": seconds}
        with store.database.write() as connection:
            epoch = connection.execute(_TAKE, given).scalar()
        return None if epoch is None else cls(store.database, name, epoch, seconds, now)

    def guard(self, connection: Connection) -> None:
        """Hold the lease until the transaction ends.

        Raises:
            LeaseLostError: It has run out, or the novel went to another worker.
        """
        if connection.execute(_HOLD, self._mine).first() is None:
            raise self.lost()

    def renew(self) -> bool:
        """Prolong it; whether it was still held."""
        now = time.monotonic()
        with self.database.write() as connection:
            changed = connection.execute(_RENEW, self._mine | {"seconds": self.seconds}).rowcount
        if changed:
            self.renewed = now
        return bool(changed)

    def release(self) -> None:
        """Let others have the novel at once."""
        with self.database.write() as connection:
            connection.execute(_RELEASE, self._mine)

    @property
    def expired(self) -> bool:
        """Whether it surely has run out: it was not renewed for as long as it lasts."""
        return time.monotonic() - self.renewed >= self.seconds

    def lost(self) -> LeaseLostError:
        """The error to raise when it is."""
        return LeaseLostError(
            f"The lease of {self.name} in epoch {self.epoch} has run out.",
            fix="Nothing is to be done: the worker that holds it now goes on.",
        )

    @property
    def _mine(self) -> dict[str, str | int]:
        return {"name": self.name, "epoch": self.epoch}
