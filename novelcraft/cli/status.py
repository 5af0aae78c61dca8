"""`novelcraft status`: how the servers of the roles are."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from novelcraft.graphs.server_status import WatchedServer
    from novelcraft.tools.serving.status import ServerStatus

EVERY = 2.0
"""Seconds between two looks: long enough for a speed that is not noise."""
CLEAR = "\033[2J\033[H"
"""Empties a terminal. Where the output is none, it is left out by the printing itself."""


def status(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="A novel's folder, for the roles of its novel.toml."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again every 2 s.")] = False,
) -> None:
    """Show how the servers are: health, models, adapters, context, speed, calls, cache.

    They are the servers that the roles' settings name, and those that `novelcraft serve` has
    running. Speeds are those of the last two seconds.
    """
    from novelcraft.cli.serving_common import own_settings
    from novelcraft.graphs.server_status import ask_all, watched_servers
    from novelcraft.tools.serving.environment import serving_folder

    watched = watched_servers(own_settings(novel=folder), serving_folder())
    before = asyncio.run(ask_all(watched))
    while True:
        time.sleep(EVERY if any(one and one.load for one in before) else 0.0)
        now = asyncio.run(ask_all(watched))
        if watch:
            typer.echo(CLEAR, nl=False)
        _show(watched, now, before)
        if not watch:
            return
        before = now
        time.sleep(0.0 if any(one and one.load for one in now) else EVERY)


def _show(
    watched: list[WatchedServer],
    now: list[ServerStatus | None],
    before: list[ServerStatus | None],
) -> None:
    from novelcraft.present.serving import status_lines

    for one, status, earlier in zip(watched, now, before, strict=True):
        for line in status_lines(one, status, earlier):
            typer.echo(line)
