"""The plan of a novel: story core, world, cast, hooks, chapters, scene briefs.

Ids are given by code, never by a model: `c1` a character, `h1` a hook, `ch01` a chapter,
`s001` a scene. They are stable over plan versions: a replan may drop or add scenes, but an id
never comes to mean another thing. The order of scenes is the order of `Plan.scenes`.
"""

from __future__ import annotations

from operator import not_
from typing import TypeVar

from pydantic import Field

from novelcraft.state.authored import NOTHING, Authored, AuthoredChapter
from novelcraft.state.base import Frozen, content_hash


class StoryCore(Frozen):
    """What the book is about, in a form every later step can be held to."""

    title: str
    logline: str
    themes: tuple[str, ...]
    tone: str
    style: str
    ending: str


class World(Frozen):
    """The constitution of the book: at most 400 tokens of text that no scene may contradict."""

    text: str
    places: tuple[str, ...]


class Character(Frozen):
    """One member of the cast."""

    id: str
    name: str
    role: str
    want: str
    flaw: str
    voice: str
    knows: str
    about: str = Field(default="", exclude_if=not_)
    """What the author says of them, word for word; empty where the planner made them up.

    Like all of the author's it is left out where it is empty, so that a plan keeps its hash.
    """


class Hook(Frozen):
    """A promise to the reader: planted in one scene, paid off in a later one."""

    id: str
    text: str
    plant_scene: str
    payoff_scene: str


class Chapter(Frozen):
    """A chapter of the outline."""

    id: str
    number: int = Field(ge=1)
    title: str
    act: int = Field(ge=1)
    summary: str
    target_words: int = Field(ge=1)


class SceneBrief(Frozen):
    """What one scene must do. The narrator sees it rendered; the checks hold the draft to it."""

    id: str
    chapter: str
    goal: str
    pov: str
    """Id of the point-of-view character."""
    place: str
    time: str
    """Story time, as a reader would say it: "the second morning"."""
    present: tuple[str, ...]
    """Ids of the characters present, the point of view among them."""
    beats: tuple[str, ...]
    turn: str
    outcome: str
    plants: tuple[str, ...] = ()
    pays: tuple[str, ...] = ()
    target_words: int = Field(ge=1)


_Named = TypeVar("_Named", Character, Chapter, Hook, SceneBrief)


class Plan(Frozen):
    """A whole plan. Immutable: a replan makes a new version with this one as its parent."""

    version: int = Field(ge=1)
    parent: int | None = None
    premise: str
    language: str = "en"
    target_words: int = Field(ge=1)
    core: StoryCore
    world: World
    cast: tuple[Character, ...]
    hooks: tuple[Hook, ...]
    chapters: tuple[Chapter, ...]
    scenes: tuple[SceneBrief, ...]
    mends: tuple[str, ...] = ()
    """What code had to mend in the models' answers, in words a person can read."""
    authored: Authored = Field(default=NOTHING, exclude_if=not_)
    """What the author had when it was planned."""
    by_author: tuple[str, ...] = Field(default=(), exclude_if=not_)
    """What is the author's own: `title`, `style`, `ending`, `world`, ids of cast, chapters, scenes.

    What a person edits of the plan is in it, too, and no replan writes over it. It goes where the
    plan goes: into the versions that are made of it, and onto branches.
    """

    @property
    def hash(self) -> str:
        """SHA-256 of the content, without the version numbers."""
        return content_hash(self.model_dump(mode="json", exclude={"version", "parent"}))

    def character(self, character_id: str) -> Character:
        """The character with that id; KeyError when there is none."""
        return _by_id(self.cast, character_id)

    def chapter(self, chapter_id: str) -> Chapter:
        """The chapter with that id; KeyError when there is none."""
        return _by_id(self.chapters, chapter_id)

    def hook(self, hook_id: str) -> Hook:
        """The hook with that id; KeyError when there is none."""
        return _by_id(self.hooks, hook_id)

    def scene(self, scene_id: str) -> SceneBrief:
        """The brief with that id; KeyError when there is none."""
        return _by_id(self.scenes, scene_id)

    def authored_chapter(self, chapter: Chapter) -> AuthoredChapter | None:
        """What the author has of a chapter, None where the outline is the planner's."""
        return next(iter(self.authored.chapters[chapter.number - 1 : chapter.number]), None)

    def is_authors_scene(self, brief: SceneBrief) -> bool:
        """Whether the author named that scene, or wrote its brief."""
        if brief.id in self.by_author:
            return True
        authored = self.authored_chapter(self.chapter(brief.chapter))
        return authored is not None and brief.goal in authored.scenes

    def scenes_of(self, chapter_id: str) -> tuple[SceneBrief, ...]:
        """The briefs of a chapter, in order."""
        return tuple(s for s in self.scenes if s.chapter == chapter_id)

    @property
    def by_chapter(self) -> dict[str, tuple[SceneBrief, ...]]:
        """The briefs of each chapter that has some, in order."""
        briefs: dict[str, list[SceneBrief]] = {}
        for brief in self.scenes:
            briefs.setdefault(brief.chapter, []).append(brief)
        return {chapter: tuple(scenes) for chapter, scenes in briefs.items()}

    def names(self, character_ids: tuple[str, ...]) -> tuple[str, ...]:
        """The names of those characters, in the order given."""
        return tuple(self.character(c).name for c in character_ids)


def _by_id(items: tuple[_Named, ...], wanted: str) -> _Named:
    for item in items:
        if item.id == wanted:
            return item
    raise KeyError(wanted)
