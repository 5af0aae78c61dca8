"""How an agent asks: a rendered prompt, a schema, and a seed that follows from the step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from novelcraft.state.base import derive_seed
from novelcraft.tools.models.chat import ModelRequest

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

    async def ask(
        self,
        role: RoleName,
        purpose: str,
        step: str,
        messages: tuple[Message, ...],
        schema: type[T],
        *,
        max_tokens: int,
    ) -> T:
        """A validated answer.

        Args:
            role: Which model answers.
            purpose: What the call is for, for the call log: `plan.core`.
            step: Which step of the run asks. The same step asking the same is replayed from
                the log instead of being asked again.
            messages: The rendered prompt.
            schema: What the answer must be; enforced while decoding.
            max_tokens: Bound on the answer, thinking included.

        Raises:
            InvalidAnswerError: If every try broke the schema.
        """
        request = ModelRequest(
            role=role,
            purpose=purpose,
            step=step,
            messages=messages,
            max_tokens=max_tokens,
            seed=derive_seed(self.seed, purpose, step),
            schema=schema,
        )
        answer, _ = await self.models.ask(request, schema)
        return answer
