"""Ask the person who attends a run."""

from __future__ import annotations

import typer

from novelcraft.cli.readers import Reader
from novelcraft.state.gates import Decision, GateRequest

_ANSWERS = {"a": "accept", "r": "redraw", "s": "stop"}


class Asker:
    """Shows what there is at a gate, and takes the answer from standard input.

    The end of the input means stop, so that a run without a terminal never waits.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __call__(self, request: GateRequest) -> Decision:
        """Put one question and return what the person decides."""
        with self._reader.paused():
            typer.echo(f"\n── {request.about} ──\n\n{request.text}\n", err=True)
            try:
                return self._ask()
            except typer.Abort:
                typer.echo("", err=True)
                return Decision(action="stop")

    def _ask(self) -> Decision:
        while True:
            given = typer.prompt("[a]ccept, [r]edraw or [s]top?", default="a", err=True)
            match _ANSWERS.get(given.strip().lower()[:1]):
                case "accept":
                    return Decision(action="accept")
                case "redraw":
                    note = typer.prompt("What should be different?", default="", err=True)
                    return Decision(action="redraw", note=note.strip())
                case "stop":
                    return Decision(action="stop")
                case _:
                    typer.echo("Answer a, r or s.", err=True)
