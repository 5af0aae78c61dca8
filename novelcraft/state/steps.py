"""Names of the steps that ask a model, in one place: made here, and read here.

A step's name seeds its sampling and finds its calls again when a run is resumed. It must
therefore be unique in a run, the same when the step runs again, and never change between
versions of this program: an old log is replayed by it.

    plan/DRAW/LEVEL                             a level of the plan: plan/0/outline
    replan/BRANCH/PARENT/DRAW                   the plan at a chapter's end
    BRANCH/PARENT/SCENE/DRAW                    a draw of a scene: main/5939c346aaac/s005/0
    BRANCH/PARENT/SCENE/DRAW/ATTEMPT            one of its drafts; also the draft's id
    BRANCH/PARENT/SCENE/DRAW/ATTEMPT/SEGMENT    a call to the narrator for it, or to a reader
    part/HASH                                   the summary of a chapter or act with that content
    BRANCH/retell/COMMIT/SCENE                  the summary of a scene set upon another

Agents add parts of their own behind the name that they are given.
"""

from __future__ import annotations

from typing import NamedTuple

ROOT = "root"
"""Stands for the parent of a book's first scene."""

PARENT_DIGITS = 12
"""Digits of a commit's id that a name carries."""


class DrawStep(NamedTuple):
    """A draw of a scene: its drafts differ in the attempt only."""

    branch: str
    parent: str
    """The beginning of the parent's id, or `root`."""
    scene: str
    draw: str
    """How often a person asked for another draw, or a hash of a person's own words."""

    @classmethod
    def of(cls, branch: str, parent: str | None, scene: str, draw: int | str) -> DrawStep:
        """The draw of a scene that follows a commit, or begins the book."""
        return cls(branch, _short(parent), scene, str(draw))

    def __str__(self) -> str:
        return "/".join(self)

    def follows(self, parent: str | None) -> bool:
        """Whether it was drawn after that commit, or at the book's beginning for None."""
        return self.parent == _short(parent)

    def draft(self, attempt: int) -> DraftStep:
        """The name of one of its drafts."""
        return DraftStep(self, attempt)


class DraftStep(NamedTuple):
    """A draft; as text it is the draft's id."""

    draw: DrawStep
    attempt: int
    """Counted from 1."""

    @classmethod
    def parse(cls, name: str) -> DraftStep:
        """Read the name of a draft, or of a call that was made for it.

        Raises:
            ValueError: It is none.
        """
        # A branch's name holds no slash.
        branch, parent, scene, draw, attempt, *_ = name.split("/")
        return cls(DrawStep(branch, parent, scene, draw), int(attempt))

    def __str__(self) -> str:
        return f"{self.draw}/{self.attempt}"


def call_step(step: str, number: int) -> str:
    """The name of one of several calls of a step: a segment of a narration, counted from 0."""
    return f"{step}/{number}"


def plan_step(draw: int, level: str) -> str:
    """The name of a level of the plan, in the first draw (0) or a later one."""
    return f"plan/{draw}/{level}"


def replan_step(branch: str, head: str | None, draw: int) -> str:
    """The name of the planning at the end of the chapter that a commit ends."""
    return f"replan/{branch}/{_short(head)}/{draw}"


def part_step(key: str) -> str:
    """The name of the summary of a chapter or act, by the hash of its content."""
    return f"part/{_short(key)}"


def retell_step(branch: str, before: str, scene: str) -> str:
    """The name of the summary of a scene that was set upon the commit `before`."""
    return f"{branch}/retell/{before}/{scene}"


def _short(commit_id: str | None) -> str:
    return (commit_id or ROOT)[:PARENT_DIGITS]
