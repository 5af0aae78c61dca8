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
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

FILE = "checkpoints.db"


@asynccontextmanager
async def open_checkpoints(folder: Path) -> AsyncIterator[AsyncSqliteSaver]:
    """The checkpointer of a novel's folder. A broken file is replaced by an empty one.

    Only plain values and LangGraph's own types are read back from it.
    """
    path = folder / FILE
    if not await _is_sound(path):
        _remove(path)
    async with aiosqlite.connect(path) as connection:
        yield AsyncSqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))


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
