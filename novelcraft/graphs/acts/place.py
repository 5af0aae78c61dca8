"""Where an act is taken, and what a person's names mean there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from novelcraft.config.root import Settings
from novelcraft.errors import InputError, UnknownTargetError
from novelcraft.graphs.acts.in_force import ActsInForce
from novelcraft.state.acts import SafePoint
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Chapter, Character, Plan, SceneBrief
from novelcraft.tools.canon.store import ManuscriptStore

MIN_PREFIX = 6
"""Shortest beginning of a commit's id that names it."""


@dataclass(frozen=True)
class Place:
    """A safe point of a branch. Whoever makes one holds the folder's lock.

    All names are those that a person gives, and wrong ones raise UnknownTargetError.
    """

    store: ManuscriptStore
    branch: str
    point: SafePoint
    settings: Callable[[], Settings]
    """The novel's settings, without what acts have set."""
    note_fault: Callable[[str], str]
    """Why a note cannot be given to the narrator; empty where it can."""
    scene_id: str = ""
    """The scene that is next, or whose draft is; empty where that is not known."""
    attempt: int = 1
    """The draft of it that is next."""
    gate: str = ""
    """What the gate is about that the run waits at: `plan`, or the id of a chapter or scene."""

    @property
    def planned(self) -> bool:
        """Whether there is a plan to edit."""
        return self.store.branch(self.branch).plan_version is not None

    @property
    def plan(self) -> Plan:
        """The plan that the branch follows.

        Raises:
            InputError: There is none yet.
        """
        version = self.store.branch(self.branch).plan_version
        if version is None:
            raise InputError("There is no plan yet.", fix="Say it again when there is one.")
        return self.store.plan(version)

    @property
    def in_force(self) -> ActsInForce:
        """What holds of the acts before."""
        return ActsInForce(self.store, self.branch)

    def brief(self, name: str) -> SceneBrief:
        """A scene of the plan, by its number in the book (`12`) or its id (`s012`)."""
        plan = self.plan
        for number, scene in enumerate(plan.scenes, start=1):
            if name in (scene.id, str(number)):
                return scene
        raise UnknownTargetError(
            f"The plan has no scene {name!r}: it has {len(plan.scenes)}.",
            fix="See them with: novelcraft show NOVEL plan",
        )

    def coming(self, name: str) -> SceneBrief:
        """A scene of the plan that is not written yet.

        Raises:
            InputError: It is.
        """
        scene = self.brief(name)
        written = self.store.commit_ids(self.store.branch(self.branch).head)
        if self.plan.scenes.index(scene) < len(written):
            raise InputError(
                f"Scene {scene.id} is written already.", fix="Have it drawn again with a note."
            )
        return scene

    def chapter(self, name: str) -> Chapter:
        """A chapter by its number or id."""
        for chapter in self.plan.chapters:
            if name in (chapter.id, str(chapter.number)):
                return chapter
        raise UnknownTargetError(
            f"The plan has no chapter {name!r}: it has {len(self.plan.chapters)}.",
            fix="See them with: novelcraft show NOVEL plan",
        )

    def character(self, name: str) -> Character:
        """A member of the cast by name or id."""
        for character in self.plan.cast:
            if name.casefold() in (character.id, character.name.casefold()):
                return character
        cast = ", ".join(character.name for character in self.plan.cast)
        raise UnknownTargetError(f"The cast has no {name!r}.", fix=f"It has: {cast}.")

    def written(self, name: str) -> SceneCommit:
        """A written scene by its number in the book, its id or its commit."""
        return find_scene(self.store, self.branch, name)


def find_scene(store: ManuscriptStore, branch: str, name: str) -> SceneCommit:
    """A written scene by its number in the book (`12`), its id (`s012`) or its commit.

    Raises:
        UnknownTargetError: The branch has no such scene.
    """
    chain = store.chain(store.branch(branch).head)
    for commit in chain:
        if name in (str(commit.position), commit.scene_id):
            return commit
    matches = [c for c in chain if len(name) >= MIN_PREFIX and c.id.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    raise UnknownTargetError(
        f"There is no scene {name!r} in branch {branch!r}: it has {len(chain)} scenes.",
        fix="See them with: novelcraft log NOVEL",
    )


def next_scene(store: ManuscriptStore, branch_name: str) -> str:
    """Id of the first scene that is not written; empty where there is none."""
    branch = store.branch(branch_name)
    if branch.plan_version is None:
        return ""
    scenes = store.plan(branch.plan_version).scenes
    written = len(store.commit_ids(branch.head))
    return scenes[written].id if written < len(scenes) else ""


def fault_of_note(tokens: int, room: int) -> str:
    """Why a note of so many tokens cannot be given to the narrator; empty where it can."""
    if tokens <= room:
        return ""
    return f"Your note takes {tokens} tokens, and the narrator's prompt has room for {room}."
