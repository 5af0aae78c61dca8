"""`novelcraft edit`: a person's own words in the place of a scene."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from novelcraft.cli.acts import replace_scene
from novelcraft.cli.common import BranchOption, Folder, QuietOption, SceneArgument, command
from novelcraft.config.text_files import read_text
from novelcraft.errors import (
    DiskFullError,
    InputError,
    NovelcraftError,
    ProjectBusyError,
    ReadOnlyError,
)
from novelcraft.tools.storage.files import write_atomic


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
    act = EditScene(scene=old.scene_id, prose=prose)
    try:
        replace_scene(act, old, folder, branch, quiet=quiet)
    except (DiskFullError, ProjectBusyError, ReadOnlyError) as error:
        # The act may not have been left, and what was typed stands nowhere else.
        if file is None and (kept := _kept(folder, old.scene_id, prose)):
            again = command("edit", folder, scene, "--file", kept, branch=branch)
            error.fix = f"{error.fix} Your words are kept; then: {again}".strip()
        raise


def _kept(folder: Path, scene: str, prose: str) -> Path | None:
    """Where the words of an editor lie now: in the novel's folder, else in the temporary one."""
    for place in (folder, Path(tempfile.gettempdir())):
        kept = place / f"edit-{scene}.md"
        with suppress(NovelcraftError):
            write_atomic(kept, prose.encode())
            return kept
    return None


def from_file(path: Path) -> str:
    """The prose of a scene that a file holds.

    Raises:
        InputError: It cannot be read, or is empty.
    """
    prose = read_text(path, InputError)
    if not prose.strip():
        raise InputError(f"{path} is empty.", fix="Put the scene's new prose into it.")
    return prose
