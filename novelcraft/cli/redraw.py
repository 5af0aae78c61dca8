"""`novelcraft redraw`: have a scene written again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from novelcraft.cli.common import (
    BranchOption,
    Folder,
    QuietOption,
    SceneArgument,
    attended,
    command,
)
from novelcraft.cli.edit import tell_stale

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.state.events import WriteEvent
    from novelcraft.state.manuscript import SceneCommit


def redraw(
    folder: Folder,
    scene: SceneArgument,
    note: Annotated[
        str, typer.Option("--note", "-n", help="What should be different this time.")
    ] = "",
    branch: BranchOption = "main",
    quiet: QuietOption = False,
) -> None:
    """Have the narrator write a scene again, and hear what may no longer fit.

    The old manuscript stays as a branch of its own. Later scenes keep their words.
    """
    from novelcraft.graphs.novel import Novel

    with Novel.open(folder) as novel:
        old = novel.scene(scene, branch)

        async def work(reader: Reader[WriteEvent]) -> list[SceneCommit]:
            return await novel.redraw(scene, note=note, branch=branch, on_event=reader.on_event)

        wish = ["--note", note] if note else []
        again = command("redraw", folder, scene, *wish, branch=branch)
        stale = attended(work, quiet=quiet, command=again)
    tell_stale(folder, old.position, stale, branch)
