"""The verbs, put together."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from novelcraft import __version__

VERBS = (
    "write",
    "batch",
    "tui",
    "worker",
    "new",
    "show",
    "log",
    "export",
    "fork",
    "edit",
    "redraw",
    "exempt",
    "sync",
    "ask",
    "verify",
    "prep",
    "pairs",
    "train",
    "agent",
    "mcp",
    "proxy",
    "serve",
    "status",
    "doctor",
    "context",
    "steer",
    "model",
    "adapter",
)
"""In the order of the help. Each is a function of its name in a module of its name, or several
commands below it."""


def program(arguments: Sequence[str] = ()) -> typer.Typer:
    """The program, with all its verbs, or with the one that the arguments begin with.

    All of them are loaded only for the help, and for who mistypes one.
    """
    app = typer.Typer(
        name="novelcraft",
        help="Have a language model write a whole novel, and turn books into data to train one.",
        no_args_is_help=True,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(options)
    named = [verb for verb in arguments[:1] if verb in VERBS]
    for verb in named or VERBS:
        commands = getattr(import_module(f"novelcraft.cli.{verb}"), verb)
        if isinstance(commands, typer.Typer):
            app.add_typer(commands, name=verb)
        else:
            app.command()(commands)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"novelcraft {__version__}")
        raise typer.Exit


def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Have a language model write a whole novel, and stay in charge of it."""
