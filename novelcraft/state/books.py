"""Books on their way to training data: what the stages of preparation hand to each other.

Every model here is one file, or a part of one, in the folder that preparation works in; people
read and correct those files by hand, so their fields have plain names.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from novelcraft.state.base import Frozen, renamed
from novelcraft.state.manuscript import Fact

CutBy = Literal["model", "embedding", "mark", "length"]
"""Who found where a scene begins: the model, the embeddings of its paragraphs, the author, whose
scene-break mark stands there, or, where there was nothing to choose, its length alone."""


class BookSource(Frozen):
    """Where a book came from, and what it says about itself."""

    book_id: str
    """Names the book's files: lower-case letters, digits and hyphens."""
    title: str
    author: str = ""
    language: str = "en"
    """BCP 47 tag, as the book states it."""
    file: str
    """Name of the file that was converted, without its folder."""
    sha256: str
    """Of that file's bytes, 64 hex digits."""


class Drop(Frozen):
    """Words of the raw text that went into neither the narrative nor the reference."""

    reason: str
    """Why, in a word or two: `licence`, `contents`, `note mark`, …"""
    text: str


class ChapterHead(Frozen):
    """A chapter of the cleaned narrative."""

    index: int = Field(ge=1)
    title: str = ""
    """Without its number; empty when the book gives none."""
    part: str = ""
    """The part or book above it, as the book titles it; empty when there is none."""


class BookCharacter(Frozen):
    """A main character of a book, under the name the book uses most."""

    name: str
    role: str
    want: str = ""


class BookWorld(Frozen):
    """The constitution of a book, in parts. `BookMeta.world_context` is rendered from it."""

    text: str
    """Era and setting, rules and factions, in sentences."""
    tone: str
    style: str
    places: tuple[str, ...] = ()
    cast: tuple[BookCharacter, ...] = ()


class BookMeta(Frozen):
    """The head of a book's JSON."""

    book_id: str
    title: str
    author: str
    language: str = "en"
    word_count: int
    total_chapters: int
    total_scenes: int = 0
    world_context: str = ""
    """The constitution of the book, as the narrator reads it."""
    world: BookWorld | None = None
    """What the world context was rendered from; None before that stage."""
    chapters: tuple[ChapterHead, ...] = ()


class SceneBriefText(Frozen):
    """A scene brief inferred from a finished scene, with names in place of a plan's ids."""

    goal: str
    pov: str
    place: str
    time: str = ""
    present: tuple[str, ...] = ()
    beats: tuple[str, ...] = ()
    turn: str = ""
    outcome: str = ""


class BookScene(Frozen):
    """A scene of a book. The texts of a chapter's scenes, joined, are the chapter."""

    scene_id: str
    """`ch03-s02`: unique within its book."""
    chapter_index: int = Field(ge=1)
    chapter_title: str
    instruction: str = ""
    """The brief as the narrator reads it."""
    text: str
    """A slice of the cleaned chapter, with the blank lines that follow it."""
    recursive_summary: str = ""
    """The story before this scene."""
    tokens: int = Field(ge=0)
    """Of the text, by the tokenizer that preparation ran with."""
    cut_by: CutBy
    remainder: bool = False
    """Whether it is what was left of its chapter, and so may be shorter than the others."""
    cuts: tuple[int, ...] = ()
    """Tokens of the cuts it was joined from, in order."""
    brief: SceneBriefText | None = None
    """What the instruction was rendered from."""
    facts: tuple[Fact, ...] | None = None
    """What the scene makes true, for the canon notes of later ones; None before that stage."""
    pinned_facts: tuple[str, ...] = ()
    """What the summary of the story before this scene must never lose."""
    repairs: tuple[str, ...] = ()
    """Where code stood in for a model whose answer was of no use, in words a person can read."""

    @model_validator(mode="before")
    @classmethod
    def _earlier_names(cls, given: Any) -> Any:
        return renamed(given, {"pins": "pinned_facts", "mends": "repairs"})


class BookFile(Frozen):
    """A book's JSON, in `json_base/` without scenes and in `json_scenes/` with them."""

    meta: BookMeta
    scenes: tuple[BookScene, ...] = ()
