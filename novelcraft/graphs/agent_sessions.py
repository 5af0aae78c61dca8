"""Sessions for agents without a novel: the models of some settings, and a log in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from novelcraft.agents.session import AgentSession
from novelcraft.config.root import Settings
from novelcraft.graphs.session import open_released
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.opening import open_models

OpenSession = Callable[[str], AgentSession]
"""Makes a session for a step of that name."""
SEED = 1


@asynccontextmanager
async def open_sessions(settings: Settings) -> AsyncIterator[OpenSession]:
    """Open the models of the settings' roles for agents that belong to no novel.

    Args:
        settings: Roles, size preset and environment, as for a novel.

    Raises:
        AdapterRefusedError: An adapter failed the release gate.
        ConfigError, ModelError: A role cannot be served; the message says which and why.
        BudgetError: The budget contradicts itself.
    """
    async with open_released(settings, MemoryLog(), open_models) as opened:
        caller = Caller(opened.chat, SEED)
        count = opened.chat.token_counter("narrator")
        yield lambda step: AgentSession(caller, opened.preset, step, count)
