"""The two sizes of model that the loop is laid out for.

A 135-million-parameter model cannot follow what a 30-billion one can, so scene length, the
sizes of the plan's schemas and the prompt's budgets differ. Everything else is the same code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SizeName = Literal["small", "standard"]


@dataclass(frozen=True)
class PromptBudget:
    """Tokens for each part of the narrator's prompt, and for the scene it answers with."""

    system: int
    world: int
    summary: int
    canon: int
    tail: int
    brief: int
    scene: int
    cautions: int = 300
    """Room for a person's note. It is no part of the sum: what a scene must heed takes the room
    that the other parts leave, and then room of theirs, see `prompts.narrator.assemble`."""

    def of(self, part: str) -> int:
        """Tokens of the part with that name."""
        return int(getattr(self, part))

    @property
    def prompt(self) -> int:
        """Tokens of all parts before the scene."""
        return self.system + self.world + self.summary + self.canon + self.tail + self.brief

    @property
    def total(self) -> int:
        """Tokens of the prompt and the scene together."""
        return self.prompt + self.scene


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
    """Longest string that a schema lets the planner write in a brief's field, in characters."""
    openings: bool
    """Begin every scene for the narrator, see `prompts.opening`."""
    facts_per_scene: int
    summary_words: int
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
    budget: PromptBudget

    def answer_tokens(self, chars: int) -> int:
        """Tokens to allow for a structured answer of at most so many characters.

        Half a token a character is generous for prose and leaves room for the JSON around it;
        an answer that is cut off is lost, so the bound errs upwards. A model that thinks gets
        its allowance for that where the call is made.
        """
        return 100 + chars // 2


SMALL = SizePreset(
    name="small",
    scene_words=600,
    chapter_words=2_300,
    cast_size=4,
    hooks=3,
    beats=0,
    most_present=3,
    field_chars=110,
    openings=True,
    facts_per_scene=3,
    summary_words=90,
    length_low=0.5,
    length_high=1.0,
    length_block=(0.45, 1.5),
    block_chars=240,
    reading_tokens=2_400,
    most_read=9_600,
    scene_read=1_200,
    scaffold=True,
    budget=PromptBudget(
        system=150,
        world=250,
        summary=200,
        canon=160,
        tail=120,
        brief=320,
        scene=1_100,
        cautions=160,
    ),
)

STANDARD = SizePreset(
    name="standard",
    scene_words=1_500,
    chapter_words=4_500,
    cast_size=7,
    hooks=8,
    beats=5,
    most_present=6,
    field_chars=400,
    openings=False,
    facts_per_scene=8,
    summary_words=280,
    length_low=0.6,
    length_high=1.35,
    length_block=(0.5, 1.6),
    block_chars=2_000,
    reading_tokens=10_000,
    most_read=0,
    scene_read=0,
    scaffold=False,
    budget=PromptBudget(
        system=150, world=400, summary=400, canon=400, tail=300, brief=500, scene=3_000
    ),
)

PRESETS: dict[SizeName, SizePreset] = {"small": SMALL, "standard": STANDARD}
