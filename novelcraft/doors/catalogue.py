"""The tools: each one's name, description, input, output and what it does.

With a novel, a tool reads what it needs from it, as of a scene and branch; without one, its input
holds everything, so that a program that has never heard of our database can use it. One changes a
novel, by an act of steering, and only on a desk that lets it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from novelcraft.agents.registry import AGENTS, Agent
from novelcraft.doors import agent_tools, plain_tools, steer_tool
from novelcraft.doors.desk import Desk

Run = Callable[[Any, Desk], Awaitable[BaseModel]]

TAKEN_FROM_A_NOVEL = ("narrate", "check_continuity", "summarize", "answer_question", "build_world")
"""Agents whose tool has an input of its own, which a novel or plain text can fill."""


@dataclass(frozen=True)
class Tool:
    """One tool."""

    name: str
    """A Python identifier, unique; the shell writes it with hyphens."""
    description: str
    input: type[BaseModel]
    output: type[BaseModel]
    run: Run
    """Raises errors of `novelcraft.errors`."""
    writes: bool = False
    """Whether it changes a novel."""


def _agent_tool(agent: Agent) -> Tool:
    async def run(given: Any, desk: Desk) -> BaseModel:
        return await agent.run(given, await desk.session(f"tool/{agent.name}"))

    return Tool(agent.name, agent.description, agent.input, agent.output, run)


TOOLS: tuple[Tool, ...] = (
    *(_agent_tool(agent) for agent in AGENTS if agent.name not in TAKEN_FROM_A_NOVEL),
    *(Tool(*row) for row in (*agent_tools.ROWS, *plain_tools.ROWS)),
    *(Tool(*row, writes=True) for row in steer_tool.ROWS),
)


def offered(write: bool) -> list[Tool]:
    """The tools for a program that may, or may not, change novels."""
    return [tool for tool in TOOLS if write or not tool.writes]


def find_tool(name: str) -> Tool | None:
    """The tool of that name, with underscores or hyphens; None where there is none."""
    wanted = name.replace("-", "_")
    return next((tool for tool in TOOLS if tool.name == wanted), None)
