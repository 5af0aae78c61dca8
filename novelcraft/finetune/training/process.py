"""A training run as seen by whoever started it: a process whose events are read as they come.

An evaluation is the same kind of process.

Nothing here loads torch. The process is in a group of its own, so that a ctrl-C in the terminal
reaches it only through `cancel`, once for each that the person means.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Self

from novelcraft.errors import TrainingError
from novelcraft.state.base import Frozen
from novelcraft.state.train_events import TRAIN_EVENTS, TrainEvent, TrainFailed, TrainStopped

_LONGEST_LINE = 2**24
_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)
_LAST_WORDS = 4_000
"""Characters of standard error that are kept for the person when a run dies without a word."""


class EventProcess:
    """A process that emits events. Use it as `async with`, and read its `events`.

    Leaving it early cancels it.
    """

    ends: ClassVar[tuple[type[Frozen], ...]]
    """The kinds of event of which the last is one."""
    what: ClassVar[str]
    """What the process is, for a person."""
    fix: ClassVar[str]
    """What to do when it was killed: mostly by the system, for its memory."""

    def __init__(self, module: str, *arguments: str, python: str = sys.executable) -> None:
        self._command = [python, "-m", module, *arguments]
        self._words = ""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
        self._listener = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self.cancel()
        # Its events are of no interest any more, but a full pipe would keep it from ending.
        assert self._process.stdout is not None
        while await self._process.stdout.read(2**16):
            pass
        await self._process.wait()
        await self._listener

    def cancel(self) -> None:
        """Have it come to its end, saving what there is to save; called again, end at once."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    async def events(self) -> AsyncIterator[TrainEvent]:
        """Its events, to its end.

        Raises:
            TrainingError: It died before it could say why. A killed one is told from one that
                failed, whose own error is the message.
        """
        assert self._process.stdout is not None
        last: TrainEvent | None = None
        async for line in self._process.stdout:
            last = TRAIN_EVENTS.parse(line)
            yield last
        code = await self._process.wait()
        await self._listener
        if not isinstance(last, self.ends):
            raise self._death(code)

    def _death(self, code: int) -> TrainingError:
        lines = self._words.strip()
        if code in _KILLED:
            return TrainingError(f"{self.what} was killed (code {code}).\n{lines}", fix=self.fix)
        *_, last = lines.splitlines() or ("it said nothing",)
        return TrainingError(
            f"{self.what} failed with code {code}: {last}\nIts last lines were:\n{lines}",
            fix="If it is not plain from these lines what to change, report them: it is a fault "
            "of this program.",
        )

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while part := await self._process.stderr.read(2**14):
            self._words = (self._words + part.decode("utf-8", "replace"))[-_LAST_WORDS:]


class TrainingProcess(EventProcess):
    """A training run; its last event is a `TrainStopped` or a `TrainFailed`."""

    ends = (TrainStopped, TrainFailed)
    what = "The training process"
    fix = (
        "Resume the run with --resume. If it is killed again, it takes more memory than there is: "
        "set a smaller per_device_batch_size or max_length."
    )

    def __init__(self, config: Path, *, resume: bool = False, python: str = sys.executable) -> None:
        more = ["--resume"] if resume else []
        super().__init__("novelcraft.finetune.training.worker", str(config), *more, python=python)
