"""A batch in PostgreSQL from where it is asked for: jobs are put, and the workers followed."""

from __future__ import annotations

import asyncio

from novelcraft.graphs.batch.jobs import make_app, make_tables, put_jobs
from novelcraft.graphs.batch.worker import LEASE_SECONDS
from novelcraft.state.batch import BatchEvent, NovelBegun, NovelEnded, NovelGrew, RowProgress
from novelcraft.state.stream import OnEvent
from novelcraft.tools.batch.store import BatchStore

POLL_SECONDS = 1.0
"""Between two looks at the table."""


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


async def follow(store: BatchStore, emit: OnEvent[BatchEvent]) -> None:
    """Tell what workers do, until no novel is left to be written."""
    known = {entry.row.name: entry.standing for entry in store.entries()}
    while True:
        entries = store.entries()
        for entry in entries:
            before = known.get(entry.row.name, RowProgress())
            for event in _differences(entry.row.name, before, entry.standing):
                emit(event)
            known[entry.row.name] = entry.standing
        if all(entry.standing.status not in ("waiting", "writing") for entry in entries):
            return
        await asyncio.sleep(POLL_SECONDS)


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
