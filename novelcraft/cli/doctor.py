"""`novelcraft doctor`: everything a run needs, each line ok or what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from novelcraft.graphs.doctor import Examined

MARKS = {"ok": "ok", "note": "--", "fault": "!!"}


def doctor(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A novel's folder, to look at it too.")
    ] = None,
) -> None:
    """Look at everything a run needs, and at a novel's chain and files. Asks no model anything.

    Each line begins with `ok`, with `--` for what a run does by itself or can do without, or with
    `!!` for what has to be seen to first, with what to do. Ends with 1 where there is such a line.
    """
    import asyncio
    from contextlib import nullcontext

    from novelcraft.cli.serving_common import own_settings
    from novelcraft.graphs.doctor import examine
    from novelcraft.graphs.novel import Novel

    with Novel.open(folder) if folder else nullcontext() as novel:
        settings = novel.settings if novel else own_settings()
        faults = asyncio.run(_show(examine(settings, novel)))
    if faults:
        raise typer.Exit(1)


async def _show(examined: AsyncIterator[Examined]) -> int:
    """Print what was found as it comes; the number of faults."""
    faults = 0
    async for one in examined:
        typer.echo(f"{MARKS[one.health]}  {one.subject}: {one.text}")
        if one.fix:
            typer.echo(
                "".join(f"      {line.strip()}\n" for line in one.fix.splitlines()), nl=False
            )
        faults += one.health == "fault"
    return faults
