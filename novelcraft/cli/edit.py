"""`novelcraft edit`: a person's own words in the place of a scene."""

from __future__ import annotations

from pathlib import Path
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
from novelcraft.errors import InputError
from novelcraft.tools.storage.files import write_atomic

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.state.events import WriteEvent
    from novelcraft.state.manuscript import SceneCommit


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

        async def work(reader: Reader[WriteEvent]) -> list[SceneCommit]:
            return await novel.edit(scene, prose, branch=branch, on_event=reader.on_event)

        kept = folder / f"edit-{old.scene_id}.md"
        if file is None:
            # What was typed outlives a run that fails.
            write_atomic(kept, prose.encode("utf-8"))
        again = command("edit", folder, scene, "--file", file or kept, branch=branch)
        act = EditScene(scene=old.scene_id, prose=prose)
        stale = done_or_left(work, act, folder, branch, quiet=quiet, command=again)
        if file is None:
            kept.unlink(missing_ok=True)
    if stale is not None:
        tell_stale(folder, old.position, stale, branch)


def tell_stale(folder: Path, position: int, stale: list[SceneCommit], branch: str) -> None:
    """Say which later scenes may no longer fit, and how to draw them again."""
    typer.echo(f"Scene {position} is replaced; the manuscript before is kept as a branch.")
    if not stale:
        typer.echo("No later scene is marked as resting on what changed.")
        return
    typer.echo("These scenes may no longer fit:")
    for commit in stale:
        typer.echo(f"  {commit.position:>3}  {'; '.join(commit.stale)}")
    again = command("redraw", folder, stale[0].position, branch=branch)
    typer.echo(f"Draw one again: {again}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}.", fix="Give a UTF-8 text file with the scene's prose."
        ) from error


def from_file(path: Path) -> str:
    """The prose of a scene that a file holds.

    Raises:
        InputError: It cannot be read, or is empty.
    """
    prose = _read(path)
    if not prose.strip():
        raise InputError(f"{path} is empty.", fix="Put the scene's new prose into it.")
    return prose
