"""The events of writing: what a run of the write graph does, for whoever listens.

An event carries numbers and short labels; the prose itself is in the store. The one exception is
the draft that is being written, whose text grows in the stream.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from novelcraft.state.base import Frozen
from novelcraft.state.manuscript import AcceptedBy
from novelcraft.state.stream import EventCodec

Gate = Literal["plan", "chapter", "scene"]
StopReason = Literal["asked", "waiting", "failed"]
"""A person or its settings had it stop; it waits for an answer; an error ended it."""


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
    """The draft has grown. Sent up to 20 times a second, and not kept in the store.

    The draft so far is `draft[:at] + text`, where `draft` is what it was before: mostly `at` is
    its end, and it is 0 where the draft begins anew. The last one gives the draft as it is kept.
    """

    kind: Literal["drafting"] = "drafting"
    scene_id: str
    words: int
    """Words of the whole draft so far."""
    target_words: int
    at: int = 0
    """Characters of the draft before that still stand."""
    text: str = ""
    """What follows them."""


class StepStarted(Frozen):
    """A step within a scene begins. Not kept in the store."""

    kind: Literal["step_started"] = "step_started"
    step: Literal["brief", "recall", "checks", "commit"]


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


class ActSettled(Frozen):
    """What a person left for the novel was applied, or refused."""

    kind: Literal["act_settled"] = "act_settled"
    act: int
    """Its number in the store."""
    what: str
    """The kind of act."""
    status: Literal["applied", "refused"]
    reason: str
    """Why it was refused."""
    point: str
    """The safe point at which it was taken."""
    target: str
    """Id of the scene or chapter that it is about."""


class Exported(Frozen):
    """A file of the finished book was written."""

    kind: Literal["exported"] = "exported"
    format: str
    path: str


class Notice(Frozen):
    """Something a person should know, that is no error."""

    kind: Literal["notice"] = "notice"
    text: str


class RunStopped(Frozen):
    """The run ended before the book did, and can be taken up again."""

    kind: Literal["run_stopped"] = "run_stopped"
    reason: StopReason
    scenes_done: int
    error: str = ""
    """For a person: what went wrong, and what to do about it."""


class RunFinished(Frozen):
    """The book is finished."""

    kind: Literal["run_finished"] = "run_finished"
    scenes: int
    chapters: int
    words: int
    pages: float
    at_cap: int
    """Scenes that were kept with blocking findings when the attempts ran out."""
    by_person: int = 0
    """Scenes that a person let in with blocking findings."""
    warnings: int
    model_calls: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    """Time spent in model calls, over all runs of this novel."""


WriteEvent = Annotated[
    RunStarted
    | Planning
    | PlanReady
    | SceneStarted
    | Drafting
    | StepStarted
    | DraftChecked
    | SceneCommitted
    | Waiting
    | Decided
    | ActSettled
    | Exported
    | Notice
    | RunStopped
    | RunFinished,
    Field(discriminator="kind"),
]

WRITE_EVENTS: EventCodec[WriteEvent] = EventCodec(TypeAdapter(WriteEvent))


class Growth(Frozen):
    """What the feed keeps beside the log, with its place among the logged events."""

    after: int
    """Number of the last event that was logged before."""
    branch: str
    event: Annotated[Drafting | StepStarted, Field(discriminator="kind")]
