"""`novelcraft verify`: is every scene what was committed, and what if one is not?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from novelcraft.cli.acts import require_free, say_replaced
from novelcraft.cli.common import Folder, QuietOption, attended, command, user
from novelcraft.errors import DamagedDatabaseError, InputError, UnknownTargetError
from novelcraft.tools.text import counted, quoted

if TYPE_CHECKING:
    from novelcraft.cli.readers import Reader
    from novelcraft.graphs.novel import Novel
    from novelcraft.state.acts import ActRecord
    from novelcraft.state.events import WriteEvent
    from novelcraft.tools.canon.integrity import Fault

SHORT = 12


def verify(
    folder: Folder,
    restore: Annotated[
        str, typer.Option(metavar="SCENE", help="Bring back what was committed as this scene.")
    ] = "",
    accept: Annotated[
        str, typer.Option(metavar="SCENE", help="Take the change of this scene as your edit.")
    ] = "",
    quiet: QuietOption = False,
) -> None:
    """Hold every scene and plan of the novel against the hash that it was stored with.

    Ends with 26 where something was changed in the database, or is missing from it.
    """
    from novelcraft.graphs.novel import Novel

    if restore and accept:
        raise InputError("--restore and --accept name what becomes of a scene.", fix="Give one.")
    with Novel.open(folder) as novel:
        faults = novel.store.faults()
        if restore:
            _restore(novel, _changed(folder, faults, restore))
        elif accept:
            _accept(novel, _changed(folder, faults, accept), quiet=quiet)
        if restore or accept:
            faults = novel.store.faults()
        for fault in faults:
            typer.echo(_told(novel, fault))
        if faults:
            raise DamagedDatabaseError(
                f"{counted(len(faults), 'thing')} in {novel.folder} cannot be as it was stored.",
                fix=_next_step(folder, faults),
            )
        scenes = sum(len(novel.store.commit_ids(b.head)) for b in novel.store.branches())
        typer.echo(
            f"All is as it was stored: {counted(scenes, 'scene')} on all branches, "
            f"{counted(len(novel.store.plans()), 'plan')}."
        )


def _changed(folder: Path, faults: list[Fault], name: str) -> Fault:
    """The changed scene that a person names by its number or commit."""
    for fault in faults:
        if fault.kind == "changed" and (
            name == str(fault.position) or (len(name) >= 6 and fault.name.startswith(name))
        ):
            return fault
    raise UnknownTargetError(
        f"There is no scene {name!r} that was changed in the database.",
        fix=f"See what was: novelcraft verify {quoted(folder)}",
    )


def _restore(novel: Novel, fault: Fault) -> None:
    if not novel.store.restore_commit(fault.name):
        raise UnknownTargetError(
            f"What was committed as scene {fault.position} stands nowhere else: in no draft that "
            "is kept, no other branch and no logged call of a model.",
            fix="Restore novel.db from a backup, or take the change as your own edit: "
            f"novelcraft verify {quoted(novel.folder)} --accept {fault.position}",
        )
    typer.echo(f"Scene {fault.position} is again what was committed.")


def _accept(novel: Novel, fault: Fault, *, quiet: bool) -> None:
    """Take a scene that was changed in the database as a person's edit of it.

    What it said before is not known, so the scene after it is marked in any case. The chain
    that held the changed scene keeps no branch.
    """
    from novelcraft.state.acts import EditScene

    require_free(novel.folder)
    novel.store.trust(fault.name)
    old = novel.store.get(fault.name)
    act = EditScene(scene=old.scene_id, prose=old.prose)

    async def work(reader: Reader[WriteEvent]) -> ActRecord:
        return await novel.steer(act, on_event=reader.on_event, branch=fault.branch, by=user())

    again = command("verify", novel.folder, "--accept", fault.position)
    record = attended(work, quiet=quiet, command=again)
    if record.status == "refused":
        raise InputError(f"The change cannot be your edit. {record.reason}")
    say_replaced(novel.folder, novel.store, old.position, fault.branch)


def _told(novel: Novel, fault: Fault) -> str:
    if fault.kind == "plan":
        return f"plan {fault.name} was changed in the database"
    place = f"scene {fault.position}" if fault.position else "the last scene"
    scene = f"branch {fault.branch}, {place}, commit {fault.name[:SHORT]}"
    if fault.kind == "changed":
        return f"{scene}: was changed in the database"
    before = [c.id[:SHORT] for c in novel.store.all_commits() if c.position == fault.position - 1]
    last = f"; scene {fault.position - 1} before it is {', '.join(before)}" if before else ""
    return f"{scene}: is missing{last}"


def _next_step(folder: Path, faults: list[Fault]) -> str:
    changed = next((f for f in faults if f.kind == "changed"), None)
    if changed is not None:
        verify = f"novelcraft verify {quoted(folder)}"
        return (
            f"Bring back what was committed: {verify} --restore {changed.position}\n"
            f"  Or take it as your own edit:  {verify} --accept {changed.position}"
        )
    backup = "Restore novel.db from a backup"
    if any(f.kind == "missing" for f in faults):
        return (
            f"{backup}, or write on from a scene before the gap: "
            f"novelcraft fork {quoted(folder)} --at COMMIT --name NAME"
        )
    return f"{backup}. The text of the book is whole; only a plan is not what it was."
