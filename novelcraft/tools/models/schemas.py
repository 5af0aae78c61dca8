"""Bounded pieces that the agents' schemas are made of, and the tidying of what they give.

A small model gives valid JSON only when strings and lists have bounds; a large one is not
hindered by them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, create_model

from novelcraft.config.presets import SizePreset
from novelcraft.tools.text import without_controls

_SENTENCE = re.compile(r"^.*[.!?](?=[\"'”’)]?(?:\s|$))[\"'”’)]?", re.DOTALL)
_NAME = r"^[A-Z][a-z]{1,11} [A-Z][a-z]{1,13}$"


def bounded(chars: int) -> Any:
    """A string of 1 to `chars` characters; control characters are left out of what is read."""
    limits = StringConstraints(min_length=1, max_length=chars)
    return Annotated[str, limits, AfterValidator(without_controls)]


def name_field() -> Any:
    """A given name and a family name."""
    return Annotated[str, StringConstraints(pattern=_NAME)]


def strict_list(item: Any, low: int, high: int) -> Any:
    """A list of `low` to `high` items."""
    return Annotated[list[item], Field(min_length=low, max_length=high)]


def one_of(values: tuple[str, ...]) -> Any:
    """One of those strings."""
    return Literal[values]


def scene_sketch(preset: SizePreset, names: Sequence[str], place: Any) -> Any:
    """The schema of a scene's brief: of one that is planned, and of one that is written back.

    Args:
        preset: Bounds; with the scaffold a brief has no time, beats and turn of its own.
        names: The characters whom it may name.
        place: The type of its place.
    """
    name = one_of(tuple(names))
    line = (bounded(preset.event_chars), ...)
    fields: dict[str, Any] = {
        "goal": line,
        "pov": (name, ...),
        "place": (place, ...),
        "present": (strict_list(name, 1, min(preset.most_present, len(names))), ...),
        "outcome": line,
    }
    if not preset.scaffold:
        beats = strict_list(bounded(preset.beat_chars), preset.beats, preset.beats)
        fields |= {"time": (bounded(40), ...), "beats": (beats, ...), "turn": line}
    return create_model("SceneSketch", **fields)


def sketch_chars(preset: SizePreset) -> int:
    """Characters of the longest answer in the schema of a scene's brief."""
    return preset.event_chars * 3 + preset.beat_chars * preset.beats + 240


def tidy(text: str) -> str:
    """One line, without what a length bound left half said at the end."""
    line = " ".join(text.split()).strip(" \"'“”")
    if not line or line[-1] in ".!?":
        return line
    whole = _SENTENCE.match(line)
    if whole and len(whole.group()) > len(line) // 2:
        return whole.group()
    return line.rstrip(",;:-– ")
