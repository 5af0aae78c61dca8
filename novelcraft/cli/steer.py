"""`novelcraft steer`: say what should be otherwise, whether a run is going on or not."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from novelcraft.cli.acts import Steered, do_waiting, leave, open_store, show
from novelcraft.cli.common import (
    BranchOption,
    Folder,
    QuietOption,
    SceneArgument,
    user,
)
from novelcraft.cli.steer_arguments import FolderFirst, setting_changes, text_changes
from novelcraft.errors import InputError

steer = typer.Typer(
    cls=FolderFirst,
    invoke_without_command=True,
    rich_markup_mode="markdown",
    help="Steer a novel, while a run writes it or between two runs.\n\nWhat you say is left in the "
    "novel's database. A run takes it at its next safe point: before a scene, before a draft, or "
    "at the gate where it waits. Where no run is going on, it is done at once.",
)

NoteOption = Annotated[str, typer.Option("--note", "-n", help="What should be different.")]
Changes = Annotated[
    list[str], typer.Argument(metavar="FIELD=VALUE...", help='Such as place=harbour; lists: ["…"]')
]
Target = Annotated[str, typer.Argument(help="Number or id; the one in hand if left out.")]


@steer.callback()
def _novel(
    context: typer.Context,
    folder: Folder,
    branch: BranchOption = "main",
    listed: Annotated[
        bool, typer.Option("--list", help="List what was left, and what came of it.")
    ] = False,
    undo: Annotated[
        int | None, typer.Option(metavar="N", help="Take back act N, which no run has taken yet.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who says so; your user name if left out.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    quiet: QuietOption = False,
) -> None:
    context.obj = Steered(folder, branch, by or user(), as_json, quiet or as_json)
    if context.invoked_subcommand is not None:
        return
    if undo is not None:
        with open_store(folder) as store:
            show([store.undo_act(undo)], context.obj)
    elif listed:
        with open_store(folder) as store:
            show(store.acts(branch), context.obj)
    else:
        raise InputError(
            "Nothing was said.", fix="See what there is to say: novelcraft steer --help"
        )


@steer.command()
def note(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What the narrator should heed.")],
    scene: Annotated[str, typer.Option(help="A scene to come; the next one if left out.")] = "",
) -> None:
    """Tell the narrator something for the next scene, or for one further on."""
    _leave(context, kind="note", text=text, scene=scene)


@steer.command()
def brief(context: typer.Context, scene: SceneArgument, changes: Changes) -> None:
    """Change the brief of a scene to come: goal, place, time, beats, turn, outcome, …"""
    _leave(context, kind="edit_brief", scene=scene, changes=text_changes(changes))


@steer.command()
def chapter(
    context: typer.Context,
    chapter: Annotated[str, typer.Argument(help="Its number or id.")],
    changes: Changes,
) -> None:
    """Change a chapter's title or summary in the outline."""
    _leave(context, kind="edit_chapter", chapter=chapter, changes=text_changes(changes))


@steer.command()
def character(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name or id.")],
    changes: Changes,
) -> None:
    """Change a member of the cast: role, want, flaw, voice, knows, name."""
    _leave(context, kind="edit_character", character=name, changes=text_changes(changes))


@steer.command()
def world(context: typer.Context, changes: Changes) -> None:
    """Change the world: its text or its places."""
    _leave(context, kind="edit_world", changes=text_changes(changes))


@steer.command()
def summary(
    context: typer.Context, text: Annotated[str, typer.Argument(help="The story so far.")]
) -> None:
    """Tell the story so far otherwise: the next scene starts from it."""
    _leave(context, kind="edit_summary", text=text)


@steer.command()
def fact(
    context: typer.Context,
    scene: SceneArgument,
    subject: Annotated[str, typer.Argument(help="Whom or what it is about.")],
    statement: Annotated[str, typer.Argument(help="As it stands now.")],
    becomes: Annotated[str, typer.Option(help="As it should be; left out, it goes.")] = "",
) -> None:
    """Put right what a written scene states, or take it out."""
    _leave(
        context,
        kind="edit_fact",
        scene=scene,
        subject=subject,
        statement=statement,
        becomes=becomes,
    )


@steer.command()
def pin(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(help="Whom or what it is about.")],
    statement: Annotated[str, typer.Argument(help="What is true.")],
    remove: Annotated[bool, typer.Option("--remove", help="Pin it no longer.")] = False,
) -> None:
    """Have the narrator told a fact with every scene to come."""
    _leave(context, kind="pin_fact", subject=subject, statement=statement, pinned=not remove)


