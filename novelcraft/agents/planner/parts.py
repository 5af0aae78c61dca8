"""A list that a model may have to give in parts, because its context or an answer is short."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from novelcraft.agents.session import AgentSession
from novelcraft.errors import InvalidAnswerError
from novelcraft.state.calls import Message
from novelcraft.tools.models.schemas import likely_tokens, make_schema, strict_list

Item = dict[str, Any]

_AT_ONCE = 12
"""Items that should fit in an answer before more of the prompt is kept than must be."""


@dataclass(frozen=True)
class ListQuestion:
    """A question whose answer is a list of a known length, asked of the role reasoning."""

    purpose: str
    name: str
    """Name of the answer's schema."""
    field: str
    """The answer's one field, which holds the list."""
    item: type[BaseModel]
    prompts: Callable[[Sequence[Item], int], Iterable[tuple[Message, ...]]]
    """The prompt for so many more, given those that there are; after it, shorter ones."""

    def schema(self, count: int) -> type[BaseModel]:
        """The answer with so many items."""
        listed: Any = strict_list(self.item, count, count)
        return make_schema(self.name, **{self.field: listed})

    async def ask(self, session: AgentSession, count: int) -> list[Item]:
        """All items: in one answer where there is room for it, else in as few as there is.

        What no try gave an answer to is asked for again in halves: most likely it was cut off.

        Raises:
            InvalidAnswerError: The model cannot keep to the schema.
        """
        one = likely_tokens(self.schema(1))
        each = likely_tokens(self.schema(2)) - one
        items: list[Item] = []
        most = count
        while len(items) < count:
            left = min(most, count - len(items))
            messages, asked = await self._next(session, items, left, one, each)
            part = session.part(f"from{len(items) + 1}") if items else session
            try:
                answer = await part.ask("reasoning", self.purpose, messages, self.schema(asked))
            except InvalidAnswerError:
                if asked == 1:
                    raise
                most = asked // 2
                continue
            items += answer.model_dump()[self.field]
        return items

    async def _next(
        self, session: AgentSession, items: Sequence[Item], left: int, one: int, each: int
    ) -> tuple[tuple[Message, ...], int]:
        """The prompt for the next answer, and how many of those left it asks for.

        Args:
            session: Asks.
            items: Those that there are.
            left: How many it may ask for.
            one: Tokens of an answer with one item.
            each: Tokens of each further one.
        """
        some, whole = one + each * (min(left, _AT_ONCE) - 1), one + each * (left - 1)
        messages, room = await session.fitting("reasoning", self.prompts(items, left), some, whole)
        if room is None or room >= whole:
            return messages, left
        asked = max(1, min(left, 1 + (room - one) // each))
        messages, _ = await session.fitting("reasoning", self.prompts(items, asked), some, whole)
        return messages, asked
