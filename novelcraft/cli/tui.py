"""`novelcraft tui`: the writing room."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from novelcraft.cli.common import BranchOption, DatabaseOption, needs_extra, say

if TYPE_CHECKING:
    from novelcraft.tui.homes import NovelHome
    from novelcraft.tui.shelf import Shelf


def tui(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A novel, data folder or training run, or a folder with such."
        ),
    ] = Path(),
    branch: BranchOption = "main",
    database: DatabaseOption = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show it in a browser on this machine.")
    ] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port, with --serve.")] = 8170,
) -> None:
    """Watch a novel being written, steer it, read it, ask it. Closing it changes nothing of a run.

    Preparation of books and training are followed in it, too.

    With --serve only this machine can reach it, and only with the token in the address that is
    printed. Each tab is a process of its own. With a database, DIR is the name of a novel of its
    batch; without one, its novels are the shelf.
    """
    from novelcraft.errors import InputError

    if database is None and not folder.is_dir():
        raise InputError(
            f"{folder} is no folder.", fix="Give a novel's folder, or one with novels in it."
        )
    if serve:
        place = folder.resolve() if database is None else folder
        options = [] if database is None else ["--database", database]
        _serve([str(place), *options, "--branch", branch], port)
        return
    with needs_extra("tui"):
        from novelcraft.tui.app import NovelcraftApp, spare_imports
    spare_imports()
    with _shelf(folder, database) as (shelf, opened):
        NovelcraftApp(shelf, opened, branch).run()


@contextmanager
def _shelf(folder: Path, database: str | None) -> Iterator[tuple[Shelf, NovelHome | Path | None]]:
    """The shelf, and what is to be opened at once, if one thing is named."""
    from novelcraft.tools.batch.shared import open_shared
    from novelcraft.tui.homes import FolderHome
    from novelcraft.tui.shelf import FolderShelf, SharedShelf, holds_novel
    from novelcraft.tui.work import kind_of

    if database is not None:
        with open_shared(database) as batch:
            shared = SharedShelf(database, batch)
            yield shared, None if folder == Path() else shared.home(str(folder))
    elif holds_novel(folder):
        yield FolderShelf(folder.parent), FolderHome(folder)
    elif kind_of(folder) is not None:
        yield FolderShelf(folder.parent), folder
    else:
        yield FolderShelf(folder), None


def _serve(words: list[str], port: int) -> None:
    with needs_extra("tui"):
        from starlette.datastructures import Headers

        from novelcraft.doors.http import Door
        from novelcraft.tui.browser import HOST, GuardedServer
    door = Door(HOST, port)
    command = (sys.executable, "-m", "novelcraft", "tui", *words)
    server = GuardedServer(command, port, lambda headers: door.admits(Headers(headers)))
    say(f"Open {server.url}\nStop with Ctrl-C.")
    server.serve()
