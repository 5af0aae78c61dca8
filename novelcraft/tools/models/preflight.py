"""What is checked before a run: that every call it will make can be answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from novelcraft.config.settings import RoleName
from novelcraft.errors import ContextOverflowError
from novelcraft.state.calls import Message
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.calls import ModelRequest
from novelcraft.tools.models.endpoint import Endpoint
from novelcraft.tools.models.schemas import FILLER, answer_tokens, longest_answer
from novelcraft.tools.models.tokens import MESSAGE_TOKENS, estimate_tokens

if TYPE_CHECKING:
    from pydantic import BaseModel

T = TypeVar("T", bound="BaseModel")

SPARE_TOKENS = 64
"""Room for the chat template around a prompt."""
TRIAL = ModelRequest(
    role="narrator",
    purpose="preflight",
    step="preflight",
    messages=(Message(role="user", content="Answer with the one word: ready."),),
    max_tokens=1,
    seed=1,
    stop=("\n###",),
)
"""The question with which it is found out what a server takes."""
_INSTEAD = {
    "plan": 'or ask for fewer pages, shorten the premise, or set [write] preset = "small"',
    "scene": "or set a smaller [write] scene_words or smaller numbers under [budget]",
}
"""What else helps where a kind of call does not fit."""


class Need(NamedTuple):
    """A call that a run will make, at its longest."""

    role: RoleName
    purpose: str
    prompt: int
    """Tokens."""
    answer: int
    """Tokens, without those for thinking."""
    cut: int = 0
    """Tokens that do, of an answer that may be cut off; 0 where none may."""
    bound: int = 0
    """Tokens that its request allows, where those are more than the answer takes."""

    @property
    def total(self) -> int:
        """Tokens of the prompt and its answer."""
        return self.prompt + self.answer


@dataclass(frozen=True)
class Rehearsal(Caller):
    """Answers every question by itself, as long as may be, and notes what that takes.

    So what a run will ask is found out by the agents that will ask it, without a model.
    """

    tight: bool = True
    """Whether there is room for as little as can be: then whatever may be asked in parts is, by the
    shortest prompts. Else there is room for everything at once."""
    letters: str = FILLER
    """Letters of the language that answers will be in, as many as `FILLER` has."""
    needs: list[Need] = field(default_factory=list)

    async def room(
        self, _role: RoleName, _messages: tuple[Message, ...], _enough: int
    ) -> int | None:
        """See `Caller.room`."""
        return 0 if self.tight else None

    async def ask(
        self,
        role: RoleName,
        purpose: str,
        _step: str,
        messages: tuple[Message, ...],
        schema: type[T],
    ) -> T:
        """The longest answer."""
        text = longest_answer(schema).replace(FILLER, self.letters)
        prompt = sum(estimate_tokens(m.content) + MESSAGE_TOKENS for m in messages)
        answer, bound = estimate_tokens(text), answer_tokens(schema)
        self.needs.append(Need(role, purpose, prompt, answer, bound=bound))
        return schema.model_validate_json(text)


def check_needs(endpoint: Endpoint, needs: Iterable[Need]) -> None:
    """Check that a role's calls fit its model. What nobody tells of it is not checked.

    Raises:
        ContextOverflowError: One does not.
    """
    mine = [need for need in needs if need.role == endpoint.role]
    context, most = endpoint.learned.context, endpoint.learned.most_tokens
    longest = max(mine, key=lambda need: need.total, default=None)
    if longest and context and context < longest.total:
        raise _too_short(
            endpoint,
            longest,
            f"{longest.total:,} tokens for {longest.purpose}, its longest prompt and answer",
            f"has a context of {context:,}",
            f"Serve it with a context of {longest.total:,} or more (vLLM: --max-model-len, "
            "llama.cpp: --ctx-size for each slot, embedded: "
            f"[roles.{endpoint.role}] context)",
        )
    longest = max(mine, key=lambda need: need.cut or need.answer, default=None)
    if longest and most and most < (longest.cut or longest.answer):
        raise _too_short(
            endpoint,
            longest,
            f"{longest.cut or longest.answer:,} tokens for an answer to {longest.purpose}",
            f"gives {most:,} at most",
            "Give the role a model that gives longer answers",
        )


def _too_short(
    endpoint: Endpoint, need: Need, wanted: str, there: str, fix: str
) -> ContextOverflowError:
    instead = _INSTEAD.get(need.purpose.partition(".")[0], "")
    return ContextOverflowError(
        f"The role {endpoint.role} needs {wanted}, and {endpoint.model} at {endpoint.server.url} "
        f"{there}.",
        fix=f"{fix}, {instead}." if instead else f"{fix}.",
    )
