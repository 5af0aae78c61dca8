"""The checkpointer: it holds the step in flight, and nothing that cannot be lost.

The manuscript store is the truth. A checkpoint that is missing, or that speaks of a head the
branch has left, is dropped and the run starts again from the chain; that costs at most the
scene in flight, whose finished model calls are replayed from the call log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

FILE = "checkpoints.db"

STEPS_KEPT = 16
"""Steps after which those before the last are dropped: somewhat more than a scene takes."""

BUSY_SECONDS = 30
"""How long a step waits for what a run that just ended still writes."""

_OLDER = "WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id < ?"


class LastStepSaver(AsyncSqliteSaver):
    """Keeps the last steps of a thread, so that its rows do not grow with the book."""

    _steps = 0

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint; now and then drop those before it."""
        kept = await super().aput(config, checkpoint, metadata, new_versions)
        self._steps += 1
        if self._steps % STEPS_KEPT == 0:
            await self._drop_before(kept)
        return kept

    async def _drop_before(self, config: RunnableConfig) -> None:
        names = ("thread_id", "checkpoint_ns", "checkpoint_id")
        given = tuple(config["configurable"][name] for name in names)
        async with self.lock:
            for table in ("checkpoints", "writes"):
                await self.conn.execute(f"DELETE FROM {table} {_OLDER}", given)
            await self.conn.commit()


@asynccontextmanager
async def open_checkpoints(folder: Path) -> AsyncIterator[LastStepSaver]:
    """The checkpointer of a novel's folder. A broken file is replaced by an empty one.

    Only plain values and LangGraph's own types are read back from it.
    """
    path = folder / FILE
    if not await _is_sound(path):
        _remove(path)
    async with aiosqlite.connect(path, timeout=BUSY_SECONDS) as connection:
        # A power cut may take the last steps, which the chain and the log of calls make again.
        await connection.execute("PRAGMA synchronous=NORMAL")
        yield LastStepSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))


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
