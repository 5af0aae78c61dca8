"""Ask the person who attends a run at its terminal."""

from __future__ import annotations

import os
import queue
import signal
import sys
from collections.abc import Callable
from threading import Event, Thread
from types import FrameType
from typing import Any, Self

import typer

from novelcraft.cli.common import user
from novelcraft.cli.readers import Reader
from novelcraft.graphs.steering import gate_text
from novelcraft.state.acts import Act, Approve, Reject, Stop
from novelcraft.state.events import ActSettled, Decided, Waiting, WriteEvent
from novelcraft.tools.canon.store import ManuscriptStore

Handler = Callable[[int, FrameType | None], Any] | int | None

_TICK = 0.05
"""Seconds between two looks at whether somebody else has answered."""


class _AnsweredError(Exception):
    """Nobody needs this answer any more."""


class Asker:
    """Shows what there is at a gate, takes the answer from standard input, and leaves it as an act.

    The run goes on meanwhile, so that an answer may as well come from another process. The end of
    the input means stop, so that a run without a terminal never waits; so does Ctrl-C. Questions go
    to standard error: standard output is for results.

    Args:
        reader: Shows the run's events.
        store: The novel's.
        branch: The branch that is written.
        source: Where lines are read from, as a file's number; standard input for None.
    """

    def __init__(
        self,
        reader: Reader[WriteEvent],
        store: ManuscriptStore,
        branch: str,
        source: int | None = None,
    ) -> None:
        self._reader = reader
        self._store = store
        self._branch = branch
        self._lines = _Lines(source)
        self._answered = Event()
        self._interrupted = Event()
        self._of_loop: Handler = None
        self._asking: Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def on_event(self, event: WriteEvent) -> None:
        """Show an event; ask where the run waits."""
        self._reader.on_event(event)
        match event:
            case Waiting():
                text = gate_text(self._store, self._branch, event.gate)
                self._ask(f"\n── {event.about} ──\n\n{text}\n")
            case ActSettled(what="reject", status="refused"):
                self._ask(event.reason)
            case Decided():
                self._close()

    def _ask(self, shown: str) -> None:
        self._close()
        self._answered.clear()
        self._interrupted.clear()
        # The event loop's own handler would end the run in place of the question.
        self._of_loop = signal.signal(signal.SIGINT, lambda *_: self._interrupted.set())
        self._asking = Thread(target=self._answer, args=(shown,), daemon=True)
        self._asking.start()

    def _close(self) -> None:
        self._answered.set()
        if self._asking is not None:
            self._asking.join()
            signal.signal(signal.SIGINT, self._of_loop)
        self._asking = None

    def _answer(self, shown: str) -> None:
        with self._reader.paused():
            typer.echo(shown, err=True)
            try:
                act: Act = asked(self._line)
            except EOFError:
                typer.echo("", err=True)
                act = Stop()
            except _AnsweredError:
                typer.echo("", err=True)
                return
        self._store.put_act(act, branch=self._branch, by=user())

    def _line(self, question: str) -> str:
        typer.echo(question, err=True, nl=False)
        while not self._answered.is_set():
            if self._interrupted.is_set():
                raise EOFError
            line = self._lines.get(_TICK)
            if line is not None:
                return line
        raise _AnsweredError


def asked(line: Callable[[str], str]) -> Act:
    """What the person wants at a gate.

    Args:
        line: Puts a question and gives the answer.
    """
    while True:
        match line("[a]ccept, [r]edraw or [s]top? ").lower()[:1]:
            case "a" | "":
                return Approve()
            case "r":
                return Reject(note=line("What should be different? "))
            case "s":
                return Stop()
            case _:
                typer.echo("Answer a, r or s.", err=True)


class _Lines:
    """Lines of a terminal or a pipe, read when the first is asked for.

    Read past Python's own buffer: a thread that is blocked in that keeps the process from ending.
    """

    def __init__(self, source: int | None) -> None:
        self._source = source
        self._read: queue.Queue[str | None] = queue.Queue()
        self._reading: Thread | None = None
        self._ended = False

    def get(self, seconds: float) -> str | None:
        """The next line; None where none came in that time.

        Raises:
            EOFError: There are no more.
        """
        if self._reading is None:
            self._reading = Thread(target=self._follow, daemon=True)
            self._reading.start()
        if self._ended:
            raise EOFError
        try:
            line = self._read.get(timeout=seconds)
        except queue.Empty:
            return None
        if line is None:
            self._ended = True
            raise EOFError
        return line.strip()

    def _follow(self) -> None:
        left = b""
        try:
            source = sys.stdin.fileno() if self._source is None else self._source
            while piece := os.read(source, 1 << 12):
                *lines, left = (left + piece).split(b"\n")
                for line in lines:
                    self._read.put(line.decode("utf-8", "replace"))
        except (OSError, ValueError, AttributeError):
            pass  # there is no input, or the terminal is gone
        if left:
            self._read.put(left.decode("utf-8", "replace"))
        self._read.put(None)
