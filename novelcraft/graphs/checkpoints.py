"""The checkpointer: it holds the step in flight, and nothing that cannot be lost.

The manuscript store is the truth. A checkpoint that is missing, or that speaks of a head the
branch has left, is dropped and the run starts again from the chain; that costs at most the
scene in flight, whose finished model calls are replayed from the call log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from novelcraft.tools.canon.store import ManuscriptStore

FILE = "checkpoints.db"

BUSY_SECONDS = 30
"""How long a step waits for what a run that just ended still writes."""

_OLDER = (
    "WHERE thread_id = ? AND checkpoint_id < (SELECT max(checkpoint_id) FROM checkpoints AS newest "
    "WHERE newest.thread_id = {0}.thread_id AND newest.checkpoint_ns = {0}.checkpoint_ns)"
)


class SqliteCheckpoints(AsyncSqliteSaver):
    """LangGraph's checkpointer of SQLite, with what its one of PostgreSQL has: pruning."""

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Drop the checkpoints of threads but for the newest, or with `delete` that one too."""
        for thread_id in thread_ids:
            if strategy == "delete":
                await self.adelete_thread(thread_id)
                continue
            async with self.lock:
                for table in ("writes", "checkpoints"):
                    older = f"DELETE FROM {table} {_OLDER.format(table)}"
                    await self.conn.execute(older, (thread_id,))
                await self.conn.commit()


def open_checkpoints(
    folder: Path, store: ManuscriptStore
) -> AbstractAsyncContextManager[BaseCheckpointSaver[str]]:
    """The checkpointer of a novel: in its folder, or where its database is a server's, there.

    Only plain values and LangGraph's own types are read back from it.

    Raises:
        DatabaseGoneError: The server cannot be reached.
    """
    serde = JsonPlusSerializer(allowed_msgpack_modules=None)
    if store.database.sqlite:
        return open_file(folder / FILE, serde)
    # Loaded here: the driver comes with the extra `batch`.
    from novelcraft.graphs.batch.checkpoints import open_shared_checkpoints

    return open_shared_checkpoints(store.database, serde)


@asynccontextmanager
async def open_file(path: Path, serde: JsonPlusSerializer) -> AsyncIterator[SqliteCheckpoints]:
    """The checkpointer of a file. A broken one is replaced by an empty one."""
    if not await _is_sound(path):
        _remove(path)
    async with aiosqlite.connect(path, timeout=BUSY_SECONDS) as connection:
        # A power cut may take the last steps, which the chain and the log of calls make again.
        await connection.execute("PRAGMA synchronous=NORMAL")
        checkpoints = SqliteCheckpoints(connection, serde=serde)
        # LangGraph makes the tables where it needs them, but not before it deletes from them.
        await checkpoints.setup()
        yield checkpoints


async def _is_sound(path: Path) -> bool:
    try:
        async with aiosqlite.connect(path) as connection:
            rows = await connection.execute_fetchall("PRAGMA quick_check")
            return [tuple(row) for row in rows] == [("ok",)]
    except aiosqlite.DatabaseError:
        return False


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
