"""Readers of the event stream: lines for a log, a live display for a terminal, or silence.

A reader has a thread of its own, so that it speaks up even while the event loop is busy.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, Self, TextIO, TypeVar

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from novelcraft.present.progress import E_contra, Progress
from novelcraft.present.wording import stopwatch

SILENCE = 8.0
"""Longest pause between two lines in seconds. A line is promised every 10."""

E = TypeVar("E")


class Reader(Protocol[E_contra]):
    """Shows a run's events. Use it as a context manager around the run."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def on_event(self, event: E_contra) -> None:
        """Take in an event, from any thread."""

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the terminal to a question."""
        yield


class QuietReader:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def on_event(self, event: object) -> None:
        """Drop the event."""

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing to pause."""
        yield


class LineReader(Generic[E]):
    """Writes a line for what happens, and one at least every `SILENCE` seconds.

    Args:
        state: Sums up the events.
        out: Where the lines go; flushed after each.
        clock: Seconds, only forward.
        tick: Seconds between two looks at the clock.
    """

    def __init__(
        self,
        state: Progress[E],
        out: TextIO,
        clock: Callable[[], float] = time.monotonic,
        tick: float = 1.0,
    ) -> None:
        self._out = out
        self._clock = clock
        self._tick = tick
        self._state = state
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._asking = False
        self._last = clock()
        self._started = self._last
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def on_event(self, event: E) -> None:
        """Take in an event, and write its headline if it has one."""
        with self._lock:
            self._state.update(event, self._clock())
            told = self._state.headline(event)
            if told is not None:
                self._write(told)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stay silent while a person is asked."""
        self._asking = True
        self._state.pause(self._clock())
        try:
            yield
        finally:
            self._state.resume(self._clock())
            self._asking = False

    def beat(self) -> None:
        """Write where the run is, if nothing was written for too long."""
        with self._lock:
            now = self._clock()
            if not self._asking and now - self._last >= SILENCE:
                self._write(self._state.line(now))

    def _write(self, text: str) -> None:
        self._last = self._clock()
        self._out.write(f"{stopwatch(self._last - self._started):>7}  {text}\n")
        self._out.flush()

    def _watch(self) -> None:
        while not self._ended.wait(self._tick):
            self.beat()


class LiveReader(Generic[E]):
    """Keeps a bar and a status line at the foot of a terminal, headlines above it."""

    def __init__(
        self,
        state: Progress[E],
        console: Console,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._clock = clock
        self._started = clock()
        self._state = state
        self._live = Live(
            get_renderable=self.render, console=console, refresh_per_second=2, transient=True
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def on_event(self, event: E) -> None:
        """Take in an event, and print its headline if it has one."""
        self._state.update(event, self._clock())
        told = self._state.headline(event)
        if told is not None:
            gone = stopwatch(self._clock() - self._started)
            self._console.print(Text(f"{gone:>7}  {told}"), soft_wrap=True)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the display away while a person is asked."""
        self._live.stop()
        self._state.pause(self._clock())
        try:
            yield
        finally:
            self._state.resume(self._clock())
            self._live.start()

    def render(self) -> RenderableType:
        """The bar over the status line, as they are now."""
        now = self._clock()
        total = self._state.total or None
        rows = Table.grid(padding=(0, 0, 0, 2))
        rows.add_row(ProgressBar(total=total, completed=self._state.done, pulse=total is None))
        gone = stopwatch(now - self._started)
        rows.add_row(Text(f"{gone}  {self._state.line(now)}", no_wrap=True, overflow="ellipsis"))
        return rows


def reader_for(state: Progress[E], stderr: TextIO, *, quiet: bool) -> Reader[E]:
    """The reader that fits where the progress goes: a terminal, or a file or pipe."""
    if quiet:
        return QuietReader()
    console = Console(file=stderr)
    return LiveReader(state, console) if console.is_terminal else LineReader(state, stderr)
