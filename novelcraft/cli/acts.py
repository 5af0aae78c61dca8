"""Leaving acts from the command line: what a person wants of a novel, done now or by its run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from novelcraft.cli.common import attended, steer_command, user
from novelcraft.errors import InputError
from novelcraft.tools.text import quoted

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.state.acts import Act, ActRecord, EditScene, Redraw
    from novelcraft.state.events import WriteEvent
    from novelcraft.state.manuscript import SceneCommit
    from novelcraft.tools.canon.store import ManuscriptStore


class Steered(NamedTuple):
    """The novel that is steered, and how."""

    folder: Path
    branch: str
    by: str
    as_json: bool
    quiet: bool


def leave(act: Act, steered: Steered) -> ActRecord:
    """Leave an act, do it where nobody else will, and say what became of it.

    Returns:
        The act as it stands then.

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
    return record


def replace_scene(
    act: EditScene | Redraw, old: SceneCommit, folder: Path, branch: str, *, quiet: bool
) -> None:
    """Have another text put in a scene's place, now or by the run that writes the branch.

    Where it was done, says which later scenes may no longer fit.

    Args:
        act: What is wanted.
        old: The scene as it stands.
        folder, branch: Where.
        quiet: Show no progress.

    Raises:
        ProjectBusyError: Something else holds the novel, which takes no acts of the branch.
        InputError: It was refused.
    """
    from novelcraft.graphs.steering import takes_acts

    if not takes_acts(folder, branch):
        require_free(folder)
    record = leave(act, Steered(folder, branch, user(), as_json=False, quiet=quiet))
    if record.status == "applied":
        with open_store(folder) as store:
            say_replaced(folder, store, old.position, branch)


def require_free(folder: Path) -> None:
    """See that an act does not lie where nobody takes it.

    Raises:
        ProjectBusyError: Something holds the novel.
    """
    from novelcraft.tools.storage.lock import ProjectLock

    with ProjectLock(folder):
        pass


def say_replaced(folder: Path, store: ManuscriptStore, position: int, branch: str) -> None:
    """Say that a scene was replaced, and which later ones may no longer fit."""
    typer.echo(f"Scene {position} is replaced; the manuscript before is kept as a branch.")
    if not list_stale(folder, store, branch):
        typer.echo("No later scene is marked as resting on what changed.")


def list_stale(folder: Path, store: ManuscriptStore, branch: str) -> bool:
    """List the scenes that may no longer fit, with what helps; gives whether there are any."""
    stale = [commit for commit in store.chain(store.branch(branch).head) if commit.stale]
    if stale:
        typer.echo("These scenes may no longer fit:")
        for commit in stale:
            typer.echo(f"  {commit.position:>3}  {'; '.join(commit.stale)}")
        typer.echo(f"Have them written again: {steer_command(folder, 'replay', branch)}")
    return bool(stale)


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
