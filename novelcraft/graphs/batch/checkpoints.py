"""Checkpoints of a novel in PostgreSQL: LangGraph's own, in the schema that the novel has there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg import AsyncConnection, OperationalError
from psycopg.rows import dict_row

from novelcraft.errors import DatabaseGoneError
from novelcraft.tools.canon.engine import NETWORK, Database


class LeasedCheckpoints(AsyncPostgresSaver):
    """Keeps no checkpoint of a worker that lost the novel: it would be newer than its heir's."""

    def __init__(self, connection: AsyncConnection[Any], database: Database, **given: Any) -> None:
        super().__init__(connection, **given)
        self._database = database

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint.

        Raises:
            LeaseLostError: The novel went to another worker.
        """
        await asyncio.to_thread(self._database.require_guarded)
        return await super().aput(config, checkpoint, metadata, new_versions)


@asynccontextmanager
async def open_shared_checkpoints(
    database: Database, serde: JsonPlusSerializer
) -> AsyncIterator[LeasedCheckpoints]:
    """The checkpointer of a novel whose database is in PostgreSQL; its tables are made if need be.

    Raises:
        DatabaseGoneError: It cannot be reached, now or later.
    """
    _, given = database.engine.dialect.create_connect_args(database.url)
    options: dict[str, Any] = {**NETWORK, **given, "row_factory": dict_row}
    try:
        async with await AsyncConnection.connect(
            autocommit=True, prepare_threshold=0, **options
        ) as connection:
            checkpoints = LeasedCheckpoints(connection, database, serde=serde)
            await checkpoints.setup()
            yield checkpoints
    except OperationalError as error:
        raise DatabaseGoneError(
            f"{database.name} cannot be reached: {error}.",
            fix="Check the URL, and that the server runs and can be reached from here.",
        ) from error
