"""How the planner is told what the author has, and what it makes of it. Pure.

The author's words stand whole in a prompt. Only where a model has no room for them are texts cut
after a sentence, and that is noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from novelcraft.prompts.fit import fit, sentences
from novelcraft.state.authored import Authored, AuthoredChapter
from novelcraft.state.plan import Character, World

Part = Literal["notes", "people", "world", "must", "chapters"]

_CUTS = (1_500, 400, 120)
"""Characters of each text in the prompts for models that have no room for all of it."""
_LEAST_PART = 3
"""Letters of a name's part by which somebody is found in a text."""


class Showing:
    """What the prompts of one question show of the author's words, and what they leave out."""

    def __init__(self, authored: Authored, question: str) -> None:
        """Show it.

        Args:
            authored: What the author has.
            question: What the planner is asked for, in a note on what was left out.
        """
        self.authored = authored
        self._question = question
        self._cut: int | None = None
        self._left_out: dict[str, str] = {}

    def cuts(self) -> Iterator[None]:
        """The lengths at which a prompt may be laid out, the whole texts first.

        The last that was taken is what `notes` speaks of.
        """
        for cut in (None, *_CUTS) if self.authored else (None,):
            self._cut = cut
            self._left_out = {}
            yield

    @property
    def notes(self) -> tuple[str, ...]:
        """What the model was not shown, a sentence each."""
        return tuple(self._left_out.values())

    def text(self, name: str, text: str) -> str:
        """One of the author's texts, at the present length."""
        if self._cut is None or len(text) <= self._cut:
            return text
        shown = fit(sentences(text), self._cut, len, keep="start") or text[: self._cut]
        self._left_out[name] = (
            f"{name} has {len(text):,} characters; the model's context held the first "
            f"{len(shown):,} of them when it was asked for {self._question}"
        )
        return f"{shown} …"

    def told(self, *parts: Part) -> str:
        """Those parts of what the author has, as a prompt has them; empty where there is none."""
        made = {
            "notes": self._notes,
            "people": self._people,
            "world": self._world,
            "must": self._must,
            "chapters": self._chapters,
        }
        return "\n\n".join(text for part in parts for text in made[part]())

    def world(self, world: World) -> World:
        """The world, with the author's text at the present length."""
        if not self.authored.world:
            return world
        return world.model_copy(update={"text": self.text("world.md", world.text)})

    def cast(self, cast: Sequence[Character]) -> list[str]:
        """The cast, a line each."""
        return [self._member(character) for character in cast]

    def chapter(self, number: int, text: str) -> str:
        """What is told of a chapter, at the present length where the outline is the author's."""
        chapters = self.authored.chapters
        return self.text(f"outline.md, chapter {number},", text) if chapters else text

    def _member(self, character: Character) -> str:
        part = "; ".join(
            filter(None, (character.role, character.want and f"wants {character.want}"))
        )
        if not character.about:
            return f"{character.name}: {part}"
        about = self.text(_person(character.name), " ".join(character.about.split()))
        return f"{character.name}: {about} ({part})" if part else f"{character.name}: {about}"

    def _notes(self) -> Iterator[str]:
        if self.authored.people_notes:
            yield self.text("cast.md", self.authored.people_notes)

    def _people(self) -> Iterator[str]:
        yield from self._notes()
        for person in self.authored.people:
            yield f"{person.name}: {self.text(_person(person.name), person.text)}".strip(" :")

    def _world(self) -> Iterator[str]:
        if self.authored.world:
            yield self.text("world.md", self.authored.world)

    def _must(self) -> Iterator[str]:
        if self.authored.must_happen:
            yield f"This must happen: {self.text('outline.md', self.authored.must_happen)}"

    def _chapters(self) -> Iterator[str]:
        for number, chapter in enumerate(self.authored.chapters, 1):
            lines = [f"Chapter {number}, {chapter.title}: {self.chapter(number, chapter.summary)}"]
            lines += [f"- {self.chapter(number, scene)}" for scene in chapter.scenes]
            yield "\n".join(lines).strip(" :")


def _person(name: str) -> str:
    return f"cast.md on {name}"


def named_in(text: str, cast: Sequence[Character]) -> list[str]:
    """Names of those of a cast whom a text names, whole or by a part that nobody else has."""
    found: dict[str, int] = {}
    for character in cast:
        others = {p for c in cast if c is not character for p in c.name.casefold().split()}
        parts = [p for p in character.name.split() if p.casefold() not in others]
        known = [character.name, *(p for p in parts if len(p) >= _LEAST_PART)]
        places = [m.start() for name in known for m in [_whole(name).search(text)] if m]
        if places:
            found[character.name] = min(places)
    return sorted(found, key=found.__getitem__)


def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")


def pinned_goals(authored: AuthoredChapter | None, scenes: int) -> dict[int, str]:
    """The author's scenes of a chapter as goals, by place, counted from 0.

    Further scenes are put behind each of them, as evenly as may be.
    """
    return _placed(authored.scenes if authored else (), scenes)


def spare_goals(authored: AuthoredChapter | None, scenes: int) -> dict[int, str]:
    """What the author tells of a chapter as goals of its scenes, where no scene is named."""
    if authored is None or authored.scenes:
        return {}
    told = [line for piece in sentences(authored.summary) if (line := " ".join(piece.split()))]
    if len(told) <= scenes:
        return _placed(told, scenes)
    starts = _starts(len(told), scenes)
    ends = [*starts[1:], len(told)]
    return {n: " ".join(told[a:b]) for n, (a, b) in enumerate(zip(starts, ends, strict=True))}


def _placed(goals: Sequence[str], scenes: int) -> dict[int, str]:
    return dict(zip(_starts(scenes, len(goals)), goals, strict=True))


def _starts(total: int, parts: int) -> list[int]:
    """Where each of some parts of a whole begins, as even as may be."""
    return [part * total // parts for part in range(parts)]
