"""The summarizer: the story so far, rolled on by one scene, in writing and in preparation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import create_model

from novelcraft.config.presets import SizePreset
from novelcraft.prompts.loader import load_template
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.schemas import bounded, one_of, strict_list, tidy

_CHARS_PER_WORD = 6


async def summarize(
    caller: Caller,
    preset: SizePreset,
    *,
    step: str,
    prose: str,
    summary: str,
    names: tuple[str, ...],
) -> str:
    """The summary that the next scene starts from.

    Args:
        caller: The models and the novel's seed.
        preset: Bounds of the answer.
        step: Name of the step for the call log.
        prose: The scene.
        summary: The rolling summary before it.
        names: Names that must stay in it.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    chars = preset.summary_words * _CHARS_PER_WORD
    schema = create_model("SummaryAnswer", summary=(bounded(chars), ...))
    messages = load_template("summarize").render(
        scene=prose, summary=summary, words=preset.summary_words, names=names
    )
    answer = await caller.ask(
        "cheap",
        "scene.summarize",
        step,
        messages,
        schema,
        max_tokens=preset.answer_tokens(chars),
    )
    return tidy(answer.model_dump()["summary"])


@dataclass(frozen=True)
class SummaryTask:
    """A scene of a book that was not written here, and what stands before it."""

    prose: str
    world: str
    """The book's constitution."""
    summary: str
    """The rolling summary before the scene."""
    pinned_facts: tuple[str, ...]
    """Facts that must stay in it."""
    living: tuple[str, ...]
    """Names that must stay in it."""
    missing: tuple[str, ...] = ()
    """What the last answer to the same task left out."""


@dataclass(frozen=True)
class UpdatedSummary:
    """The summary after a scene, and what the scene changed for good."""

    text: str
    lasting_fact: str
    """A fact of the scene that the rest of the book depends on."""
    dead: tuple[str, ...]
    """Of the living, who died in it."""


async def update_summary(
    caller: Caller, preset: SizePreset, task: SummaryTask, *, step: str
) -> UpdatedSummary:
    """The summary that the next scene of a book starts from.

    What must stay in it is asked for here and not checked: see `tools.books.scenes.pinned_facts`.

    Args:
        caller: The models and the seed.
        preset: Bounds of the answer.
        task: The scene.
        step: Name of the step for the call log.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    chars = preset.summary_words * _CHARS_PER_WORD
    messages = load_template("roll_summary").render(
        scene=task.prose,
        world=task.world,
        summary=task.summary,
        words=preset.summary_words,
        names=task.living,
        pins=task.pinned_facts,
        missing=task.missing,
    )
    answer = await caller.ask(
        "cheap",
        "prep.summarize",
        step,
        messages,
        _roll_schema(preset, task.living, chars),
        max_tokens=preset.answer_tokens(chars + preset.field_chars + 80),
    )
    said = answer.model_dump()
    dead = tuple(dict.fromkeys(said.get("died", ())))
    return UpdatedSummary(tidy(said["summary"]), tidy(said["lasting"]), dead)


def _roll_schema(preset: SizePreset, living: Sequence[str], chars: int) -> Any:
    fields: dict[str, Any] = {
        "summary": (bounded(chars), ...),
        "lasting": (bounded(preset.field_chars), ...),
    }
    if living:
        fields["died"] = (strict_list(one_of(tuple(living)), 0, len(living)), ...)
    return create_model("RolledAnswer", **fields)
