"""A story to lean on where a planner's answer is of no use: shapes as data, chosen by the premise.

A model of a hundred million parameters fills a schema with echoes. Where it does, the line that
belongs there is taken from a shape in `stories/` and filled with the premise's own words, so that
even the smallest model narrates a story with a beginning, a middle and an end, and two premises
give two stories. A large model's answers never get here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from novelcraft.agents.planner.premise import PremiseWords
from novelcraft.state.base import Frozen, derive_seed

PARTS = ("hero", "ally", "rival")
"""Slots of a line that take names; a small cast plays several parts."""


class Move(Frozen):
    """One scene's worth of story."""

    goal: str
    turn: str
    outcome: str


class Member(Frozen):
    """One part of the cast."""

    role: str
    want: str
    flaw: str
    voice: str
    knows: str


def _fields(model: type[Frozen]) -> BeforeValidator:
    """Read the fields of a model from one line, parted by bars."""

    def read(line: Any) -> Any:
        if not isinstance(line, str):
            return line
        return dict(zip(model.model_fields, line.split(" | "), strict=True))

    return BeforeValidator(read)


_Move = Annotated[Move, _fields(Move)]
_Member = Annotated[Member, _fields(Member)]


class Stage(Frozen):
    """One chapter's worth of story."""

    title: str
    summary: str
    moves: tuple[_Move, ...] = Field(min_length=1)


class Shape(Frozen):
    """A kind of story, as a file in `stories/` holds it.

    Lines may have the slots `{hero}`, `{ally}`, `{rival}` for names, and `{who}`, `{thing}`,
    `{place}` for the premise's words.
    """

    suits: Annotated[frozenset[str], BeforeValidator(str.split)]
    """Words of premises that it suits."""
    tone: str
    style: str
    ending: str
    cast: tuple[_Member, ...] = Field(min_length=1)
    places: tuple[str, ...]
    hooks: tuple[str, ...]
    bridges: tuple[_Move, ...]
    """Moves for chapters with more scenes than their stage has moves."""
    stages: tuple[Stage, ...] = Field(min_length=2)


@lru_cache
def shapes() -> dict[str, Shape]:
    """All shapes, by name."""
    files = resources.files("novelcraft.agents.planner").joinpath("stories").iterdir()
    return {
        file.name.removesuffix(".toml"): Shape.model_validate(
            tomllib.loads(file.read_text("utf-8"))
        )
        for file in sorted(files, key=lambda file: file.name)
    }


@dataclass(frozen=True)
class Scaffold:
    """A shape, filled with the words of a premise."""

    shape: Shape
    words: PremiseWords

    @classmethod
    def of(cls, premise: str, language: str = "en") -> Scaffold:
        """The scaffold for a premise: the shape that its words suit best, always the same one."""
        words = PremiseWords(premise if language.lower().startswith("en") else "")
        fit = {name: len(words.words & shape.suits) for name, shape in shapes().items()}
        best = [name for name, count in fit.items() if count == max(fit.values())]
        return cls(shapes()[best[derive_seed(0, premise) % len(best)]], words)

    def stage(self, chapter: int, chapters: int) -> Stage:
        """The stage that a chapter of a book of that many chapters is at; both counted from 1.

        A short book skips stages, a long one stays longer in each; the first and the last chapter
        are always the beginning and the end.
        """
        stages = self.shape.stages
        if chapters == 1:
            return stages[0]
        return stages[round((chapter - 1) * (len(stages) - 1) / (chapters - 1))]

    def move(self, scene: int, scenes: int, chapter: int, chapters: int) -> Move:
        """The move of a scene in its chapter, unfilled; all counted from 1.

        A chapter with fewer scenes than its stage has moves keeps the last one, which leads on;
        one with more puts bridges before it.
        """
        moves, bridges = self.stage(chapter, chapters).moves, self.shape.bridges
        if scene == scenes:
            return moves[-1]
        if scene < len(moves):
            return moves[scene - 1]
        return bridges[(scene - len(moves)) % len(bridges)]

    def turn(self, chapter: int, chapters: int) -> int:
        """How many chapters before this one are at the same stage."""
        stage = self.stage(chapter, chapters)
        return sum(self.stage(n, chapters) is stage for n in range(1, chapter))

    @property
    def places(self) -> tuple[str, ...]:
        """The premise's own place, then the shape's."""
        return (self.words.place, *self.shape.places)

    def member(self, number: int, names: Sequence[str]) -> Member:
        """A part of the cast, filled. Counted from 0; the last part is for all others."""
        part = self.shape.cast[min(number, len(self.shape.cast) - 1)]
        return Member(**{key: self.fill(line, names, lower=True) for key, line in part})

    def fill(self, line: str, names: Sequence[str], turn: int = 0, *, lower: bool = False) -> str:
        """A line with the names of a cast and the premise's words.

        Args:
            line: The line.
            names: The cast, the main character first.
            turn: Moves the parts on by so many people, for chapters that share a stage.
            lower: Leave the first letter as it is; else the line is a sentence.
        """
        parts = {part: names[(n + turn) % len(names)] for n, part in enumerate(PARTS)}
        words = self.words
        text = line.format(**parts, who=words.who, thing=words.thing, place=words.place)
        return text if lower else text[:1].upper() + text[1:]
