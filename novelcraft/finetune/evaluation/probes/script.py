"""The script of a probe: what is given to the narrator, and what is looked for in its scenes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from novelcraft.state.base import Frozen
from novelcraft.state.evaluation import ProbeName
from novelcraft.tools.metrics import Prose

PROBES: tuple[ProbeName, ...] = get_args(ProbeName)

Habit = Literal["sound", "viewpoint", "repeats", "arrival", "departed", "place", "absent"]
"""What every scene of a probe is looked at for, see `probes.habits`."""

Told = Literal["", "brief", "summary"]
"""Where the narrator is told what a look expects. What is told by the summary, the brief may not
tell: it is what the bare context lacks."""


class Person(Frozen):
    """One of the cast."""

    id: str
    name: str
    role: str
    want: str


class Place(Frozen):
    """A place, and the words by which a scene shows that it is there."""

    name: str
    words: tuple[str, ...] = Field(min_length=1)
    """Regular expressions."""


class ScriptScene(Frozen):
    """What the narrator is given for a scene."""

    place: str
    """Key of `places`."""
    time: str
    pov: str
    """Id of a person."""
    present: tuple[str, ...]
    """Ids, the point of view among them."""
    goal: str
    turn: str
    outcome: str
    plants: tuple[str, ...] = ()
    """What the reader is to notice."""
    summary: str = ""
    """The story so far; empty for the first scene alone."""


class Look(Frozen):
    """Something that is looked for in some scenes, by sentences that match or do not."""

    check: str
    about: str
    """What is right, for a person."""
    scenes: tuple[int, ...] = Field(min_length=1)
    """Numbers of scenes, from 1."""
    expect: tuple[str, ...] = ()
    """Families: a sentence must match one of their patterns."""
    forbid: tuple[str, ...] = ()
    """Families: no sentence may match one of their patterns."""
    unless: tuple[str, ...] = ()
    """Families that excuse a sentence that matches a forbidden pattern."""
    told: Told = ""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.expect) == bool(self.forbid):
            raise ValueError("a look either expects or forbids")
        if self.unless and not self.forbid:
            raise ValueError("unless excuses what is forbidden")
        return self


class Span(Frozen):
    """The distance that the probe is about."""

    from_scene: int
    """Where something is planted or changes."""
    to_scene: int
    """Where it is looked for last."""
    words: int = Field(ge=1)
    """Words that should lie between the two."""


class ProbeScript(Frozen):
    """A probe, checked for contradictions in itself."""

    probe: ProbeName
    title: str
    about: str
    """What is probed, for a person."""
    tone: str
    style: str
    target_words: int = Field(ge=1)
    """Of each scene."""
    world: str
    cast: tuple[Person, ...]
    places: dict[str, Place]
    habits: tuple[Habit, ...]
    scenes: tuple[ScriptScene, ...] = Field(min_length=2)
    span: Span | None = None
    families: dict[str, tuple[str, ...]]
    """Regular expressions of a kind, by name. They are searched for in a sentence, in any case,
    with straight apostrophes."""
    looks: tuple[Look, ...]

    @field_validator("families")
    @classmethod
    def _patterns(cls, families: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        for pattern in (p for patterns in families.values() for p in patterns):
            _compiled(pattern)
        return families

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if fault := next(_faults(self), ""):
            raise ValueError(fault)
        return self

    def shown(self, look: Look, text: str) -> bool:
        """Whether a sentence of the text has what the look expects."""
        return any(self._matches(look.expect, sentence) for sentence in Prose(text).sentences)

    def slips(self, look: Look, text: str) -> list[str]:
        """The sentences of the text that the look forbids."""
        return [
            sentence
            for sentence in Prose(text).sentences
            if self._matches(look.forbid, sentence) and not self._matches(look.unless, sentence)
        ]

    def _matches(self, families: tuple[str, ...], sentence: str) -> bool:
        return any(found(pattern, sentence) for name in families for pattern in self.families[name])


def found(pattern: str, text: str) -> bool:
    """Whether a pattern of a script is in a text."""
    return _compiled(pattern).search(text.replace("’", "'")) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error


@cache
def load_probe(name: ProbeName) -> ProbeScript:
    """The script of a probe."""
    from ruamel.yaml import YAML

    text = files(__package__).joinpath("assets", f"{name}.yaml").read_text(encoding="utf-8")
    values: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return ProbeScript.model_validate(values)


def _faults(script: ProbeScript) -> Iterator[str]:
    for pattern in (pattern for place in script.places.values() for pattern in place.words):
        _compiled(pattern)
    for number in range(1, len(script.scenes) + 1):
        yield from _scene_faults(script, number)
    if (span := script.span) and not 1 <= span.from_scene < span.to_scene <= len(script.scenes):
        yield "the span does not lie within the scenes"
    for look in script.looks:
        yield from _look_faults(script, look)


def _scene_faults(script: ProbeScript, number: int) -> Iterator[str]:
    scene = script.scenes[number - 1]
    if scene.place not in script.places:
        yield f"scene {number} has the unknown place {scene.place!r}"
    if not {scene.pov, *scene.present} <= {person.id for person in script.cast}:
        yield f"scene {number} has people who are not of the cast"
    if scene.pov not in scene.present:
        yield f"scene {number} is seen by somebody who is not there"
    if bool(scene.summary) != (number > 1):
        yield f"scene {number}: every scene but the first has a summary before it"


def _look_faults(script: ProbeScript, look: Look) -> Iterator[str]:
    if not set(look.scenes) <= set(range(1, len(script.scenes) + 1)):
        yield f"{look.check} looks at scenes that are not there"
    elif unknown := {*look.expect, *look.forbid, *look.unless} - set(script.families):
        yield f"{look.check} names the unknown families {sorted(unknown)}"
    else:
        yield from _told_faults(script, look)


def _told_faults(script: ProbeScript, look: Look) -> Iterator[str]:
    """What a look expects must be told where it says so, and what it forbids nowhere."""
    for number in look.scenes:
        scene = script.scenes[number - 1]
        brief = ". ".join((scene.goal, scene.turn, scene.outcome, scene.time, *scene.plants))
        in_brief, in_summary = script.shown(look, brief), script.shown(look, scene.summary)
        if look.told == "brief" and not in_brief:
            yield f"{look.check}: the brief of scene {number} does not tell what is expected"
        if look.told == "summary" and (in_brief or not in_summary):
            yield f"{look.check}: the summary of scene {number} must tell it, the brief must not"
        if script.slips(look, f"{brief}\n{scene.summary}\n{script.world}"):
            yield f"{look.check}: what scene {number} is given has what is forbidden"
