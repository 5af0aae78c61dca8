"""Every agent through its row: an input in JSON, a session without a novel, an output in JSON."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from novelcraft.agents.registry import AGENTS, Agent
from novelcraft.config.root import Settings
from novelcraft.graphs.agent_sessions import open_sessions
from tests.fakes.server import FakeServer

Serve = Callable[..., FakeServer]

PROSE = "Mara Voss lit the lamp. “It is late,” said Hugo Frost. The sea answered nothing."
BOOK = {"premise": "A lighthouse keeper finds that the sea answers letters.", "target_words": 2_000}
MEMBER = {
    "id": "c1", "name": "Mara Voss", "role": "the keeper", "want": "to be answered",
    "flaw": "waits", "voice": "says little", "knows": "nothing of it",
}  # fmt: skip
STORY = {
    "core": {
        "title": "Letters", "logline": "A keeper writes to the sea.", "themes": ["loss"],
        "tone": "quiet", "style": "plain", "ending": "The sea answers once.",
    },
    "world": {"text": "An island.", "places": ["the lamp room", "the shore"]},
    "cast": [MEMBER],
}  # fmt: skip
CHAPTER = {
    "id": "ch01", "number": 1, "title": "The Lamp", "act": 1, "summary": "She writes.",
    "target_words": 600,
}  # fmt: skip
PROMPT = {
    "messages": [
        {"role": "system", "content": "You are a novelist."},
        {"role": "user", "content": "Write the next scene. Mara Voss is there. About 60 words."},
    ],
    "sections": [],
    "template_hash": "0" * 64,
}
INPUTS: dict[str, dict[str, Any]] = {
    "plan_story": BOOK,
    "plan_outline": {"book": BOOK, "story": STORY},
    "plan_chapter": {
        "book": BOOK,
        "request": {
            "chapter": CHAPTER, "chapters": 3, "first_scene": 0, "scene_ids": ["s001"],
            "cast": [MEMBER], "places": ["the shore"], "logline": "A keeper writes to the sea.",
        },
    },
    "narrate": {"prompt": PROMPT, "target_words": 60, "asked_words": 60},
    "check_continuity": {"prose": PROSE, "known": ["Mara: Mara is dead."]},
    "extract_facts": {"prose": PROSE},
    "summarize": {"prose": PROSE, "summary": "The story begins.", "names": ["Mara Voss"]},
    "summarize_part": {"part": "chapter", "text": PROSE},
    "summarize_book": {"prose": PROSE, "world": "An island.", "summary": "", "living": ["Mara"]},
    "split_scenes": {"blocks": ["The lamp was lit.", "A year later it was dark."]},
    "build_world": {"title": "The Tide", "parts": [PROSE], "names": ["Mara Voss"]},
    "answer_question": {
        "question": "Who lit the lamp?", "sentences": [{"scene": 1, "text": PROSE}],
    },
    "infer_brief": {"prose": PROSE, "names": ["Mara Voss", "Hugo Frost"]},
}  # fmt: skip

each_agent = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)


def settings_of(server: FakeServer) -> Settings:
    role = {"model": "openai:fake-model", "base_url": server.base_url}
    return Settings.model_validate(
        {"roles": dict.fromkeys(("reasoning", "narrator", "cheap"), role)}
    )


@each_agent
async def test_an_agent_runs_without_a_novel(serve: Serve, agent: Agent) -> None:
    server = serve()
    given = agent.input.model_validate_json(json.dumps(INPUTS[agent.name]))
    async with open_sessions(settings_of(server)) as session:
        output = await agent.run(given, session(agent.name))
    assert isinstance(output, agent.output)
    assert agent.output.model_validate_json(output.model_dump_json()) == output
    assert server.requests


@each_agent
def test_a_row_says_what_it_is(agent: Agent) -> None:
    assert agent.name.isidentifier()
    assert agent.description.endswith(".")
    for model in (agent.input, agent.output):
        schema = model.model_json_schema()
        assert schema["type"] == "object"
        assert schema["description"]


def test_every_agent_has_a_row_of_its_own() -> None:
    """A public coroutine that takes a session is an agent."""
    found = {
        node.name
        for path in Path("novelcraft/agents").rglob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and any(argument.arg == "session" for argument in node.args.args)
    }
    assert found == {agent.run.__name__ for agent in AGENTS}
    assert len({agent.name for agent in AGENTS}) == len(AGENTS) == len(found)


async def test_a_step_that_asks_the_same_again_is_replayed(serve: Serve) -> None:
    server = serve()
    agent = next(agent for agent in AGENTS if agent.name == "summarize")
    given = agent.input.model_validate(INPUTS["summarize"])
    async with open_sessions(settings_of(server)) as session:
        first = await agent.run(given, session("one"))
        asked = len(server.requests)
        assert await agent.run(given, session("one")) == first
        assert len(server.requests) == asked
        await agent.run(given, session("two"))
        assert len(server.requests) > asked
