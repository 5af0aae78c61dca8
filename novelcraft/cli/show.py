"""`novelcraft show`: look at a novel without changing it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from novelcraft.cli.common import BranchOption, DatabaseOption, Folder, opened_to_read

if TYPE_CHECKING:
    from novelcraft.graphs.novel import Novel


class Subject(StrEnum):
    """What there is to look at."""

    status = "status"
    plan = "plan"
    scene = "scene"
    prompt = "prompt"
    summary = "summary"
    facts = "facts"
    findings = "findings"
    stale = "stale"
    calls = "calls"


_OF_A_SCENE = {Subject.scene, Subject.prompt, Subject.summary}


def show(
    folder: Folder,
    subject: Annotated[
        Subject, typer.Argument(metavar="SUBJECT", help="What to look at.")
    ] = Subject.status,
    scene: Annotated[
        str | None, typer.Argument(metavar="SCENE", help="Number, id (s012) or commit.")
    ] = None,
    branch: BranchOption = "main",
    database: DatabaseOption = None,
) -> None:
    """Look at a novel.

    - `status`: how far it is, and what to type next. This is the default.

    - `plan`: the outline and the briefs.

    - `scene N`: its prose.

    - `prompt N`: the prompt that it was drawn from, with its token budget by part.

    - `summary N`: the story up to its end.

    - `facts`: what the scenes made true.

    - `findings`: what the checks found, with the keys for `exempt`.

    - `stale`: scenes that may no longer fit what comes before them.

    - `calls`: every call to a model.
    """
    from novelcraft.present import views

    if (subject in _OF_A_SCENE) != (scene is not None):
        wanted = "needs the number of a scene" if scene is None else "takes no scene"
        raise typer.BadParameter(f"show {subject} {wanted}.", param_hint="SCENE")
    of_novel: dict[Subject, Callable[[Novel, str], str]] = {
        Subject.status: views.status,
        Subject.plan: views.plan,
        Subject.facts: views.facts,
        Subject.findings: views.findings,
        Subject.stale: views.stale,
        Subject.calls: views.calls,
    }
    of_scene: dict[Subject, Callable[[Novel, str, str], str]] = {
        Subject.scene: views.scene,
        Subject.prompt: views.prompt,
        Subject.summary: views.summary,
    }
    with opened_to_read(folder, database) as novel:
        if scene is None:
            typer.echo(of_novel[subject](novel, branch))
        else:
            typer.echo(of_scene[subject](novel, branch, scene))
