"""What several verbs share: their arguments, and opening a novel."""

from __future__ import annotations

import gc
import getpass
import shlex
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from novelcraft.errors import CheckpointError, ConfigError, NovelcraftError

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.graphs.novel import Novel
    from novelcraft.present.progress import Progress
    from novelcraft.state.events import WriteEvent

T = TypeVar("T")
E = TypeVar("E")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The novel's folder.")]
SceneArgument = Annotated[
    str, typer.Argument(metavar="SCENE", help="Its number, its id (s012) or its commit.")
]
BranchOption = Annotated[str, typer.Option("--branch", "-b", help="Branch of the manuscript.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]

DatabaseOption = Annotated[
    str | None,
    typer.Option(metavar="URL", help="PostgreSQL database of a batch: postgresql://…"),
]


@contextmanager
def opened_to_read(folder: Path, database: str | None, *, keep: bool = False) -> Iterator[Novel]:
    """The novel of a folder; with a database, the novel of that name in its batch.

    Args:
        folder: The novel's folder, or its name in the batch.
        database: URL of the batch's database.
        keep: Keep what is written for it here, in a folder of its name.
    """
    from tempfile import TemporaryDirectory

    from novelcraft.graphs.novel import Novel

    if database is None:
        with Novel.open(folder) as novel:
            yield novel
        return
    with needs_extra("batch"):
        from novelcraft.graphs.batch.reading import shared_novel

    with TemporaryDirectory() as scratch:
        place = Path(folder.name) if keep else Path(scratch) / folder.name
        with shared_novel(database, str(folder), place) as novel:
            yield novel


def command(verb: str, *words: object, branch: str = "main") -> str:
    """A command of ours as it can be pasted into a shell; the main branch is not named."""
    other = [] if branch == "main" else ["--branch", branch]
    return shlex.join(["novelcraft", verb, *map(str, words), *other])


def steer_command(folder: Path, verb: str, branch: str = "main") -> str:
    """A command of `novelcraft steer`, which takes the branch before what is said."""
    other = [] if branch == "main" else ["--branch", branch]
    return command("steer", folder, *other, verb)


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Tell a person which extra to install where a package of it is missing.

    Raises:
        ConfigError: One is.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"This needs the package {error.name}, which is not installed.",
            fix=f'Install it: pip install "novelcraft[{extra}]"',
        ) from error


def say(text: str) -> None:
    """Tell the person something that is no result: on standard error."""
    typer.echo(text, err=True)


@contextmanager
def to_be_continued(command: str) -> Iterator[None]:
    """Tell a person who is stopped, by an error or by Ctrl-C, how to go on.

    Args:
        command: What to type.

    Raises:
        typer.Exit: With 130 after Ctrl-C, as shells expect.
    """
    try:
        yield
    except CheckpointError:
        # What to do stands in it, and the same command would be refused again.
        raise
    except NovelcraftError as error:
        resume = f"What was accepted is safe. Then go on with: {command}"
        error.fix = f"{error.fix}\n  {resume}" if error.fix else resume
        raise
    except KeyboardInterrupt:
        typer.echo(f"\nStopped. What was accepted is safe. Go on with: {command}", err=True)
        raise typer.Exit(130) from None


def attended(
    work: Callable[[Reader[WriteEvent]], Coroutine[Any, Any, T]], *, quiet: bool, command: str
) -> T:
    """Write with the progress shown on standard error; see `watched`."""
    from novelcraft.present.writing import WritingProgress

    return watched(work, WritingProgress(), quiet=quiet, command=command)


def watched(
    work: Callable[[Reader[E]], Coroutine[Any, Any, T]],
    state: Progress[E],
    *,
    quiet: bool,
    command: str,
) -> T:
    """Run a long operation with its progress shown on standard error.

    Args:
        work: Makes the operation; gets the reader for its events.
        state: Sums up its events.
        quiet: Show no progress.
        command: What a person types to go on after a stop. SIGTERM stops it as Ctrl-C does.
    """
    import asyncio

    from novelcraft.cli.readers import reader_for

    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    with to_be_continued(command), reader_for(state, sys.stderr, quiet=quiet) as reader:
        return asyncio.run(_until_terminated(work(reader)))


async def _until_terminated(work: Coroutine[Any, Any, T]) -> T:
    """Have SIGTERM, which a shutting-down machine or another program sends, mean what Ctrl-C means.

    It is not passed on as SIGINT: a process that was started in the background may ignore that.
    """
    import asyncio

    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        if not task.cancelling():
            raise
        raise KeyboardInterrupt from None


def user() -> str:
    """Who is at the terminal; empty where that is not known."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
