"""Ask the person who attends a run."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from novelcraft.cli.readers import Reader
from novelcraft.state.events import WriteEvent
from novelcraft.state.gates import Decision, GateRequest

_ANSWERS = {"a": "accept", "r": "redraw", "s": "stop", "": "accept"}


class Asker:
    """Shows what there is at a gate, and takes the answer from standard input.

    The end of the input means stop, so that a run without a terminal never waits; so does
    Ctrl-C. Questions go to standard error: standard output is for results.
    """

    def __init__(self, reader: Reader[WriteEvent]) -> None:
        self._reader = reader

    def __call__(self, request: GateRequest) -> Decision:
        """Put one question and return what the person decides."""
        with self._reader.paused(), _prompt_interrupts():
            typer.echo(f"\n── {request.about} ──\n\n{request.text}\n", err=True)
            try:
                return _ask()
            except (EOFError, KeyboardInterrupt):
                typer.echo("", err=True)
                return Decision(action="stop")


def _ask() -> Decision:
    while True:
        match _ANSWERS.get(_line("[a]ccept, [r]edraw or [s]top? ").lower()[:1]):
            case "accept":
                return Decision(action="accept")
            case "redraw":
                return Decision(action="redraw", note=_line("What should be different? "))
            case "stop":
                return Decision(action="stop")
            case _:
                typer.echo("Answer a, r or s.", err=True)


def _line(question: str) -> str:
    typer.echo(question, err=True, nl=False)
    given = sys.stdin.readline()
    if not given:
        raise EOFError
    return given.strip()


@contextmanager
def _prompt_interrupts() -> Iterator[None]:
    """Let Ctrl-C end the reading of a line.

    The event loop's own handler only asks its task to stop, which would happen after the answer.
    """
    loops = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, loops)
