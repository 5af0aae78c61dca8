"""Many novels in one process: so many in flight as keep the servers busy, on shared servers.

The batch's table says what is wanted and how each novel stands; each novel is a folder of the
shelf, as `Novel` makes it, and knows by itself how to go on. So whatever stops a batch, the same
run again goes on, and a novel that fails is a row with an error.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from novelcraft.config.root import Settings
from novelcraft.config.settings import ROLES
from novelcraft.errors import ModelError
from novelcraft.graphs.batch.novel_run import NovelRun
from novelcraft.state.batch import (
    BatchEntry,
    BatchEvent,
    BatchHeld,
    NovelBegun,
    NovelEnded,
)
from novelcraft.state.stream import OnEvent
from novelcraft.tools.batch.store import BatchStore
from novelcraft.tools.models.opening import (
    EMBEDDED,
    EMBEDDED_CONCURRENCY,
    SERVER_CONCURRENCY,
    ServerPool,
)
from novelcraft.tools.models.spending import Budget
from novelcraft.tools.storage.lock import ProjectLock

LEAST_IN_VAIN = 3
"""Novels that failed in a row before a model answered, at which no further one is begun; with
more in flight than that, as many as are in flight."""


def usual_jobs(settings: Settings) -> int:
    """Novels in flight that keep the servers of the roles busy: as many as they take calls."""
    roles = [getattr(settings.roles, role) for role in ROLES]
    return max(
        role.max_concurrency
        or (EMBEDDED_CONCURRENCY if role.provider == EMBEDDED else SERVER_CONCURRENCY)
        for role in roles
    )


class Batch:
    """A run over the novels of a shelf.

    Args:
        shelf: The folder of all novels, each in a folder of its name.
        store: The batch's table.
        jobs: Novels in flight at once.
        budget: What all novels together may cost, over all runs; None for no bound.
        environ: Settings and keys; the process's own by default.
    """

    def __init__(
        self,
        shelf: Path,
        store: BatchStore,
        *,
        jobs: int,
        budget: float | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._shelf = shelf
        self._store = store
        self._jobs = jobs
        self._environ = os.environ if environ is None else environ
        spent = sum(entry.standing.cost for entry in store.entries())
        self._budget = Budget(budget, spent)
        self._queue: deque[BatchEntry] = deque()
        self._in_vain = 0
        self._held = False

    async def run(self, on_event: OnEvent[BatchEvent]) -> None:
        """Write all novels that are not finished, those that failed before among them.

        A novel's error ends that novel alone. Cancelled, every novel stops where it is, and the
        next run goes on.

        Raises:
            ProjectBusyError: Another run holds the shelf.
            DiskFullError, ReadOnlyError, DamagedDatabaseError: The table cannot be written.
        """
        with ProjectLock(self._shelf):
            self._queue.extend(_in_turn(self._store.entries()))
            pool = ServerPool()
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(self._jobs, len(self._queue))):
                        group.create_task(self._work(pool, on_event))
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from None
            finally:
                await pool.close()

    async def _work(self, pool: ServerPool, emit: OnEvent[BatchEvent]) -> None:
        while self._queue and not self._hold(emit):
            entry = self._queue.popleft()
            emit(NovelBegun(name=entry.row.name))
            writing = NovelRun(self._shelf, entry, self._budget, self._store.note, emit)
            try:
                standing, error = await writing.run(pool, self._environ)
            except BaseException:
                # Stopped from outside: the next run goes on with it.
                writing.update(status="waiting")
                raise
            no_answer = isinstance(error, ModelError) and not writing.answered
            self._in_vain = self._in_vain + 1 if no_answer else 0
            emit(NovelEnded(name=entry.row.name, standing=standing))

    def _hold(self, emit: OnEvent[BatchEvent]) -> bool:
        """Whether no further novel should be begun; said once."""
        reason = ""
        if self._budget.exhausted:
            reason = (
                f"the batch may cost {self._budget.limit:g}, and {self._budget.spent:.4g} is spent"
            )
        elif self._in_vain >= max(LEAST_IN_VAIN, self._jobs):
            reason = f"{self._in_vain} novels in a row failed before a model answered"
        if reason and not self._held:
            self._held = True
            emit(BatchHeld(reason=reason))
        return bool(reason)


def _in_turn(entries: Sequence[BatchEntry]) -> list[BatchEntry]:
    """What is to be written: begun novels first, then new ones, then those that ended badly."""

    def turn(entry: BatchEntry) -> int:
        if entry.standing.status in ("failed", "paused"):
            return 2
        return 0 if entry.standing.scenes else 1

    return sorted((e for e in entries if e.standing.status != "finished"), key=turn)
