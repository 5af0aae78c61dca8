"""`novelcraft fork`: another way on from a scene."""

from __future__ import annotations

from typing import Annotated

import typer

from novelcraft.cli.common import BranchOption, Folder
from novelcraft.tools.text import quoted


def fork(
    folder: Folder,
    at: Annotated[
        str,
        typer.Option(metavar="SCENE", help="Last scene to keep: number, id, commit; 0: none."),
    ],
    name: Annotated[str, typer.Option(help="Name of the new branch.")],
    branch: BranchOption = "main",
) -> None:
    """Start a branch that shares the scenes up to one, and goes another way from there."""
    from novelcraft.graphs.novel import Novel

    with Novel.open(folder) as novel:
        made = novel.fork(at, name, branch=branch)
        scenes = len(novel.store.commit_ids(made.head))
    where = f"after scene {scenes}" if scenes else "before the first scene"
    typer.echo(f"Branch {made.name} starts {where}.")
    typer.echo(f"Go on with: novelcraft write {quoted(folder)} --branch {made.name}")
