"""What is checked before a run, so that it does not fail an hour into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from novelcraft.config.settings import RoleName
from novelcraft.errors import ContextOverflowError
from novelcraft.state.calls import Message
from novelcraft.tools.models.calls import ModelRequest
from novelcraft.tools.models.endpoint import Endpoint
from novelcraft.tools.models.wire import Flavour

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


class Need(NamedTuple):
    """A call that a run will make, at its longest."""

    role: RoleName
    purpose: str
    prompt: int
    """Tokens."""
    answer: int
    """Tokens, without those for thinking."""

    @property
    def total(self) -> int:
        """Tokens of the prompt and its answer."""
        return self.prompt + self.answer


@dataclass(frozen=True)
class RoleReport:
    """What a role will work with."""

    role: RoleName
    model: str
    adapter: str
    url: str
    flavour: Flavour
    context: int
    """Tokens; 0 when nobody tells."""
    need: int
    """Tokens of the longest prompt and answer."""
    embedded: bool


def check_context(endpoint: Endpoint, needs: Sequence[Need]) -> RoleReport:
    """Check that a role's prompts and answers fit its model.

    Raises:
        ContextOverflowError: They do not. A context that nobody tells is not checked.
    """
    longest = max(needs, key=lambda need: need.total)
    need, context = longest.total, endpoint.learned.context
    if context and context < need:
        raise ContextOverflowError(
            f"The role {endpoint.role} needs {need} tokens for {longest.purpose}, its longest "
            f"prompt and answer, and {endpoint.model} at {endpoint.server.url} has a context of "
            f"{context}.",
            fix=f"Serve it with a context of {need} or more (vLLM: --max-model-len, llama.cpp: "
            f"--ctx-size for each slot, embedded: [roles.{endpoint.role}] context), or set "
            "smaller numbers under [budget] or a smaller [write] scene_words.",
        )
    return RoleReport(
        role=endpoint.role,
        model=endpoint.model,
        adapter=endpoint.adapter,
        url=endpoint.server.url,
        flavour=endpoint.flavour,
        context=context,
        need=need,
        embedded=endpoint.server.embedded,
    )
