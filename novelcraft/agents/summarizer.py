"""The summarizer: the story so far, rolled on by one scene, in writing and in preparation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from novelcraft.agents.session import AgentSession
from novelcraft.config.presets import SizePreset
from novelcraft.prompts.loader import load_template
from novelcraft.state.base import Frozen
from novelcraft.tools.models.schemas import bounded, make_schema, one_of, strict_list, tidy

_CHARS_PER_WORD = 6


class SummaryInput(Frozen):
    """A scene, and the story before it."""

    prose: str = Field(min_length=1)
    summary: str
    """The rolling summary before the scene."""
    names: tuple[str, ...] = ()
    """Names that must stay in it."""


class SummaryOutput(Frozen):
    """The story after the scene."""

    summary: str


async def summarize(given: SummaryInput, session: AgentSession) -> SummaryOutput:
    """The summary that the next scene starts from.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    preset = session.preset
    chars = preset.summary_words * _CHARS_PER_WORD
    answer = await session.ask(
        "cheap",
        "scene.summarize",
        load_template("summarize").render(
            scene=given.prose,
            summary=given.summary,
            words=preset.summary_words,
            names=given.names,
        ),
        _summary_schema(chars),
    )
    return SummaryOutput(summary=tidy(answer.model_dump()["summary"]))


class PartSummaryInput(Frozen):
    """A chapter or an act that has ended."""

    part: Literal["chapter", "act"]
    text: str = Field(min_length=1)
    """The chapter's prose, or what the act's chapters tell."""


async def summarize_part(given: PartSummaryInput, session: AgentSession) -> SummaryOutput:
    """What a chapter or an act tells, so that a long book does not forget it.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    preset = session.preset
    chars = preset.part_words * _CHARS_PER_WORD
    answer = await session.ask(
        "cheap",
        "part.summarize",
        load_template("summarize_part").render(
            part=given.part, text=given.text, words=preset.part_words
        ),
        _summary_schema(chars),
    )
    return SummaryOutput(summary=tidy(answer.model_dump()["summary"]))


class BookSummaryInput(Frozen):
    """A scene of a book that was not written here, and what stands before it."""

    prose: str = Field(min_length=1)
    world: str
    """The book's constitution."""
    summary: str
    """The rolling summary before the scene."""
    pinned_facts: tuple[str, ...] = ()
    """Facts that must stay in it."""
    living: tuple[str, ...] = ()
    """Names that must stay in it."""
    missing: tuple[str, ...] = ()
    """What the last answer to the same input left out."""


class BookSummaryOutput(Frozen):
    """The summary after a scene, and what the scene changed for good."""

    summary: str
    lasting_fact: str
    """A fact of the scene that the rest of the book depends on."""
    dead: tuple[str, ...] = ()
    """Of the living, who died in it."""


async def update_summary(given: BookSummaryInput, session: AgentSession) -> BookSummaryOutput:
    """The summary that the next scene of a book starts from.

    What must stay in it is asked for here and not checked: see `tools.books.scenes.pinned_facts`.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    preset = session.preset
    chars = preset.summary_words * _CHARS_PER_WORD
    answer = await session.ask(
        "cheap",
        "prep.summarize",
        load_template("roll_summary").render(
            scene=given.prose,
            world=given.world,
            summary=given.summary,
            words=preset.summary_words,
            names=given.living,
            pins=given.pinned_facts,
            missing=given.missing,
        ),
        _roll_schema(preset, given.living, chars),
    )
    fields = answer.model_dump()
    return BookSummaryOutput(
        summary=tidy(fields["summary"]),
        lasting_fact=tidy(fields["lasting"]),
        dead=tuple(dict.fromkeys(fields.get("died", ()))),
    )


def _summary_schema(chars: int) -> type[BaseModel]:
    return make_schema("SummaryAnswer", summary=bounded(chars))


def _roll_schema(preset: SizePreset, living: Sequence[str], chars: int) -> Any:
    fields: dict[str, Any] = {
        "summary": bounded(chars),
        "lasting": bounded(preset.field_chars),
    }
    if living:
        fields["died"] = strict_list(one_of(tuple(living)), 0, len(living))
    return make_schema("RolledAnswer", **fields)
