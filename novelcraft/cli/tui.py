"""`novelcraft tui`: the writing room."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from novelcraft.cli.common import BranchOption, needs_extra, say


def tui(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A novel, data folder or training run, or a folder with such."
        ),
    ] = Path(),
    branch: BranchOption = "main",
    serve: Annotated[
        bool, typer.Option("--serve", help="Show it in a browser on this machine.")
    ] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port, with --serve.")] = 8170,
) -> None:
    """Watch a novel being written, steer it, read it, ask it. Closing it changes nothing of a run.

    Preparation of books and training are followed in it, too.

    With --serve only this machine can reach it, and only with the token in the address that is
    printed. Each tab is a process of its own.
    """
    from novelcraft.errors import InputError

    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder.", fix="Give a novel's folder, or one with novels in it."
        )
    if serve:
        _serve(folder, branch, port)
        return
    with needs_extra("tui"):
        from novelcraft.tui.app import NovelcraftApp
        from novelcraft.tui.shelf import holds_novel
        from novelcraft.tui.work import kind_of
    is_one = holds_novel(folder) or kind_of(folder) is not None
    NovelcraftApp(folder.parent if is_one else folder, folder if is_one else None, branch).run()


def _serve(folder: Path, branch: str, port: int) -> None:
    with needs_extra("tui"):
        from starlette.datastructures import Headers

        from novelcraft.doors.http import Door
        from novelcraft.tui.browser import HOST, GuardedServer
    door = Door(HOST, port)
    command = (sys.executable, "-m", "novelcraft", "tui", str(folder.resolve()), "--branch", branch)
    server = GuardedServer(command, port, lambda headers: door.admits(Headers(headers)))
    say(f"Open {server.url}\nStop with Ctrl-C.")
    server.serve()
