"""A batch in PostgreSQL from where it is asked for: jobs are put, and the workers followed."""

from __future__ import annotations

import asyncio
import time

from novelcraft.errors import DatabaseGoneError
from novelcraft.graphs.batch.jobs import make_app, make_tables, put_jobs
from novelcraft.graphs.batch.worker import LEASE_SECONDS
from novelcraft.state.batch import (
    BatchEntry,
    BatchEvent,
    BatchNotice,
    NovelBegun,
    NovelEnded,
    NovelGrew,
    RowProgress,
)
from novelcraft.state.stream import OnEvent
from novelcraft.tools.batch.store import BatchStore

POLL_SECONDS = 1.0
"""Between two looks at the table."""
PATIENCE_SECONDS = 600.0
"""For which a database that goes away is waited for."""


async def submit(url: str, store: BatchStore) -> None:
    """Give each novel of a batch that is to be written a job.

    Raises:
        DatabaseGoneError: The database cannot be reached.
    """

    async def nowhere(name: str) -> None:
        raise LookupError(name)  # no worker runs here

    app = make_app(url, store, nowhere, LEASE_SECONDS)
    async with app.open_async():
        await make_tables(app, store)
        await put_jobs(app, store)


async def follow(
    store: BatchStore, emit: OnEvent[BatchEvent], patience: float = PATIENCE_SECONDS
) -> None:
    """Tell what workers do, until no novel is left to be written.

    Args:
        store: The batch's table.
        emit: Hears of it.
        patience: Seconds for which a database that goes away is waited for.

    Raises:
        DatabaseGoneError: It did not come back.
    """
    known = {entry.row.name: entry.standing for entry in store.entries()}
    while True:
        entries = await _entries(store, emit, patience)
        for entry in entries:
            before = known.get(entry.row.name, RowProgress())
            for event in _differences(entry.row.name, before, entry.standing):
                emit(event)
            known[entry.row.name] = entry.standing
        if all(entry.standing.status not in ("waiting", "writing") for entry in entries):
            return
        await asyncio.sleep(POLL_SECONDS)


async def _entries(
    store: BatchStore, emit: OnEvent[BatchEvent], patience: float
) -> list[BatchEntry]:
    """The rows as they stand, when the database can be asked."""
    began, told = time.monotonic(), False
    while True:
        try:
            entries = await asyncio.to_thread(store.entries)
        except DatabaseGoneError as error:
            if time.monotonic() - began >= patience:
                raise
            if not told:
                emit(BatchNotice(text=f"{error.message} It is waited for."))
            told = True
            await asyncio.sleep(POLL_SECONDS)
        else:
            if told:
                emit(BatchNotice(text="The database is there again."))
            return entries


def _differences(name: str, before: RowProgress, now: RowProgress) -> list[BatchEvent]:
    events: list[BatchEvent] = []
    if now.status == "writing" != before.status:
        events.append(NovelBegun(name=name))
    if (now.scenes, now.scenes_planned) != (before.scenes, before.scenes_planned):
        events.append(
            NovelGrew(
                name=name,
                scenes=now.scenes,
                scenes_planned=now.scenes_planned,
                words=now.words,
            )
        )
    if now.status != before.status and now.status in ("finished", "paused", "failed"):
        events.append(NovelEnded(name=name, standing=now))
    return events
