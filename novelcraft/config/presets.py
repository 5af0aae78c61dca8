"""The two sizes of model that the loop is laid out for.

A 135-million-parameter model cannot follow what a 30-billion one can, so scene length, the
sizes of the plan's schemas and the prompt's layout differ. Everything else is the same code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from novelcraft.config.layouts import SMALL_LAYOUT, STANDARD_LAYOUT
from novelcraft.config.settings import HistoryName
from novelcraft.state.layout import Layout

SizeName = Literal["small", "standard"]


@dataclass(frozen=True)
class SizePreset:
    """Everything that depends on how able the models are."""

    name: SizeName
    scene_words: int
    chapter_words: int
    """Words of a chapter, from which the number of chapters follows."""
    cast_size: int
    hooks: int
    beats: int
    """Beats of a scene that the planner is asked for; with the scaffold, none."""
    most_present: int
    """Most characters in one scene."""
    field_chars: int
    """Longest string that a schema lets an agent write in a field, in characters."""
    event_chars: int
    """Likewise for goal, turn and outcome of a scene: a brief has a budget in the prompt."""
    beat_chars: int
    """Likewise for each of its beats."""
    openings: bool
    """Begin every scene for the narrator, see `prompts.opening`."""
    facts_per_scene: int
    summary_words: int
    part_words: int
    """Words of the summary of a chapter or an act, in books of more than 100 pages."""
    length_low: float
    """A draft that ends below this share of its target is carried on, from the same prompt."""
    length_high: float
    """A draft is ended at the first paragraph's end above this share of its target."""
    length_block: tuple[float, float]
    """Shares of the target outside which the length check blocks."""
    block_chars: int
    """Characters of a passage that the splitter is shown; the middle of a longer one goes."""
    reading_tokens: int
    """Tokens of a book's text that an agent reads at once."""
    most_read: int
    """Tokens of a book that the world builder reads, taken from all its chapters; 0: all."""
    scene_read: int
    """Tokens of a finished scene that an agent of preparation is shown; the middle of a longer
    one goes. 0: all."""
    scaffold: bool
    """Take what a story needs from the scaffold where the planner's answer is an echo."""
    layout: Layout
    """How the narrator is asked, unless it was taught another way."""
    history: HistoryName | None = None
    """What of the story so far it is given beside the layout's summary; None for nothing."""
    history_tokens: int = 0
    """Tokens of the layout's story so far that scenes given whole may have."""


SMALL = SizePreset(
    name="small",
    scene_words=600,
    chapter_words=2_300,
    cast_size=4,
    hooks=3,
    beats=0,
    most_present=3,
    field_chars=110,
    event_chars=110,
    beat_chars=110,
    openings=True,
    facts_per_scene=3,
    summary_words=90,
    part_words=35,
    length_low=0.5,
    length_high=1.0,
    length_block=(0.45, 1.5),
    block_chars=240,
    reading_tokens=2_400,
    most_read=9_600,
    scene_read=1_200,
    scaffold=True,
    layout=SMALL_LAYOUT,
)

STANDARD = SizePreset(
    name="standard",
    scene_words=1_650,
    chapter_words=5_000,
    cast_size=7,
    hooks=8,
    beats=5,
    most_present=6,
    field_chars=400,
    event_chars=140,
    beat_chars=100,
    openings=False,
    facts_per_scene=8,
    summary_words=280,
    part_words=60,
    length_low=0.6,
    length_high=1.1,
    length_block=(0.5, 1.6),
    block_chars=2_000,
    reading_tokens=10_000,
    most_read=0,
    scene_read=0,
    scaffold=False,
    layout=STANDARD_LAYOUT,
)

PRESETS: dict[SizeName, SizePreset] = {"small": SMALL, "standard": STANDARD}
