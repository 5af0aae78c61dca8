"""`novelcraft sync`: take a manuscript that was edited by hand into the book."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from novelcraft.cli.acts import do_waiting, list_stale
from novelcraft.cli.common import (
    BranchOption,
    Folder,
    QuietOption,
    command,
    user,
)

if TYPE_CHECKING:
    from novelcraft.graphs.novel import Novel
    from novelcraft.graphs.sync import Offer


def sync(
    folder: Folder,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take the changes unasked.")] = False,
    branch: BranchOption = "main",
    quiet: QuietOption = False,
) -> None:
    """Take what you changed in `manuscript.md` into the book, as edits of its scenes.

    Shows which scenes differ, and asks. Files that a run kept aside, because you had edited them,
    are taken as well. While a run writes, the edits are left for it, as `novelcraft steer` does.
    """
    from novelcraft.graphs.manuscript import put_away
    from novelcraft.graphs.novel import Novel
    from novelcraft.graphs.sync import offers
    from novelcraft.tools.storage.lock import holder

    with Novel.open(folder) as novel:
        found = offers(folder, novel.store, branch, novel.settings.novel)
        for offer in found:
            _tell(offer)
        if not any(offer.scenes for offer in found):
            typer.echo("No scene was changed by hand.")
            return
        if not (yes or _agreed()):
            again = command("sync", folder, "--yes", branch=branch)
            typer.echo(f"Nothing was taken. Take it with: {again}")
            return
        left = [act for offer in found for act in _left(novel, offer, branch)]
        for offer in found:
            if offer.scenes:
                typer.echo(f"{offer.path.name} is kept as {put_away(offer.path).name}.")
        if holder(folder) is None:
            do_waiting(folder, branch, quiet=quiet)
        _report(novel, left, branch)


def _tell(offer: Offer) -> None:
    typer.echo(f"{offer.path.name}:")
    for scene in offer.scenes:
        begin = " ".join(scene.prose.split())[:60]
        rival = "; it was changed in the book, too" if scene.scene_id in offer.rivals else ""
        typer.echo(f"  scene {scene.position} ({scene.scene_id}){rival}: {begin}…")
    for problem in offer.problems:
        typer.echo(f"  not taken: {problem}")


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    return typer.confirm("Take these scenes as your edits?", err=True)


def _left(novel: Novel, offer: Offer, branch: str) -> list[int]:
    """Leave an act for each scene; gives their numbers."""
    from novelcraft.state.acts import EditScene

    acts = [EditScene(scene=scene.scene_id, prose=scene.prose) for scene in offer.scenes]
    return [novel.store.put_act(act, branch=branch, by=user()).id for act in acts]


def _report(novel: Novel, left: list[int], branch: str) -> None:
    from novelcraft.present.acts import act_line

    for number in left:
        typer.echo(act_line(novel.folder, novel.store, novel.store.act(number)))
    list_stale(novel.folder, novel.store, branch)
