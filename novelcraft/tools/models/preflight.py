"""What is checked before a run, so that it does not fail an hour into it."""

from __future__ import annotations

from dataclasses import dataclass

from novelcraft.config.settings import RoleName
from novelcraft.errors import ContextOverflowError
from novelcraft.tools.models.endpoint import Endpoint
from novelcraft.tools.models.wire import Flavour


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


def check_context(endpoint: Endpoint, need: int) -> RoleReport:
    """Check that a role's prompts and answers fit its model.

    Raises:
        ContextOverflowError: They do not. A context that nobody tells is not checked.
    """
    if endpoint.context and endpoint.context < need:
        raise ContextOverflowError(
            f"The role {endpoint.role} needs {need} tokens for its longest prompt and answer, and "
            f"{endpoint.model} at {endpoint.server.url} has a context of {endpoint.context}.",
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
        context=endpoint.context,
        need=need,
        embedded=endpoint.server.embedded,
    )
