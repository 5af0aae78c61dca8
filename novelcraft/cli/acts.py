"""Leaving acts from the command line: what a person wants of a novel, done now or by its run."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import typer

from novelcraft.cli.common import attended, steer_command, user
from novelcraft.errors import InputError, ProjectBusyError
from novelcraft.tools.text import quoted

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.state.acts import Act, ActRecord
    from novelcraft.state.events import WriteEvent
    from novelcraft.tools.canon.store import ManuscriptStore

T = TypeVar("T")


class Steered(NamedTuple):
    """The novel that is steered, and how."""

    folder: Path
    branch: str
    by: str
    as_json: bool
    quiet: bool


def leave(act: Act, steered: Steered) -> None:
    """Leave an act, do it where nobody else will, and say what became of it.

    Raises:
        InputError: It was refused.
    """
    from novelcraft.graphs import steering

    with open_store(steered.folder) as store:
        record = steering.put(steered.folder, store, act, branch=steered.branch, by=steered.by)
        if steering.needs_process(steered.folder, record):
            do_waiting(steered.folder, steered.branch, quiet=steered.quiet)
            record = store.act(record.id)
        if record.status == "refused" and not steered.as_json:
            reason = record.reason.replace("NOVEL", quoted(steered.folder))
            raise InputError(f"Act {record.id} was refused. {reason}")
        show([record], steered)
    if record.status == "refused":
        raise typer.Exit(InputError.exit_code)
    if record.status == "pending" and not steered.as_json:
        back = steer_command(steered.folder, "--undo", steered.branch)
        typer.echo(f"Until then it can be taken back: {back} {record.id}")


def done_or_left(
    work: Callable[[Reader[WriteEvent]], Coroutine[Any, Any, T]],
    act: Act,
    folder: Path,
    branch: str,
    *,
    quiet: bool,
    command: str,
) -> T | None:
    """Do what an act says, with its progress shown; or leave it for the run that is writing.

    Args:
        work, quiet, command: See `attended`.
        act: The same as an act.
        folder, branch: What it is about.

    Returns:
        What the work gave; None where it was left, and that was said.

    Raises:
        ProjectBusyError: Something else holds the novel, which takes no acts of the branch.
    """
    from novelcraft.graphs.steering import takes_acts

    try:
        return attended(work, quiet=quiet, command=command)
    except ProjectBusyError:
        if not takes_acts(folder, branch):
            raise
    leave(act, Steered(folder, branch, user(), as_json=False, quiet=quiet))
    return None


def do_waiting(folder: Path, branch: str, *, quiet: bool) -> None:
    """Do what waits, with its progress shown."""
    from novelcraft.graphs.novel import Novel

    async def work(reader: Reader[WriteEvent]) -> None:
        await novel.take_acts(on_event=reader.on_event, branch=branch)

    with Novel.open(folder) as novel:
        attended(work, quiet=quiet, command=steer_command(folder, "apply", branch))


def open_store(folder: Path) -> ManuscriptStore:
    """The database of a novel's folder, which is made where nothing was written yet."""
    from novelcraft.graphs.folder import DATABASE, require_novel
    from novelcraft.tools.canon.store import ManuscriptStore

    require_novel(folder)
    if not (folder / DATABASE).exists():
        from novelcraft.graphs.novel import Novel

        Novel.open(folder).close()
    return ManuscriptStore.open(folder / DATABASE)


def show(records: Sequence[ActRecord], steered: Steered) -> None:
    """Say how acts stand, or give them as JSON."""
    from novelcraft.present.acts import act_line

    if steered.as_json:
        given = [record.model_dump(mode="json") for record in records]
        typer.echo(json.dumps(given, ensure_ascii=False, indent=2))
        return
    with open_store(steered.folder) as store:
        for record in records:
            typer.echo(act_line(steered.folder, store, record))
    if not records:
        typer.echo("There are no acts.")
