"""The splitter: where in a run of numbered paragraphs a new scene begins.

The model sees text and answers with numbers; the text itself is never generated. What the
numbers are worth is for `tools.books` to say: here they are only held to the schema.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, create_model

from novelcraft.agents.session import AgentSession
from novelcraft.config.presets import SizePreset
from novelcraft.prompts.loader import load_template
from novelcraft.state.base import Frozen
from novelcraft.tools.models.schemas import strict_list


class BreaksInput(Frozen):
    """Consecutive blocks of paragraphs of one chapter."""

    blocks: tuple[str, ...] = Field(min_length=2)
    first: int = 1
    """Number of the first of them; it is never an answer."""


class BreaksOutput(Frozen):
    """Where something new begins."""

    breaks: tuple[int, ...]
    """Numbers of the blocks that the model says begin a scene, as it gave them."""


async def find_breaks(given: BreaksInput, session: AgentSession) -> BreaksOutput:
    """Numbers of the blocks with which the model says that something new begins.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    preset, blocks, first = session.preset, given.blocks, given.first
    last = first + len(blocks) - 1
    number = Annotated[int, Field(ge=first + 1, le=last)]
    schema = create_model("BreaksAnswer", breaks=(strict_list(number, 0, len(blocks) - 1), ...))
    shown = [f"[{first + n}] {_shown(text, preset)}" for n, text in enumerate(blocks)]
    answer = await session.ask(
        "cheap",
        "prep.split",
        load_template("split_scenes").render(
            blocks="\n\n".join(shown), first=first, second=first + 1, last=last
        ),
        schema,
    )
    return BreaksOutput(breaks=tuple(answer.model_dump()["breaks"]))


def _shown(text: str, preset: SizePreset) -> str:
    """A block as the model sees it: on one line, the middle of a long one left out."""
    line = " ".join(text.split())
    if len(line) <= preset.block_chars:
        return line
    end = preset.block_chars // 4
    return f"{line[: preset.block_chars - end].rstrip()} … {line[-end:].lstrip()}"
