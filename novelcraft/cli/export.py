"""`novelcraft export`: the book as files, finished or not."""

from __future__ import annotations

from typing import Annotated

import typer

from novelcraft.cli.common import BranchOption, Folder


def export(
    folder: Folder,
    formats: Annotated[
        str, typer.Option("--format", "-f", metavar="LIST", help="Formats, with commas.")
    ] = "epub,docx,pdf,md,report",
    branch: BranchOption = "main",
) -> None:
    """Write the book's files again, as far as it is written.

    Formats are epub, docx, pdf (where an engine for it is installed), md and report.
    """
    from novelcraft.graphs.novel import Novel

    wanted = [name.strip().lower() for name in formats.split(",") if name.strip()]
    with Novel.open(folder) as novel:
        result = novel.export(wanted, branch=branch)
    for notice in result.notices:
        typer.echo(notice, err=True)
    for path in result.paths:
        typer.echo(str(path))
