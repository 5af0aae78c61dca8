"""What an agent works with beside its input: the models, the bounds of its answers, its name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel

from novelcraft.config.presets import SizePreset
from novelcraft.config.settings import RoleName
from novelcraft.prompts.fit import TokenCounter
from novelcraft.state.calls import Message
from novelcraft.tools.models.asking import Caller

T = TypeVar("T", bound=BaseModel)

CHARS_PER_TOKEN = 4


def rough_count(text: str) -> int:
    """About how many tokens a text has, where no tokenizer is at hand."""
    return len(text) // CHARS_PER_TOKEN + 1


@dataclass(frozen=True)
class AgentSession:
    """One piece of work of an agent. It needs no novel: any caller will do."""

    caller: Caller
    """The models, and the seed that answers are drawn with."""
    preset: SizePreset
    """Bounds of the answers."""
    step: str
    """Name of the work in the call log. A step that asks the same again is replayed from it."""
    count: TokenCounter = rough_count
    """Tokens of a text, for agents that read long texts in parts."""

    def part(self, name: str) -> AgentSession:
        """The same session for a part of the work."""
        return replace(self, step=f"{self.step}/{name}")

    async def room(self, role: RoleName, messages: tuple[Message, ...], enough: int) -> int | None:
        """Tokens that an answer to a prompt can have; see `Caller.room`."""
        return await self.caller.room(role, messages, enough)

    async def fitting(
        self,
        role: RoleName,
        prompts: Iterable[tuple[Message, ...]],
        wanted: int,
        enough: int = 0,
    ) -> tuple[tuple[Message, ...], int | None]:
        """The first of some prompts beside which there is room for an answer, else the last.

        Args:
            role: Whose model is asked.
            prompts: The same question, ever shorter; at least one.
            wanted: Tokens of the answer.
            enough: See `ChatModels.room`; by default as many as are wanted.

        Returns:
            The prompt, and the room that there is beside it.
        """
        for messages in prompts:
            room = await self.room(role, messages, enough or wanted)
            if room is None or room >= wanted:
                break
        return messages, room

    async def ask(
        self,
        role: RoleName,
        purpose: str,
        messages: tuple[Message, ...],
        schema: type[T],
    ) -> T:
        """A validated answer; see `Caller.ask`.

        Raises:
            InvalidAnswerError: If every try broke the schema.
        """
        return await self.caller.ask(role, purpose, self.step, messages, schema)
