"""What the planner is asked to plan, and how large it is to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import Field

from novelcraft.agents.planner.mend import Mender
from novelcraft.agents.planner.scaffold import Scaffold
from novelcraft.agents.session import AgentSession
from novelcraft.config.presets import SizePreset
from novelcraft.config.settings import NovelSettings
from novelcraft.state.authored import NOTHING, Authored
from novelcraft.state.base import Frozen, derive_seed

MIN_CHAPTERS = 3
"""A book with enough scenes has at least so many chapters, however short it is."""


def spread(total: int, parts: int) -> list[int]:
    """Divide a whole number into parts that differ by at most one, the larger ones first."""
    share, rest = divmod(total, parts)
    return [share + 1] * rest + [share] * (parts - rest)


def shares(total: int, least: Sequence[int]) -> list[int]:
    """Divide a whole number as `spread` does, but into parts none of which is under its least.

    A part is at least 1, and the parts are more than the whole where that cannot be helped.
    """
    parts = [max(1, number) for number in least]
    while sum(parts) < total:
        parts[parts.index(min(parts))] += 1
    return parts


class BookRequest(Frozen):
    """A premise and the size of the book that is to come of it."""

    premise: str = Field(min_length=1)
    title: str = ""
    """Empty leaves it to the planner."""
    style: str = ""
    """The author's style, taken as it is; empty leaves it to the planner."""
    ending: str = ""
    """The author's ending, likewise."""
    authored: Authored = NOTHING
    """What the author has of people, world and outline, likewise."""
    wish: str = ""
    """What a person who saw an earlier plan asks for; empty when nobody did."""
    language: str = "en"
    """As a BCP 47 tag."""
    target_words: int = Field(ge=1)
    chapters_wanted: int = Field(default=0, ge=0)
    """Number of chapters asked for; 0 leaves it to the preset."""

    @classmethod
    def of(cls, novel: NovelSettings, wish: str = "", authored: Authored = NOTHING) -> BookRequest:
        """The book that the settings ask for, with what the author has."""
        return cls(
            premise=novel.premise,
            title=novel.title,
            style=novel.style,
            ending=novel.ending,
            authored=authored,
            wish=wish,
            language=novel.language,
            target_words=novel.target_words,
            chapters_wanted=novel.chapters,
        )


@dataclass(frozen=True)
class PlanTask:
    """A book that is asked for, and what the planner plans it with."""

    book: BookRequest
    session: AgentSession

    @property
    def preset(self) -> SizePreset:
        """Bounds of the answers, and the usual lengths."""
        return self.session.preset

    @property
    def scenes(self) -> int:
        """Scenes of the whole book."""
        book = self.book
        usual = round(book.target_words / self.preset.scene_words)
        return max(1, usual, book.chapters_wanted, book.authored.scenes)

    @property
    def chapters(self) -> int:
        """Chapters of the whole book, never more than scenes."""
        if self.book.authored.chapters:
            return len(self.book.authored.chapters)
        if self.book.chapters_wanted:
            return self.book.chapters_wanted
        natural = round(self.book.target_words / self.preset.chapter_words)
        return min(self.scenes, max(MIN_CHAPTERS, natural))

    def scenes_each(self, chapters: int) -> list[int]:
        """Scenes of each of so many chapters."""
        named = [len(chapter.scenes) for chapter in self.book.authored.chapters]
        return shares(self.scenes, named or [1] * chapters)

    @cached_property
    def scaffold(self) -> Scaffold:
        """What stands in where an answer is of no use."""
        return Scaffold.of(self.book.premise, self.book.language)

    def mender(self, *known: str) -> Mender:
        """A mender for an answer to this task; lines in `known` count as said already."""
        premise = self.book.premise
        # Of the premise too: with the same seed, every book would have the same people.
        seed = derive_seed(self.session.caller.seed, premise)
        return Mender(seed, strict=self.preset.scaffold, known=(premise, *known))
