"""What the planner is asked to plan, and how large it is to be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from novelcraft.agents.planner.mend import Mender
from novelcraft.agents.planner.scaffold import Scaffold
from novelcraft.config.presets import SizePreset
from novelcraft.state.base import derive_seed
from novelcraft.tools.models.asking import Caller

MIN_CHAPTERS = 3
"""A book with enough scenes has at least so many chapters, however short it is."""


@dataclass(frozen=True)
class PlanTask:
    """A premise and the size of the book that is to come of it."""

    premise: str
    title: str
    style: str
    """The author's style, taken as it is; empty leaves it to the planner."""
    wish: str
    """What a person who saw an earlier plan asks for; empty when nobody did."""
    language: str
    target_words: int
    chapters_wanted: int
    """Number of chapters asked for; 0 leaves it to the preset."""
    preset: SizePreset
    caller: Caller
    step: str
    """Prefix of the call log's step names, for example the branch."""

    @property
    def scenes(self) -> int:
        """Scenes of the whole book."""
        return max(1, round(self.target_words / self.preset.scene_words), self.chapters_wanted)

    @property
    def chapters(self) -> int:
        """Chapters of the whole book, never more than scenes."""
        if self.chapters_wanted:
            return self.chapters_wanted
        natural = round(self.target_words / self.preset.chapter_words)
        return min(self.scenes, max(MIN_CHAPTERS, natural))

    @cached_property
    def scaffold(self) -> Scaffold:
        """What stands in where an answer is of no use."""
        return Scaffold.of(self.premise, self.language)

    def mender(self, *known: str) -> Mender:
        """A mender for an answer to this task; lines in `known` count as said already."""
        # Of the premise too: with the same seed, every book would have the same people.
        seed = derive_seed(self.caller.seed, self.premise)
        return Mender(seed, strict=self.preset.scaffold, known=(self.premise, *known))
