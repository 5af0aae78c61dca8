"""Preferences to learn from: of two scenes to one prompt the better one.

They are lines of JSON beside a manifest, as training rows are.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from novelcraft.state.base import Frozen
from novelcraft.state.calls import Message
from novelcraft.state.rows import SkippedRow

PairSource = Literal["person", "human_vs_model", "checks"]
"""Who prefers: a person who accepted one scene and rejected another; nobody but the fact that a
human wrote one of the two; the deterministic checks, which one of the two failed."""
ThinkContent = Literal["empty", "beats"]


class PreferencePair(Frozen):
    """Two scenes written to one prompt, one of which is the better."""

    source: PairSource
    work: str
    """The novel, by its id, or the book."""
    group: str
    """The chapter: what is held out for validation is held out by chapters."""
    scene: str
    """The commit that was rejected, or the training row."""
    held_out: bool = False
    """Whether it is kept back for validation."""
    messages: tuple[Message, ...]
    """The prompt: system and user, as training rows have them."""
    template_hash: str
    """SHA-256 of the narrator's prompt template that laid it out."""
    pair_id: str
    """Unique in its data set."""
    chosen: str
    """The better scene, as an assistant's message: with a plan before it where rows have one."""
    rejected: str
    chosen_by: str
    """Who wrote it: `person`, or the model, `+` its adapter."""
    rejected_by: str

    @model_validator(mode="after")
    def _ends_with_a_question(self) -> Self:
        roles = [message.role for message in self.messages]
        if roles not in (["user"], ["system", "user"]):
            raise ValueError(f"the messages must be system and user, not {', '.join(roles)}")
        return self

    @model_validator(mode="after")
    def _two_scenes(self) -> Self:
        for side in ("chosen", "rejected"):
            if not getattr(self, side).strip():
                raise ValueError(f"the {side} scene is empty")
            if "\0" in getattr(self, side):
                raise ValueError(f"the {side} scene has a NUL character")
        if self.chosen.strip() == self.rejected.strip():
            raise ValueError("the chosen and the rejected scene are the same")
        return self


class PairFile(Frozen):
    """A file of pairs."""

    name: str
    lines: int
    held_out: int
    """How many of them are kept back for validation."""
    sha256: str
    """Of its bytes, 64 hex digits."""


class PairCount(Frozen):
    """What a novel or a data set contributes."""

    # Manifests of earlier versions also count scenes that were labelled one by one.
    model_config = ConfigDict(extra="ignore")

    source: PairSource
    work: str
    pairs: int = Field(ge=0)


class PairManifest(Frozen):
    """How a data set of preferences came about: the same manifest stands for the same bytes."""

    version: int = 1
    think: ThinkContent
    """What stands in a think block, where the base's chat template has one."""
    files: tuple[PairFile, ...]
    counts: tuple[PairCount, ...]
    left_out: tuple[SkippedRow, ...]
    """Scenes that were rejected and became no pair, with the reason."""


class PairsStarted(Frozen):
    """Scenes are about to be asked for."""

    kind: Literal["pairs_started"] = "pairs_started"
    rows: int
    model: str


class PairMade(Frozen):
    """A scene is there."""

    kind: Literal["pair_made"] = "pair_made"
    row_id: str
    done: int
    rows: int
    words: int


PairEvent = PairsStarted | PairMade
"""What the asking for scenes tells its readers."""
