"""A worker: writes novels of a shared batch, on this machine, as long as it runs."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from functools import partial
from pathlib import Path

from procrastinate import App
from procrastinate.exceptions import ProcrastinateException

from novelcraft.errors import (
    DatabaseGoneError,
    DiskFullError,
    LeaseLostError,
    NovelcraftError,
    ProjectBusyError,
    ReadOnlyError,
)
from novelcraft.graphs.batch.jobs import NOVELS, UPKEEP, make_app, make_tables, put_jobs, quieten
from novelcraft.graphs.batch.novel_run import NovelRun
from novelcraft.state.batch import BatchEvent, BatchNotice, NovelBegun, NovelEnded, RowProgress
from novelcraft.state.stream import OnEvent
from novelcraft.tools.batch.shared import Lease, open_novel_store, open_shared
from novelcraft.tools.batch.store import BatchStore
from novelcraft.tools.models.opening import ServerPool
from novelcraft.tools.models.spending import Budget
from novelcraft.tools.storage.lock import ProjectLock

LEASE_SECONDS = 30.0
"""Seconds of silence after which a worker's novels go to others."""
_RENEWALS = 3
"""Times that a lease is renewed while it lasts."""


def _require_wanted() -> None:
    """A query that is cancelled ends with the database's error, which must not hide the wish."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class BatchWorker:
    """Writes novels of a batch in PostgreSQL.

    Args:
        url: The database's.
        shelf: A folder of this worker's own, for what follows from the novels: passage indexes,
            checkpoints, manuscripts, exports.
        jobs: Novels in flight at once.
        lease: Seconds of silence after which another worker takes this one's novels.
    """

    def __init__(
        self,
        url: str,
        shelf: Path,
        *,
        jobs: int,
        lease: float = LEASE_SECONDS,
    ) -> None:
        self._url = url
        self._shelf = shelf
        self._jobs = jobs
        self._lease = lease
        self._unfit = asyncio.Event()
        self._fault: NovelcraftError | None = None
        """Why this machine can write no novel."""
        self._away = False
        """Whether the database is gone, and the person was told so."""

    async def run(self, on_event: OnEvent[BatchEvent]) -> None:
        """Take novels and write them until cancelled; then leave them to others.

        A database that is gone is waited for.

        Raises:
            ProjectBusyError: Another worker has the folder.
            InputError, NewerDatabaseError: The database cannot be used.
            DiskFullError, ReadOnlyError: The folder cannot be written; the novels go to others.
        """
        quieten(asyncio.get_running_loop())
        with ProjectLock(self._shelf):
            pool = ServerPool()
            try:
                while self._fault is None:
                    with suppress(DatabaseGoneError, ProcrastinateException):
                        await self._serve(pool, on_event)
                    _require_wanted()
                    if self._fault is None:
                        self._tell_gone(on_event)
                        await asyncio.sleep(1)
                raise self._fault
            finally:
                await pool.close()

    def _tell_gone(self, emit: OnEvent[BatchEvent]) -> None:
        if not self._away:
            emit(BatchNotice(text="The connection to the database is lost. It is waited for."))
        self._away = True

    async def _serve(self, pool: ServerPool, emit: OnEvent[BatchEvent]) -> None:
        """Work until the connection to the database fails, or this machine."""
        with open_shared(self._url) as store:
            write = partial(self._write, store, pool, emit)
            app = make_app(self._url, store, write, self._lease)
            async with app.open_async():
                await make_tables(app, store)
                await put_jobs(app, store)
                if self._away:
                    emit(BatchNotice(text="The database is there again."))
                self._away = False
                tasks = [
                    asyncio.create_task(self._follow(app, NOVELS, self._jobs)),
                    asyncio.create_task(self._follow(app, UPKEEP, 1)),
                    asyncio.create_task(self._unfit.wait()),
                ]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, app: App, queue: str, jobs: int) -> None:
        await app.run_worker_async(
            queues=[queue],
            concurrency=jobs,
            fetch_job_polling_interval=1,
            shutdown_graceful_timeout=0,
            install_signal_handlers=False,
            update_heartbeat_interval=self._lease / _RENEWALS,
            stalled_worker_timeout=self._lease,
            delete_jobs="always",
        )

    async def _write(
        self, store: BatchStore, pool: ServerPool, emit: OnEvent[BatchEvent], name: str
    ) -> None:
        """Do a job: write the novel, as long as its lease lasts.

        Raises:
            LeaseLostError, DatabaseGoneError, ProjectBusyError, DiskFullError, ReadOnlyError: The
                job should be tried again.
        """
        number, entry = store.entry(name)
        if entry.standing.status not in ("waiting", "writing"):
            return
        lease = Lease.take(store, name, self._lease)
        if lease is None:
            raise ProjectBusyError(
                f"Another worker writes {name}.", fix="It is tried again by itself."
            )
        emit(NovelBegun(name=name))
        budget = Budget(store.budget, store.spent())

        def note(name: str, standing: RowProgress) -> None:
            store.note(name, standing, guard=lease.guard)
            budget.spent = store.spent()

        run = NovelRun(
            self._shelf,
            entry,
            budget,
            note,
            emit,
            lambda novel_id: open_novel_store(
                self._url, number, novel_id, guard=lease.guard, idle_seconds=self._lease
            ),
        )
        writing = asyncio.create_task(run.run(pool, os.environ))
        try:
            await self._renew_while(writing, lease)
            standing, _ = await writing
            emit(NovelEnded(name=name, standing=standing))
        except (DiskFullError, ReadOnlyError) as error:
            self._fault = error
            self._unfit.set()
            raise
        except asyncio.CancelledError:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            with suppress(DatabaseGoneError, LeaseLostError):
                run.update(status="waiting")
            raise
        finally:
            with suppress(DatabaseGoneError):
                lease.release()

    async def _renew_while(self, writing: asyncio.Task[object], lease: Lease) -> None:
        """Renew a lease until the writing ends; end the writing when it is lost."""
        while not writing.done():
            await asyncio.wait((writing,), timeout=self._lease / _RENEWALS)
            if writing.done():
                return
            held = not lease.expired
            with suppress(DatabaseGoneError):
                held = await asyncio.to_thread(lease.renew)
            if not held:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
                raise lease.lost()
