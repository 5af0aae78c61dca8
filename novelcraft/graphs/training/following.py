"""Following a process of training or evaluation, and stopping it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from novelcraft.errors import ProjectBusyError, TrainingError
from novelcraft.state.stream import OnEvent
from novelcraft.state.train_events import TrainEvent, TrainNotice
from novelcraft.tools.storage.lock import ProjectLock

LOOK = 0.5
"""Seconds between two looks at whether an earlier process has ended."""
STOPPING = "Stopping after this step. Ctrl-C again stops at once, and saves nothing."
"""Answers a person who asks to stop, while the process still computes."""


async def wait_for_earlier(folder: Path, emit: OnEvent[TrainEvent]) -> None:
    """Wait until no process of an earlier run works on a run's checkpoints.

    When whoever reads a run's events is killed, its process saves a checkpoint and ends. That
    takes a step's time, and what it saves is what the run goes on from.
    """
    noticed = False
    while busy := await asyncio.to_thread(_busy, folder):
        if not noticed:
            emit(TrainNotice(text=f"{busy} Waiting for it to save and end."))
        noticed = True
        await asyncio.sleep(LOOK)


def _busy(folder: Path) -> str:
    """Who works in a folder, for a person; empty for nobody."""
    if not folder.is_dir():
        return ""
    try:
        with ProjectLock(folder):
            return ""
    except ProjectBusyError as error:
        return error.message


class EventSource(Protocol):
    """A process that emits events. Entering starts it; leaving it early cancels it."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    def events(self) -> AsyncIterator[TrainEvent]:
        """Its events, to its end."""

    def cancel(self) -> None:
        """Have it save what there is to save and end; called again, end at once."""


class Follower:
    """The process that works for a run just now: at most one, which a person may stop."""

    def __init__(self) -> None:
        self.asked = 0
        """How many times the person asked to stop."""
        self._running: EventSource | None = None
        self._emit: OnEvent[TrainEvent] | None = None

    def cancel(self) -> bool:
        """Pass on that the person asks to stop; whether there was a process to pass it to."""
        self.asked += 1
        if self._running is None:
            return False
        self._running.cancel()
        if self.asked == 1 and self._emit is not None:
            self._emit(TrainNotice(text=STOPPING))
        return True

    async def follow(self, process: EventSource, emit: OnEvent[TrainEvent]) -> TrainEvent | None:
        """Run a process to its end.

        Returns:
            Its last event; None for a process that was stopped without a word.

        Raises:
            TrainingError: It died without a word, and nobody had asked it to.
        """
        last: TrainEvent | None = None
        async with process as running:
            self._running, self._emit = running, emit
            try:
                async for event in running.events():
                    emit(event)
                    last = event
            except TrainingError:
                if not self.asked:
                    raise
                return None
            finally:
                self._running = None
        return last
