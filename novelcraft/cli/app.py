"""The verbs, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from novelcraft import __version__
from novelcraft.cli.adapter import adapter
from novelcraft.cli.agent import agent
from novelcraft.cli.ask import ask
from novelcraft.cli.batch import batch
from novelcraft.cli.context import context
from novelcraft.cli.doctor import doctor
from novelcraft.cli.edit import edit
from novelcraft.cli.exempt import exempt
from novelcraft.cli.export import export
from novelcraft.cli.fork import fork
from novelcraft.cli.log import log
from novelcraft.cli.mcp import mcp
from novelcraft.cli.model import model
from novelcraft.cli.new import new
from novelcraft.cli.pairs import pairs
from novelcraft.cli.prep import prep
from novelcraft.cli.proxy import proxy
from novelcraft.cli.redraw import redraw
from novelcraft.cli.serve import serve
from novelcraft.cli.show import show
from novelcraft.cli.status import status
from novelcraft.cli.steer import steer
from novelcraft.cli.sync import sync
from novelcraft.cli.train import train
from novelcraft.cli.tui import tui
from novelcraft.cli.verify import verify
from novelcraft.cli.worker import worker
from novelcraft.cli.write import write

app = typer.Typer(
    name="novelcraft",
    help="Have a language model write a whole novel, and turn books into data to train one.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for verb in (
    write,
    batch,
    tui,
    worker,
    new,
    show,
    log,
    export,
    fork,
    edit,
    redraw,
    exempt,
    sync,
    ask,
    verify,
    prep,
    pairs,
    train,
    agent,
    mcp,
    proxy,
    serve,
    status,
    doctor,
    context,
):
    app.command()(verb)
app.add_typer(steer, name="steer")
app.add_typer(model, name="model")
app.add_typer(adapter, name="adapter")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"novelcraft {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Have a language model write a whole novel, and stay in charge of it."""