@steer.command()
def redraw(context: typer.Context, scene: SceneArgument, note: NoteOption = "") -> None:
    """Have a written scene narrated again."""
    _leave(context, kind="redraw", scene=scene, note=note)


@steer.command()
def choose(
    context: typer.Context,
    scene: SceneArgument,
    draft: Annotated[str, typer.Argument(help="Id of a draft, or of a commit of the scene.")],
) -> None:
    """Put another draft of a written scene in its place."""
    _leave(context, kind="choose_draft", scene=scene, draft=draft)


@steer.command()
def edit(
    context: typer.Context,
    scene: SceneArgument,
    file: Annotated[Path, typer.Option("--file", "-f", help="Holds the new words.")],
) -> None:
    """Put your own words in the place of a written scene."""
    from novelcraft.cli.edit import from_file

    _leave(context, kind="edit_scene", scene=scene, prose=from_file(file))


@steer.command()
def replay(
    context: typer.Context,
    scene: Annotated[str, typer.Argument(help="One of them; all if left out.")] = "",
) -> None:
    """Have scenes that may no longer fit narrated again, in order."""
    _leave(context, kind="replay", scene=scene)


@steer.command()
def exempt(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="From `show NOVEL findings`.")],
    reason: Annotated[str, typer.Option(help="Why it is intended.")] = "",
) -> None:
    """Accept a finding as intended."""
    _leave(context, kind="exempt", key=key, reason=reason)


@steer.command()
def role(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="reasoning, narrator or cheap.")],
    changes: Annotated[
        list[str],
        typer.Argument(metavar="KEY=VALUE...", help="Such as sampling.temperature=0.7 adapter=X."),
    ],
) -> None:
    """Set model, adapter or sampling of a role from the next scene on; null takes it back."""
    _leave(context, kind="set_role", role=name, changes=setting_changes(changes))


@steer.command()
def approve(
    context: typer.Context,
    gate: Annotated[
        str, typer.Argument(help="plan, chapter or scene; where the run waits if left out.")
    ] = "",
    target: Target = "",
) -> None:
    """Let an attended run write on, at the gate where it waits or one that it will come to."""
    _leave(context, kind="approve", gate=gate, target=target)


@steer.command()
def reject(context: typer.Context, note: NoteOption = "") -> None:
    """Have the plan, chapter or scene that the run waits with made again."""
    _leave(context, kind="reject", note=note)


@steer.command()
def pause(context: typer.Context) -> None:
    """Have the run wait before its next draft."""
    _leave(context, kind="pause")


@steer.command()
def resume(context: typer.Context) -> None:
    """Have a paused run go on."""
    _leave(context, kind="resume")


@steer.command()
def stop(context: typer.Context) -> None:
    """End the run after the scene that it is at, or at the gate where it waits."""
    _leave(context, kind="stop")


@steer.command()
def fork(
    context: typer.Context,
    scene: SceneArgument,
    name: Annotated[str, typer.Argument(help="Name of the new branch.")],
) -> None:
    """Start a branch that shares the scenes up to one."""
    _leave(context, kind="fork", scene=scene, name=name)


@steer.command()
def put(
    context: typer.Context,
    act: Annotated[str, typer.Argument(help='JSON: {"kind": "note", …}; - reads the input.')],
) -> None:
    """Leave any act as JSON, for other programs."""
    given = sys.stdin.read() if act == "-" else act
    try:
        fields = json.loads(given)
    except ValueError as error:
        raise InputError(f"This is no JSON: {error}.", fix='{"kind": "pause"}') from error
    if not isinstance(fields, dict):
        raise InputError("An act is a JSON object.", fix='{"kind": "pause"}')
    _leave(context, **fields)


@steer.command()
def apply(context: typer.Context) -> None:
    """Do what waits, where no run is there to do it."""
    steered: Steered = context.obj
    with open_store(steered.folder) as store:
        waiting = [record.id for record in store.acts(steered.branch, "pending")]
        do_waiting(steered.folder, steered.branch, quiet=steered.quiet)
        show([store.act(act_id) for act_id in waiting], steered)


def _leave(context: typer.Context, **fields: Any) -> None:
    """Leave what a person typed; see `leave`.

    Raises:
        InputError: It is no act, or was refused.
    """
    from pydantic import ValidationError

    from novelcraft.state.acts import ACT

    try:
        act = ACT.validate_python(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"][1:])) or "The act"
        raise InputError(f"{where}: {first['msg']}.", fix="See: novelcraft steer --help") from error
    leave(act, context.obj)
