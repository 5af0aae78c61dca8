"""Scenes that a person changed in a branch's `manuscript.md`, to be taken as edits of the book."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from novelcraft.config.settings import NovelSettings
from novelcraft.errors import UnknownTargetError
from novelcraft.graphs.exporting import written
from novelcraft.graphs.manuscript import (
    commit_of,
    kept_aside,
    manuscript_path,
    manuscript_state,
    unmarked,
)
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.export.edits import ManuscriptEdits, SceneEdit, manuscript_edits
from novelcraft.tools.storage.files import storage_errors


@dataclass(frozen=True)
class Offer:
    """What a file that was edited by hand has otherwise than the book."""

    path: Path
    scenes: tuple[SceneEdit, ...]
    """In reading order."""
    problems: tuple[str, ...]
    """Changes that are no change of a scene's words, each in a sentence."""
    rivals: frozenset[str]
    """Ids of those scenes that were changed in the book, too, since the file was written."""


def offers(folder: Path, store: ManuscriptStore, branch: str, novel: NovelSettings) -> list[Offer]:
    """What the files of a branch hold that a person edited, the oldest first.

    Raises:
        UnknownTargetError: There is no such branch, or it has no scene yet.
        ReadOnlyError, ExportError: A file cannot be read.
    """
    _, chain = written(store, branch)
    path = manuscript_path(folder, branch)
    paths = kept_aside(path)
    if manuscript_state(path, chain[-1]) == "edited":
        paths.append(path)
    found = [_offer(path, store, branch, novel) for path in paths]
    return [offer for offer in found if offer.scenes or offer.problems]


def _offer(path: Path, store: ManuscriptStore, branch: str, novel: NovelSettings) -> Offer:
    with storage_errors(path):
        text = path.read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n")
    plan, now = written(store, branch)
    base = _base(path, store) or now
    plans = dict.fromkeys((base[-1].plan_version, plan.version))
    # A chapter's title may have been edited since; headings tell the scenes apart.
    tries = [manuscript_edits(unmarked(text), store.plan(v), base, novel) for v in plans]
    edits = min(tries, key=lambda found: len(found.problems))
    return _against(path, edits, base, now)


def _base(path: Path, store: ManuscriptStore) -> list[SceneCommit]:
    """The chain that a file was written from; empty where it does not tell."""
    commit = commit_of(path)
    try:
        return store.chain(store.get(commit).id) if commit else []
    except UnknownTargetError:
        return []


def _against(
    path: Path, edits: ManuscriptEdits, base: list[SceneCommit], now: list[SceneCommit]
) -> Offer:
    then = {commit.scene_id: commit.prose for commit in base}
    stands = {commit.scene_id: commit.prose for commit in now}
    scenes, problems = [], list(edits.problems)
    for scene in edits.scenes:
        if scene.scene_id not in stands:
            problems.append(f"Scene {scene.position} is not in the book any more.")
        elif stands[scene.scene_id] != scene.prose:
            scenes.append(scene)
    rivals = frozenset(s.scene_id for s in scenes if stands[s.scene_id] != then[s.scene_id])
    return Offer(path, tuple(scenes), tuple(problems), rivals)
