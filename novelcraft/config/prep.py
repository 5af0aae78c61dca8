"""What a person can set for the preparation of books, and whether the numbers agree.

The defaults lay a row out as a context of a thousand tokens before a scene of two to three
thousand, in a window of 4,096.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from novelcraft.config.presets import PromptBudget
from novelcraft.config.settings import Positive, Section
from novelcraft.errors import BudgetError, ConfigError

SplitBy = Literal["chapter", "book"]
ThinkMode = Literal["empty", "beats"]
StrategyName = Literal["sequential", "overlap25", "overlap50", "long"]

LEAST_RATIO, MOST_RATIO = 2.0, 3.0
"""Tokens of the longest scene over those of the context before it."""


class RowBudget(Section):
    """Tokens of each part of a training row's context; 0 leaves a part out."""

    system: int = Field(default=150, ge=1)
    """The narrator's standing instructions."""
    world: int = Field(default=400, ge=0)
    """The constitution of the book."""
    summary: int = Field(default=400, ge=0)
    """The story so far."""
    canon: int = Field(default=0, ge=0)
    """Facts that the scene must keep true."""
    tail: int = Field(default=0, ge=0)
    """The last words of the scene before."""
    brief: int = Field(default=50, ge=1)
    """What the scene must do; also the length that briefs are written back to."""
    spare: int = Field(default=50, ge=0)
    """What the chat template puts around the messages."""

    @property
    def context(self) -> int:
        """Tokens of all parts before the scene, without the spare ones."""
        return self.system + self.world + self.summary + self.canon + self.tail + self.brief


class PrepSettings(Section):
    """How books become training rows."""

    base_model: str = ""
    """The model to be trained, for its tokenizer and chat template: a folder, or `owner/name` on
    the Hugging Face hub. Empty: the embedded model's tokenizer, and counts are approximate."""
    samples: str = ""
    """A folder of a writer's own samples (.txt, .md), which become style rows."""
    models: bool = True
    """Ask models for scenes, world, summaries and briefs. Without, scenes are cut by the
    likeness of their paragraphs alone, and rows have no context."""
    embedding: Literal["minilm", "hash"] = "minilm"
    """How paragraphs are compared where no model cuts: by meaning (`minilm`), or by shared words
    alone (`hash`)."""
    budget: RowBudget = RowBudget()
    """Tokens of each part of a row's context."""
    scene_low: Positive = 2_000
    """Tokens of the shortest scene that is not what was left of its chapter."""
    scene_high: Positive = 3_000
    """Tokens of the longest scene."""
    max_row_tokens: Positive = 4_096
    """Tokens of a whole row, those of the chat template included."""
    split: SplitBy = "chapter"
    """Whether whole chapters or whole books are kept back for validation."""
    validation: float = Field(default=0.1, ge=0.0, le=0.5)
    """Share of the text that is kept back for validation."""
    seed: int = Field(default=1, ge=0)
    """Decides which chapters or books those are."""
    think: ThinkMode = "empty"
    """What stands in the think block of a base model that has one: nothing (`empty`), or the
    scene's beats as a plan (`beats`)."""
    beats: Positive = 150
    """Tokens that such a plan may have."""
    strategy: StrategyName = "sequential"
    """How rows are cut: scene after scene (`sequential`); windows of a scene's length of which
    each shares a quarter or half with the one before (`overlap25`, `overlap50`); or several
    scenes in one row (`long`)."""
    window: int = Field(default=0, ge=0)
    """Tokens of text in a row of `long`; 0 takes twice the longest scene."""
    style_low: Positive = 500
    """Tokens of the shortest chunk of a writer's samples."""
    style_high: Positive = 2_000
    """Tokens of the longest chunk of a writer's samples."""
    keep_foreword: bool = False
    """Keep forewords and introductions in the narrative instead of the reference file."""
    drop_duplicates: bool = False
    """Leave out passages that an earlier book has too."""

    @property
    def text_tokens(self) -> int:
        """Tokens of the longest text that a row may hold."""
        return (self.window or 2 * self.scene_high) if self.strategy == "long" else self.scene_high


def row_budget(settings: PrepSettings) -> PromptBudget:
    """The budget that the narrator's prompt is assembled with, checked.

    Raises:
        BudgetError: The parts do not fit the row, or scene and context are out of proportion.
        ConfigError: A lower limit is above its upper one.
    """
    _check_order("scene_low", settings.scene_low, "scene_high", settings.scene_high)
    _check_order("style_low", settings.style_low, "style_high", settings.style_high)
    _check_whole(settings)
    _check_ratio(settings)
    parts = settings.budget.model_dump(exclude={"spare"})
    return PromptBudget(**parts, scene=settings.text_tokens)


def _check_order(low: str, least: int, high: str, most: int) -> None:
    if least > most:
        raise ConfigError(
            f"{low} = {least} tokens is more than {high} = {most}.",
            fix=f"Set {low} to {most} or less, or {high} to {least} or more.",
        )


def _check_whole(settings: PrepSettings) -> None:
    budget, text, most = settings.budget, settings.text_tokens, settings.max_row_tokens
    whole = budget.context + budget.spare + text
    if whole > most:
        room = most - budget.context - budget.spare
        text_name = "window" if settings.strategy == "long" else "scene_high"
        shorter = f", or {text_name} to {room} or less" if room > 0 else ""
        raise BudgetError(
            f"A training row may take {whole} tokens ({_named(budget)}, scene {text}), and "
            f"max_row_tokens is {most}.",
            fix=f"Set max_row_tokens to {whole} or more{shorter}, or give the context less.",
        )


def _check_ratio(settings: PrepSettings) -> None:
    context, scene = settings.budget.context, settings.scene_high
    if LEAST_RATIO <= scene / context <= MOST_RATIO:
        return
    raise BudgetError(
        f"A scene of {scene} tokens to a context of {context} ({_named(settings.budget)}) is "
        f"{scene / context:.2f}:1; it must lie between {LEAST_RATIO:.0f}:1 and {MOST_RATIO:.0f}:1.",
        fix=f"Set scene_high between {round(LEAST_RATIO * context)} and "
        f"{round(MOST_RATIO * context)}, or change the context's parts.",
    )


def _named(budget: RowBudget) -> str:
    return ", ".join(f"{name} {tokens}" for name, tokens in budget.model_dump().items())
