"""`novelcraft redraw`: have a scene written again."""

from __future__ import annotations

from typing import Annotated

import typer

from novelcraft.cli.acts import replace_scene
from novelcraft.cli.common import BranchOption, Folder, QuietOption, SceneArgument


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
    replace_scene(Redraw(scene=old.scene_id, note=note), old, folder, branch, quiet=quiet)
