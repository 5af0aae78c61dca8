"""`novelcraft export`: the book as files, finished or not."""

from __future__ import annotations

from typing import Annotated

import typer

from novelcraft.cli.common import BranchOption, DatabaseOption, Folder, command, opened_to_read
from novelcraft.errors import ExportError
from novelcraft.tools.text import counted


def export(
    folder: Folder,
    formats: Annotated[
        str | None,
        typer.Option("--format", "-f", metavar="LIST", help="Formats, with commas. Default: all."),
    ] = None,
    branch: BranchOption = "main",
    database: DatabaseOption = None,
) -> None:
    """Write the book's files again, as far as it is written.

    Formats are epub, docx, pdf (where an engine for it is installed), md and report. One that is
    asked for by name and cannot be made is an error; the others are written all the same. That
    the book holds findings which should have kept scenes out of it is said on standard error.
    With a database, DIR is the name of a novel of its batch, and its folder is made here.
    """
    from novelcraft.tools.export.book import BOOK_FORMATS

    named = BOOK_FORMATS if formats is None else formats.lower().split(",")
    with opened_to_read(folder, database, keep=True) as novel:
        result = novel.export([n.strip() for n in named if n.strip()], branch=branch)
    for notice in result.notices:
        typer.echo(notice, err=True)
    if result.flaws:
        typer.echo(
            f"The book holds {counted(result.flaws, 'finding')} that should have kept scenes out "
            f"of it. They are listed by: {command('show', folder, 'findings', branch=branch)}",
            err=True,
        )
    for path in result.paths:
        typer.echo(str(path))
    if formats is not None and result.missing:
        raise ExportError(f"Not made: {', '.join(result.missing)}.", fix="The reason stands above.")
