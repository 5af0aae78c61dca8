"""Work that nobody waits for, done while the run waits for a model anyway.

After a scene there is work that the next one does not need: its passages, the branch's
`manuscript.md`. It takes longer the longer the book is, so none of it stands between two calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

LATEST = 0.5
"""Seconds after which it begins at the latest: a run may wait for a person, or for a first word."""


class BackgroundWork:
    """Pieces of work that are put off, and done one after the other, in their order."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], Awaitable[None]]] = []
        self._doing: asyncio.Task[None] | None = None
        self._latest: asyncio.TimerHandle | None = None
        """Begins with what waits, if nobody does before."""

    def defer(self, work: Callable[[], Awaitable[None]]) -> None:
        """Have a piece of work done once a model is at work, or after `LATEST` seconds."""
        self._waiting.append(work)
        if self._latest is None:
            self._latest = asyncio.get_running_loop().call_later(LATEST, self.start)

    def start(self) -> None:
        """Begin with what was put off: a model is at work."""
        if self._latest is not None:
            self._latest.cancel()
            self._latest = None
        if not self._waiting or (self._doing is not None and not _went_well(self._doing)):
            # What is under way goes on with it; what went wrong is told first.
            return
        self._doing = asyncio.create_task(self._work_off())

    async def finished(self) -> None:
        """Wait until nothing is put off.

        Raises:
            Exception: What went wrong in a piece of work. It is not begun again.
        """
        while self._waiting or self._doing is not None:
            self.start()
            doing, self._doing = self._doing, None
            if doing is not None:
                await doing

    async def _work_off(self) -> None:
        while self._waiting:
            await self._waiting.pop(0)()


def _went_well(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


@asynccontextmanager
async def background_work() -> AsyncIterator[BackgroundWork]:
    """A place for work of a run, all of which is done in the end.

    Raises:
        Exception: What went wrong in it since it was last waited for, unless the block raised.
    """
    work = BackgroundWork()
    try:
        yield work
    except BaseException:
        with suppress(Exception):
            await work.finished()
        raise
    await work.finished()
