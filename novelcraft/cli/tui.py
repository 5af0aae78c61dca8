"""`novelcraft tui`: the writing room."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from novelcraft.cli.common import BranchOption, needs_extra


def tui(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A novel, or a folder with novels.")
    ] = Path(),
    branch: BranchOption = "main",
) -> None:
    """Watch a novel being written, read it, ask it. Closing the room changes nothing of a run."""
    from novelcraft.errors import InputError
    from novelcraft.graphs.folder import DATABASE, TOML

    with needs_extra("tui"):
        from novelcraft.tui.app import NovelcraftApp

    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder.", fix="Give a novel's folder, or one with novels in it."
        )
    is_novel = (folder / TOML).is_file() or (folder / DATABASE).is_file()
    root = folder.parent if is_novel else folder
    NovelcraftApp(root, folder if is_novel else None, branch).run()
