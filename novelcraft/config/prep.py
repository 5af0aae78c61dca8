"""What a person can set for the preparation of books, and whether the numbers agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from novelcraft.config.layouts import LAYOUTS, LayoutName, known
from novelcraft.config.settings import Positive, Section, Tokens
from novelcraft.errors import BudgetError, ConfigError
from novelcraft.state.layout import PARTS, Layout

SplitBy = Literal["chapter", "book"]
ThinkMode = Literal["empty", "beats"]
StrategyName = Literal["sequential", "overlap25", "overlap50", "long"]


class RowBudget(Section):
    """Tokens of each part of a training row's context; what is not set is the layout's, and 0
    leaves a part out."""

    system: Tokens = None
    """The narrator's standing instructions."""
    world: Tokens = None
    """The constitution of the book."""
    summary: Tokens = None
    """The story so far."""
    canon: Tokens = None
    """Facts that the scene must keep true."""
    tail: Tokens = None
    """The last words of the scene before."""
    brief: Tokens = None
    """What the scene must do; also the length that briefs are written back to."""
    cautions: Tokens = None
    """Room for a person's note; with 0, no row says what to take care of."""
    spare: int = Field(default=46, ge=0)
    """What the chat template puts around the messages."""


class PrepSettings(Section):
    """How books become training rows."""

    base_model: str = ""
    """The model to be trained, for its tokenizer and chat template: a folder, or `owner/name` on
    the Hugging Face hub. Empty: the embedded model's tokenizer, and counts are approximate."""
    samples: str = ""
    """A folder of a writer's own samples (.txt, .md), which become style rows."""
    models: bool = True
    """Ask models for scenes, world, facts, summaries and briefs. Without, scenes are cut by the
    likeness of their paragraphs alone, and all else is made by rule, of the book's own words."""
    embedding: Literal["minilm", "hash"] = "minilm"
    """How paragraphs are compared where no model cuts: by meaning (`minilm`), or by shared words
    alone (`hash`)."""
    layout: LayoutName = "standard"
    """How the narrator is asked in a row, and later when it writes: `standard` is what novels are
    written in; `small` is for models of a few hundred million parameters; `lean` has no canon
    notes, nothing of the scene before and the shortest briefs."""
    budget: RowBudget = RowBudget()
    """Tokens of each part of a row's context, where they are to differ from the layout's."""
    scene_low: int | None = Field(default=None, ge=1)
    """Tokens of the shortest scene that is not what was left of its chapter; the layout's if it is
    not set."""
    scene_high: int | None = Field(default=None, ge=1)
    """Tokens of the longest scene; the layout's if it is not set."""
    max_row_tokens: Positive = 4_096
    """Tokens of a whole row, those of the chat template included."""
    split: SplitBy = "chapter"
    """Whether whole chapters or whole books are kept back for validation."""
    validation: float = Field(default=0.1, ge=0.0, le=0.5)
    """Share of the text that is kept back for validation."""
    seed: int = Field(default=1, ge=0)
    """Decides which chapters or books those are, and which rows lack a part of their context."""
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
    def scene_tokens(self) -> tuple[int, int]:
        """Tokens of the shortest and of the longest scene."""
        layout = LAYOUTS[self.layout]
        return self.scene_low or layout.scene_low, self.scene_high or layout.scene

    @property
    def text_tokens(self) -> int:
        """Tokens of the longest text that a row may hold."""
        longest = self.scene_tokens[1]
        return (self.window or 2 * longest) if self.strategy == "long" else longest

    @property
    def row_layout(self) -> Layout:
        """The layout of the rows."""
        given = self.budget.model_dump(exclude={"spare"}, exclude_none=True)
        lengths = {"scene_low": self.scene_tokens[0], "scene": self.text_tokens}
        return known(LAYOUTS[self.layout].with_parts(**given, **lengths))


def read_settings(values: Mapping[str, Any]) -> PrepSettings:
    """The settings that a data folder says it was prepared with.

    One of before there were layouts names none: it is read as `lean`, whose numbers were the
    defaults then.
    """
    return PrepSettings.model_validate({"layout": "lean", **values})


def check_layout(settings: PrepSettings) -> Layout:
    """The layout of the rows, once its numbers are found to agree.

    Raises:
        BudgetError: Prompt and scene do not fit the row.
        ConfigError: A lower limit is above its upper one.
    """
    low, high = settings.scene_tokens
    _check_order("scene_low", low, "scene_high", high)
    _check_order("style_low", settings.style_low, "style_high", settings.style_high)
    layout = settings.row_layout
    _check_whole(settings, layout)
    return layout


def _check_order(low: str, least: int, high: str, most: int) -> None:
    if least > most:
        raise ConfigError(
            f"{low} = {least} tokens is more than {high} = {most}.",
            fix=f"Set {low} to {most} or less, or {high} to {least} or more.",
        )


def _check_whole(settings: PrepSettings, layout: Layout) -> None:
    spare, most = settings.budget.spare, settings.max_row_tokens
    whole = layout.total + spare
    if whole > most:
        room = most - layout.prompt - spare
        text_name = "window" if settings.strategy == "long" else "scene_high"
        shorter = f", or {text_name} to {room} or less" if room > 0 else ""
        parts = ", ".join(f"{part} {layout.of(part)}" for part in PARTS)
        raise BudgetError(
            f"A training row may take {whole} tokens ({parts}, spare {spare}, scene "
            f"{layout.scene}), and max_row_tokens is {most}.",
            fix=f"Set max_row_tokens to {whole} or more{shorter}, or give the context less.",
        )
