"""Bounded pieces that the agents' schemas are made of, and the tidying of what they give.

A small model gives valid JSON only when strings and lists have bounds; a large one is not
hindered by them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, create_model

from novelcraft.config.presets import SizePreset
from novelcraft.tools.models.tokens import estimate_tokens
from novelcraft.tools.models.wire import json_schema
from novelcraft.tools.text import without_controls

_SENTENCE = re.compile(r"^.*[.!?](?=[\"'”’)]?(?:\s|$))[\"'”’)]?", re.DOTALL)
_NAME = r"^[A-Z][a-z]{1,11} [A-Z][a-z]{1,13}$"
_LONGEST_NAME = f"A{'a' * 11} B{'b' * 13}"
FILLER = "word"
"""The longest answer says nothing else."""
_UNBOUNDED = 10**9
"""The longest number that is counted with, where a schema has no bound for one."""


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


def make_schema(name: str, /, **fields: Any) -> type[BaseModel]:
    """A schema of those fields, all of which an answer must have; the same one when asked again.

    A run asks most of its questions by schemas that it asked others by, and pydantic takes
    milliseconds to make one.
    """
    described = ", ".join(f"{key}: {_described(kind)}" for key, kind in fields.items())
    return _made(name, _Fields(described, fields))


@dataclass(frozen=True)
class _Fields:
    described: str
    kinds: Mapping[str, Any] = field(compare=False)
    """Not compared: to Python, literals of the same values in another order are equal."""


@lru_cache(maxsize=256)
def _made(name: str, fields: _Fields) -> type[BaseModel]:
    required: dict[str, Any] = {key: (kind, ...) for key, kind in fields.kinds.items()}
    return create_model(name, **required)


def _described(kind: Any) -> str:
    """All that a type says; a schema in it by its identity, as whoever keeps this keeps it too."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return str(id(kind))
    return f"{kind!r}[{', '.join(map(_described, get_args(kind)))}]"


def scene_sketch(preset: SizePreset, names: Sequence[str], place: Any) -> Any:
    """The schema of a scene's brief: of one that is planned, and of one that is written back.

    Args:
        preset: Bounds; with the scaffold a brief has no time, beats and turn of its own.
        names: The characters whom it may name.
        place: The type of its place.
    """
    name = one_of(tuple(names))
    line = bounded(preset.event_chars)
    fields: dict[str, Any] = {
        "goal": line,
        "pov": name,
        "place": place,
        "present": strict_list(name, 1, min(preset.most_present, len(names))),
        "outcome": line,
    }
    if not preset.scaffold:
        beats = strict_list(bounded(preset.beat_chars), preset.beats, preset.beats)
        fields |= {"time": bounded(40), "beats": beats, "turn": line}
    return make_schema("SceneSketch", **fields)


@lru_cache(maxsize=256)
def longest_answer(schema: type[BaseModel]) -> str:
    """The longest JSON that a schema with bounds allows: every string and list at its bound."""
    whole = json_schema(schema)
    return json.dumps(_longest(whole, whole.get("$defs", {})), ensure_ascii=False)


def answer_tokens(schema: type[BaseModel]) -> int:
    """Tokens to allow for an answer.

    Half a token a character, and one for each digit, is generous for prose and leaves room for
    blanks in the JSON; an answer that is cut off is lost, so the bound errs upwards. A model that
    thinks gets its allowance for that where the call is made.
    """
    longest = longest_answer(schema)
    return 100 + len(longest) // 2 + sum(map(str.isdigit, longest))


def likely_tokens(schema: type[BaseModel]) -> int:
    """Tokens of the longest answer in English, as a server's own count may be at most."""
    return estimate_tokens(longest_answer(schema))


def _longest(node: Mapping[str, Any], defs: Mapping[str, Any]) -> Any:
    if "$ref" in node:
        return _longest(defs[node["$ref"].rpartition("/")[2]], defs)
    values = node.get("enum") or ([node["const"]] if "const" in node else [])
    if values:
        return max(values, key=len)
    match node["type"]:
        case "object":
            return {name: _longest(child, defs) for name, child in node["properties"].items()}
        case "array":
            return [_longest(node["items"], defs)] * node["maxItems"]
        case "integer":
            return node.get("maximum", _UNBOUNDED)
        case "boolean":
            return False
        case _:
            return _LONGEST_NAME if "pattern" in node else _filled(node.get("maxLength", 0))


def _filled(chars: int) -> str:
    return (f"{FILLER} " * (chars // 5 + 1))[:chars]


def tidy(text: str) -> str:
    """One line, without what a length bound left half said at the end."""
    line = " ".join(text.split()).strip(" \"'“”")
    if not line or line[-1] in ".!?":
        return line
    whole = _SENTENCE.match(line)
    if whole and len(whole.group()) > len(line) // 2:
        return whole.group()
    return line.rstrip(",;:-– ")
