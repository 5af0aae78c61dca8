"""`novelcraft model`: the models that the embedded engine runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

model = typer.Typer(
    help="See and fetch the models that run on this machine, without a server.",
    no_args_is_help=True,
)


@model.command("list")
def list_() -> None:
    """List the models that are there, marked with *, and those that can be pulled."""
    from novelcraft.tools.models.embedded.library import ModelLibrary

    typer.echo(f"  {'model':<20} {'file':>8} {'memory':>8}  licence and note")
    for row in ModelLibrary().list_models():
        memory = f"{row.memory_gb:.1f} GB" if row.memory_gb is not None else ""
        about = ", ".join(text for text in (row.licence, row.note) if text)
        typer.echo(
            f"{'*' if row.installed else ' '} {row.name:<20} {row.size_gb:>5.1f} GB {memory:>8}  "
            f"{about}"
        )


@model.command()
def pull(
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A name from the list, a GGUF file, or owner/repository on the hub.",
        ),
    ],
) -> None:
    """Fetch a model; the largest one that is there is used from then on."""
    from novelcraft.tools.models.embedded.library import pull_model

    path = pull_model(wanted, notify=lambda told: typer.echo(told, err=True))
    typer.echo(str(path))


@model.command()
def unpack(
    wanted: Annotated[
        str, typer.Argument(metavar="MODEL", help="A name from the list, or a GGUF file.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The new folder.")],
) -> None:
    """Turn a model of this machine into a base that a narrator can be trained on.

    Needs the packages of training: `pip install "novelcraft[train]"`. Weights that were quantised
    stay as exact as they are; a base as it was published is the better one, where it can be had.
    """
    from novelcraft.finetune.stack import require_stack
    from novelcraft.tools.models.embedded.library import ModelLibrary

    require_stack()
    file = Path(wanted).expanduser()
    if not file.is_file():
        file = ModelLibrary().ensure(wanted, notify=lambda told: typer.echo(told, err=True)).path
    from novelcraft.finetune.serving.unpack import unpack_gguf

    typer.echo(str(unpack_gguf(file, out)))
