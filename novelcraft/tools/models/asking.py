"""How an agent asks: a rendered prompt, a schema, and a seed that follows from the step."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from novelcraft.state.base import derive_seed
from novelcraft.tools.models.calls import ModelRequest
from novelcraft.tools.models.schemas import answer_tokens

if TYPE_CHECKING:
    from pydantic import BaseModel

    from novelcraft.config.settings import RoleName
    from novelcraft.state.calls import Message
    from novelcraft.tools.models.chat import ChatModels

T = TypeVar("T", bound="BaseModel")


@dataclass(frozen=True)
class Caller:
    """The models, with the seed of the novel that asks."""

    models: ChatModels
    seed: int

    async def room(self, role: RoleName, messages: tuple[Message, ...], enough: int) -> int | None:
        """Tokens that an answer to a prompt can have; see `ChatModels.room`."""
        return await asyncio.to_thread(self.models.room, role, messages, enough)

    async def ask(
        self,
        role: RoleName,
        purpose: str,
        step: str,
        messages: tuple[Message, ...],
        schema: type[T],
    ) -> T:
        """A validated answer, with as many tokens as the schema may need.

        Args:
            role: Which model answers.
            purpose: What the call is for, for the call log: `plan.core`.
            step: Which step of the run asks. The same step asking the same is replayed from
                the log instead of being asked again.
            messages: The rendered prompt.
            schema: What the answer must be, with bounds; enforced while decoding.

        Raises:
            InvalidAnswerError: If every try broke the schema.
        """
        request = ModelRequest(
            role=role,
            purpose=purpose,
            step=step,
            messages=messages,
            max_tokens=answer_tokens(schema),
            seed=derive_seed(self.seed, purpose, step),
            schema=schema,
        )
        answer, _ = await self.models.ask(request, schema)
        return answer
