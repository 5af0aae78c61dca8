"""`novelcraft new`: a folder with a `novel.toml` to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from novelcraft.tools.text import quoted


def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    premise: Annotated[str, typer.Option(help="What the novel is about, or a file.")] = "",
    pages: Annotated[int | None, typer.Option(help="Length of the book in pages.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed gives another novel.")] = None,
    chapters: Annotated[int | None, typer.Option(help="Number of chapters.")] = None,
) -> None:
    """Make a novel's folder with every choice explained, to be edited before writing."""
    from novelcraft.cli.premise import read_premise
    from novelcraft.cli.target import written_settings
    from novelcraft.errors import ProjectError
    from novelcraft.graphs.folder import TOML, is_novel, make_folder
    from novelcraft.tools.authored import named_files, read_authored

    if is_novel(folder):
        raise ProjectError(
            f"{folder} holds a novel already.",
            fix=f"Edit {folder / TOML}, or choose another folder.",
        )
    book = {"pages": pages, "seed": seed, "chapters": chapters}
    given = {key: value for key, value in book.items() if value is not None}
    text = read_premise(premise) if premise else ""
    authored = read_authored(folder)
    make_folder(folder, written_settings(None, {**given, "premise": text}))
    typer.echo(f"Made {folder / TOML}.")
    if authored:
        typer.echo(f"The plan will keep: {', '.join(named_files(authored))}.")
    if not text:
        typer.echo("Say what the novel is about there, under premise.")
    typer.echo(f"Then: novelcraft write {quoted(folder)}")
