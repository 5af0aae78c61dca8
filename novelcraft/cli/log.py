"""`novelcraft log`: the chain of scenes, and the branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from novelcraft.cli.common import BranchOption, DatabaseOption, Folder, opened_to_read

if TYPE_CHECKING:
    from novelcraft.graphs.novel import Novel
    from novelcraft.state.manuscript import Branch, SceneCommit

SHORT = 10
"""Characters of a commit's id that are shown; enough to name it again."""
MARKS = {"checks": " ", "cap": "!", "person": "*"}


def log(folder: Folder, branch: BranchOption = "main", database: DatabaseOption = None) -> None:
    """List the scenes of a branch in reading order, then all branches.

    A mark stands before a scene: ! kept with findings when the attempts ran out, * accepted by
    a person, ~ may no longer fit what comes before it.
    """
    with opened_to_read(folder, database) as novel:
        chain = novel.store.chain(novel.store.branch(branch).head)
        for commit in chain:
            typer.echo(scene_line(commit))
        if not chain:
            typer.echo(f"Branch {branch} has no scene yet.")
        typer.echo("\nBranches:")
        for found in novel.store.branches():
            typer.echo(_branch_line(novel, found, found.name == branch))


def scene_line(commit: SceneCommit) -> str:
    """A scene on one line: marks, place, commit, id, words, who accepted it, drafts."""
    drafts = f", draft {commit.provenance.attempt}" if commit.provenance.attempt > 1 else ""
    stale = "~" if commit.stale else " "
    return (
        f"{MARKS[commit.accepted_by]}{stale}{commit.position:>4}  {commit.id[:SHORT]}  "
        f"{commit.chapter_id:<5} {commit.scene_id:<5} {commit.words:>6} words  "
        f"by {commit.accepted_by}{drafts}"
    )


def _branch_line(novel: Novel, branch: Branch, shown: bool) -> str:
    from novelcraft.tools.text import counted

    scenes = counted(len(novel.store.commit_ids(branch.head)), "scene")
    head = branch.head[:SHORT] if branch.head else "-"
    forked = f", left another branch at {branch.forked_from[:SHORT]}" if branch.forked_from else ""
    return f"{'>' if shown else ' '} {branch.name:<20} {head:<{SHORT}}  {scenes}{forked}"
