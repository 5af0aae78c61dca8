"""The world builder: the constitution of a book that was not written here.

A long book is read in parts (map), and what was noted of them is put together (reduce); when
the notes are too long for one reading, they are put together in stages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from novelcraft.agents.session import AgentSession
from novelcraft.config.presets import SizePreset
from novelcraft.prompts.fit import TokenCounter
from novelcraft.prompts.loader import load_template
from novelcraft.state.base import Frozen
from novelcraft.state.books import BookCharacter, BookWorld
from novelcraft.state.calls import Message
from novelcraft.tools.models.schemas import answer_tokens, bounded, make_schema, strict_list, tidy

_NAME_CHARS = 40
_PLACES = 6
_LEAST_TOGETHER = 2


class WorldInput(Frozen):
    """A book whose constitution is wanted."""

    title: str
    parts: tuple[str, ...] = Field(min_length=1)
    """Its text in reading order, in parts that can each be read at once."""
    names: tuple[str, ...] = ()
    """Names that occur in it most, found by code, the most frequent first."""


async def build_world(given: WorldInput, session: AgentSession) -> BookWorld:
    """The constitution of a book. That its names occur in the book is for the caller to check.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    notes = await asyncio.gather(
        *(_read(given, session.part(str(n)), n) for n in range(len(given.parts)))
    )
    level = 0
    while len(groups := _together(notes, session.count, session.preset.reading_tokens)) > 1:
        level += 1
        notes = await asyncio.gather(
            *(_merge(group, session.part(f"{level}.{n}")) for n, group in enumerate(groups))
        )
    return await _constitute(given, notes, session)


def _together(notes: Sequence[str], count: TokenCounter, reading: int) -> list[list[str]]:
    """Runs of notes that can be read at once; two always can, so that there are fewer each time."""
    groups: list[list[str]] = []
    room = 0
    for note in notes:
        tokens = count(note)
        if not groups or (tokens > room and len(groups[-1]) >= _LEAST_TOGETHER):
            groups.append([])
            room = reading
        groups[-1].append(note)
        room -= tokens
    return groups


async def _read(given: WorldInput, session: AgentSession, part: int) -> str:
    messages = load_template("world_notes").render(
        title=given.title, part=given.parts[part], number=part + 1, total=len(given.parts)
    )
    return await _notes("prep.world.read", messages, session)


async def _merge(notes: Sequence[str], session: AgentSession) -> str:
    messages = load_template("world_merge").render(notes="\n\n".join(notes))
    return await _notes("prep.world.merge", messages, session)


def longest_answer(preset: SizePreset) -> int:
    """Tokens of the longest answer that the world builder asks for."""
    return max(answer_tokens(_notes_schema(preset)), answer_tokens(_world_schema(preset)))


def _notes_schema(preset: SizePreset) -> type[BaseModel]:
    line = bounded(2 * preset.field_chars)
    person = make_schema("PersonNote", name=bounded(_NAME_CHARS), who=line)
    return make_schema(
        "WorldNotes",
        setting=line,
        rules=line,
        tone=bounded(preset.field_chars),
        people=strict_list(person, 0, preset.cast_size),
    )


async def _notes(purpose: str, messages: tuple[Message, ...], session: AgentSession) -> str:
    answer = await session.ask("reasoning", purpose, messages, _notes_schema(session.preset))
    said = answer.model_dump()
    people = [f"- {tidy(p['name'])}: {tidy(p['who'])}" for p in said["people"]]
    return "\n".join([tidy(said["setting"]), tidy(said["rules"]), tidy(said["tone"]), *people])


async def _constitute(given: WorldInput, notes: Sequence[str], session: AgentSession) -> BookWorld:
    answer = await session.ask(
        "reasoning",
        "prep.world",
        load_template("world_constitution").render(
            title=given.title,
            notes="\n\n".join(notes),
            names=given.names,
            count=session.preset.cast_size,
        ),
        _world_schema(session.preset),
    )
    return _world(answer.model_dump())


def _world_schema(preset: SizePreset) -> type[BaseModel]:
    line = bounded(preset.field_chars)
    person = make_schema("CastMember", name=bounded(_NAME_CHARS), role=line, want=line)
    return make_schema(
        "BookWorldAnswer",
        era=line,
        setting=line,
        factions=line,
        rules=line,
        tone=line,
        style=line,
        places=strict_list(bounded(_NAME_CHARS), 1, _PLACES),
        cast=strict_list(person, 1, preset.cast_size),
    )


def _world(said: dict[str, Any]) -> BookWorld:
    lines = [tidy(said[field]) for field in ("era", "setting", "factions", "rules")]
    return BookWorld(
        text=" ".join(_sentence(line) for line in dict.fromkeys(lines) if line),
        tone=tidy(said["tone"]),
        style=tidy(said["style"]),
        places=tuple(dict.fromkeys(filter(None, map(tidy, said["places"])))),
        cast=tuple(
            BookCharacter(name=tidy(p["name"]), role=tidy(p["role"]), want=tidy(p["want"]))
            for p in said["cast"]
        ),
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
