"""`novelcraft exempt`: say that a finding is intended."""

from __future__ import annotations

from typing import Annotated

import typer

from novelcraft.cli.common import Folder
from novelcraft.errors import InputError
from novelcraft.tools.text import quoted


def exempt(
    folder: Folder,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="The finding's key, from `show DIR findings`.")
    ],
    reason: Annotated[str, typer.Option(help="Why it is intended.")],
) -> None:
    """Declare a finding intended: it no longer counts, in this scene and in later ones."""
    from novelcraft.graphs.novel import Novel

    if ":" not in key:
        raise InputError(
            f"{key!r} is no key of a finding: those look like check:about.",
            fix=f"Take one from: novelcraft show {quoted(folder)} findings",
        )
    with Novel.open(folder) as novel:
        novel.store.exempt(key, reason)
    typer.echo(f"{key} is intended from now on: {reason}")
