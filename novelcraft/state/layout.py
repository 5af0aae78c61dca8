"""The layout: how a narrator is asked, in training and in writing.

Rows are compiled in a layout, an adapter is trained on rows of one, and a novel is written in one.
A narrator writes best when all three are the same, so the layout is a thing of its own: it has a
name for people and a hash for programs, and stands in the data folder's manifest, on the adapter's
card and with each scene.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from novelcraft.state.base import Frozen, content_hash

OWN = "own"
"""Name of a layout that is none of the named ones."""

TOKENS_PER_WORD = 1.35
"""Tokens of a word of English prose; the tokenizers of current models lie between 1.25 and 1.4."""

BriefForm = Literal["lines", "short"]
"""`lines`: what happens, whom the scene follows and who that is, where, who else is there, hooks
and beats. `short`: the same without who that is, and without beats."""

SHORT_BRIEF = 100
"""Tokens of a brief's budget below which there is no room but for the short form."""

PARTS = ("system", "world", "summary", "canon", "tail", "brief")
"""The parts of a prompt, in their order; each has a budget of its own."""


class LayoutNote(Frozen):
    """A layout by name and hash, where the whole of it is not needed."""

    name: str
    hash: str

    def __str__(self) -> str:
        return f"{self.name} ({self.hash[:8]})"


class Layout(Frozen):
    """Tokens of each part of the narrator's prompt, and of the scene that it answers with."""

    name: str
    """For people; the hash does not depend on it."""
    system: int = Field(ge=0)
    """The narrator's standing instructions."""
    world: int = Field(ge=0)
    """The constitution of the book."""
    summary: int = Field(ge=0)
    """The story so far."""
    canon: int = Field(ge=0)
    """Facts and passages that were looked up for the scene."""
    tail: int = Field(ge=0)
    """The end of the scene before."""
    brief: int = Field(ge=0)
    """What the scene must do."""
    cautions: int = Field(ge=0)
    """Room for a person's note. It is no part of the sum: what a scene must heed takes the room
    that the other parts leave, and then room of theirs, see `prompts.narrator.assemble`."""
    scene_low: int = Field(ge=1)
    """The shortest scene that is no chapter's remainder."""
    scene: int = Field(ge=1)
    """The longest scene."""

    @property
    def hash(self) -> str:
        """SHA-256 of all but the name, 64 hex digits."""
        return content_hash(self.model_dump(mode="json", exclude={"name"}) | {"form": self.form})

    @property
    def note(self) -> LayoutNote:
        """Name and hash."""
        return LayoutNote(name=self.name, hash=self.hash)

    @property
    def form(self) -> BriefForm:
        """What a brief tells."""
        return "short" if self.brief < SHORT_BRIEF else "lines"

    @property
    def prompt(self) -> int:
        """Tokens of all parts before the scene."""
        return sum(self.of(part) for part in PARTS)

    @property
    def total(self) -> int:
        """Tokens of the prompt and the longest scene together."""
        return self.prompt + self.scene

    @property
    def scene_words(self) -> int:
        """Words of a scene of middle length, in fifties."""
        middle = (self.scene_low + self.scene) / 2 / TOKENS_PER_WORD
        return max(50, round(middle / 50) * 50)

    def of(self, part: str) -> int:
        """Tokens of the part with that name."""
        return int(getattr(self, part))

    def with_parts(self, **tokens: int) -> Layout:
        """The layout with other numbers, checked, under the name of none."""
        return Layout.model_validate({**self.model_dump(), **tokens, "name": OWN})
