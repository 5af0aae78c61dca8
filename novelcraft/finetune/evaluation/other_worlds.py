"""Prompts for scenes of worlds that no training book is set in. Nothing here loads torch.

Their texts are in `assets/other_worlds.toml`, and are rendered as those of a book or a plan are.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from novelcraft.prompts.brief import NamedBrief, render_brief
from novelcraft.prompts.narrator import NarratorInput
from novelcraft.prompts.world import render_book_world
from novelcraft.state.base import Frozen
from novelcraft.state.books import BookCharacter, BookWorld

SCENE_WORDS = 500
"""Words that a brief asks for."""


class OtherWorld(Frozen):
    """A world, the story so far, and the brief of the scene after it."""

    name: str
    """Lower-case letters and hyphens."""
    kind: str
    """What sort of novel it would be."""
    text: str
    tone: str
    style: str
    cast: tuple[BookCharacter, ...]
    summary: str
    goal: str
    turn: str
    outcome: str
    pov: str
    others: tuple[str, ...]
    place: str
    time: str

    @property
    def prompt(self) -> NarratorInput:
        """What the narrator is told."""
        world = BookWorld(text=self.text, tone=self.tone, style=self.style, cast=self.cast)
        brief = NamedBrief(
            goal=self.goal,
            turn=self.turn,
            outcome=self.outcome,
            pov=self.pov,
            pov_role="",
            place=self.place,
            time=self.time,
            others=self.others,
        )
        return NarratorInput(
            world=render_book_world(world, "en"),
            summary=self.summary,
            notes=(),
            tail="",
            brief=tuple(render_brief(brief, SCENE_WORDS)),
        )


@cache
def other_worlds() -> tuple[OtherWorld, ...]:
    """All of them, each another sort of novel than the ones before it."""
    file = resources.files("novelcraft.finetune.evaluation") / "assets" / "other_worlds.toml"
    listed = tomllib.loads(file.read_text(encoding="utf-8"))["world"]
    return tuple(OtherWorld.model_validate(world) for world in listed)
