"""`novelcraft redraw`: have a scene written again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from novelcraft.cli.acts import done_or_left
from novelcraft.cli.common import (
    BranchOption,
    Folder,
    QuietOption,
    SceneArgument,
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

    The old manuscript stays as a branch of its own. Later scenes keep their words. A run that
    is writing the branch does it before its next scene.
    """
    from novelcraft.graphs.novel import Novel
    from novelcraft.state.acts import Redraw

    with Novel.open(folder) as novel:
        old = novel.scene(scene, branch)

        async def work(reader: Reader[WriteEvent]) -> list[SceneCommit]:
            return await novel.redraw(scene, note=note, branch=branch, on_event=reader.on_event)

        wish = ["--note", note] if note else []
        again = command("redraw", folder, scene, *wish, branch=branch)
        act = Redraw(scene=old.scene_id, note=note)
        stale = done_or_left(work, act, folder, branch, quiet=quiet, command=again)
    if stale is not None:
        tell_stale(folder, old.position, stale, branch)
