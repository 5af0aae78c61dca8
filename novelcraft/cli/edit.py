"""`novelcraft edit`: a person's own words in the place of a scene."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from novelcraft.cli.acts import replace_scene
from novelcraft.cli.common import BranchOption, Folder, QuietOption, SceneArgument
from novelcraft.config.text_files import read_text
from novelcraft.errors import InputError


def edit(
    folder: Folder,
    scene: SceneArgument,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="Take the new words from a file, not an editor."),
    ] = None,
    branch: BranchOption = "main",
    quiet: QuietOption = False,
) -> None:
    """Change a scene's words, in $EDITOR or from a file, and hear what may no longer fit.

    The old manuscript stays as a branch of its own. Later scenes keep their words. A run that
    is writing the branch does it before its next scene.
    """
    from novelcraft.graphs.novel import Novel
    from novelcraft.state.acts import EditScene
    from novelcraft.tools.editor import edited

    with Novel.open(folder) as novel:
        old = novel.scene(scene, branch)
    prose = from_file(file) if file else edited(old.prose)
    if prose.strip() in ("", old.prose.strip()):
        typer.echo("Nothing was changed.")
        return
    replace_scene(EditScene(scene=old.scene_id, prose=prose), old, folder, branch, quiet=quiet)


def from_file(path: Path) -> str:
    """The prose of a scene that a file holds.

    Raises:
        InputError: It cannot be read, or is empty.
    """
    prose = read_text(path, InputError)
    if not prose.strip():
        raise InputError(f"{path} is empty.", fix="Put the scene's new prose into it.")
    return prose
