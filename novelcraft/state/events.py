"""What a long operation tells its readers while it runs.

The command line's progress, the log and any other front end are readers of one stream of
these. An event carries numbers and short labels; the prose itself is in the store.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from novelcraft.state.base import Frozen
from novelcraft.state.manuscript import AcceptedBy

Gate = Literal["plan", "chapter", "scene"]


class RunStarted(Frozen):
    """A run begins or goes on."""

    kind: Literal["run_started"] = "run_started"
    branch: str
    resumed: bool
    scenes_done: int
    words_done: int
    target_words: int
    target_pages: int


class Planning(Frozen):
    """A step of the planner is done."""

    kind: Literal["planning"] = "planning"
    step: str
    done: int
    total: int


class PlanReady(Frozen):
    """A plan version was stored."""

    kind: Literal["plan_ready"] = "plan_ready"
    version: int
    title: str
    chapters: int
    scenes: int
    mends: int
    replan: bool = False


class SceneStarted(Frozen):
    """A scene's draft begins."""

    kind: Literal["scene_started"] = "scene_started"
    scene_id: str
    chapter_id: str
    position: int
    scenes: int
    attempt: int
    target_words: int
    goal: str


class Drafting(Frozen):
    """Words of the draft so far. Sent often; readers drop what they do not need."""

    kind: Literal["drafting"] = "drafting"
    scene_id: str
    words: int
    target_words: int


class DraftChecked(Frozen):
    """A draft went through its checks."""

    kind: Literal["draft_checked"] = "draft_checked"
    scene_id: str
    attempt: int
    words: int
    blocks: tuple[str, ...]
    """Names of the checks that block."""
    warns: int
    verdict: Literal["review", "redraft", "cap"]


class SceneCommitted(Frozen):
    """A scene is in the chain."""

    kind: Literal["scene_committed"] = "scene_committed"
    commit: str
    scene_id: str
    position: int
    scenes: int
    words: int
    words_total: int
    target_words: int
    accepted_by: AcceptedBy
    attempts: int


class Waiting(Frozen):
    """The run stops for a person."""

    kind: Literal["waiting"] = "waiting"
    gate: Gate
    about: str


class Decided(Frozen):
    """The person has answered at a gate."""

    kind: Literal["decided"] = "decided"
    gate: Gate
    about: str
    action: Literal["accept", "redraw", "stop"]
    commit: str
    """The branch's head when it was asked: of a scene's gate, the scene. Empty for none."""


class Exported(Frozen):
    """A file of the finished book was written."""

    kind: Literal["exported"] = "exported"
    format: str
    path: str


class Notice(Frozen):
    """Something a person should know, that is no error."""

    kind: Literal["notice"] = "notice"
    text: str


class RunFinished(Frozen):
    """The book is finished."""

    kind: Literal["run_finished"] = "run_finished"
    scenes: int
    chapters: int
    words: int
    pages: float
    at_cap: int
    warnings: int
    model_calls: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    """Time spent in model calls, over all runs of this novel."""


Event = Annotated[
    RunStarted
    | Planning
    | PlanReady
    | SceneStarted
    | Drafting
    | DraftChecked
    | SceneCommitted
    | Waiting
    | Decided
    | Exported
    | Notice
    | RunFinished,
    Field(discriminator="kind"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
