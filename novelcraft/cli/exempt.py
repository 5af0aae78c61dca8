"""`novelcraft exempt`: say that a finding is intended."""

from __future__ import annotations

from typing import Annotated

import typer

from novelcraft.cli.common import Folder


def exempt(
    folder: Folder,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="The finding's key, from `show DIR findings`.")
    ],
    reason: Annotated[str, typer.Option(help="Why it is intended.")],
) -> None:
    """Declare a finding intended: it no longer counts, in this scene and in later ones."""
    from novelcraft.graphs.novel import Novel

    with Novel.open(folder) as novel:
        novel.exempt(key, reason)
    typer.echo(f"{key} is intended from now on: {reason}")
